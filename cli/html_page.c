/* Writes pages that were made at build time with what this run has found. */
#include "html_page.h"

#include <string.h>

/* A page being written; after a failure nothing more is. */
typedef struct writer {
    lf_output *output;
    lf_status status;
    lf_error *error;
} writer;

static void put(writer *w, const void *bytes, size_t count)
{
    if (w->status == LF_OK) {
        w->status = lf_output_write(w->output, bytes, count, w->error);
    }
}

static void put_text(writer *w, const char *text)
{
    put(w, text, strlen(text));
}

/* A text with the three signs that HTML gives a meaning replaced: by entities, or within JSON by
   its own escapes. */
static void put_safe(writer *w, const char *text, bool is_json)
{
    static const char *const entities[] = {"&lt;", "&gt;", "&amp;"};
    static const char *const escapes[] = {"\\u003c", "\\u003e", "\\u0026"};
    while (*text != '\0') {
        const size_t plain = strcspn(text, "<>&");
        put(w, text, plain);
        text += plain;
        if (*text != '\0') {
            const size_t which = *text == '<' ? 0 : *text == '>' ? 1 : 2;
            put_text(w, is_json ? escapes[which] : entities[which]);
            text++;
        }
    }
}

lf_status cli_page_write(const cli_page *page, const char *path, lf_error *error)
{
    writer w = {.status = LF_OK, .error = error};
    w.status = lf_output_create(NULL, path, &w.output, error);
    put(&w, page->parts[0], page->part_bytes[0]);
    put_safe(&w, page->title, false);
    put(&w, page->parts[1], page->part_bytes[1]);
    put_safe(&w, page->text, false);
    put(&w, page->parts[2], page->part_bytes[2]);
    put_text(&w, "<script type=\"application/json\" id=\"");
    put_text(&w, page->id);
    put_text(&w, "\">");
    put_safe(&w, page->json, true);
    put_text(&w, "</script>\n");
    put(&w, page->parts[3], page->part_bytes[3]);
    if (w.status == LF_OK) {
        w.status = lf_output_finish(w.output, error);
    }
    lf_output_destroy(w.output);
    return w.status;
}
