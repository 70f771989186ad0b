/* The page of the price-impact study: parts made at build time, and between them title, text, data.
 */
#include "impact.h"

#include <stdlib.h>
#include <string.h>

/* Cut at the title, the text and the data; tools/make_page.py writes them. */
#define PAGE_PARTS 4
extern const unsigned char *const cli_impact_page_parts[PAGE_PARTS];
extern const size_t cli_impact_page_part_bytes[PAGE_PARTS];

/* A page being written; after a failure nothing more is. */
typedef struct page {
    lf_output *output;
    lf_status status;
    lf_error *error;
} page;

static void put(page *p, const void *bytes, size_t count)
{
    if (p->status == LF_OK) {
        p->status = lf_output_write(p->output, bytes, count, p->error);
    }
}

static void put_part(page *p, int part)
{
    put(p, cli_impact_page_parts[part], cli_impact_page_part_bytes[part]);
}

/* A text with the three signs that HTML gives a meaning replaced: by entities, or within JSON by
   its own escapes. */
static void put_safe(page *p, const char *text, bool is_json)
{
    static const char *const entities[] = {"&lt;", "&gt;", "&amp;"};
    static const char *const escapes[] = {"\\u003c", "\\u003e", "\\u0026"};
    while (*text != '\0') {
        const size_t plain = strcspn(text, "<>&");
        put(p, text, plain);
        text += plain;
        if (*text != '\0') {
            const size_t which = *text == '<' ? 0 : *text == '>' ? 1 : 2;
            const char *const other = is_json ? escapes[which] : entities[which];
            put(p, other, strlen(other));
            text++;
        }
    }
}

static void put_title(page *p, const impact_study *studies, size_t count)
{
    const impact_study *const last = &studies[count - 1];
    char title[128];
    char from[11];
    char to[11];
    lf_date_format(studies[0].instrument.date, from);
    lf_date_format(last->instrument.date, to);
    const bool is_day = strcmp(from, to) == 0;
    const bool is_one = strcmp(studies[0].instrument.symbol, last->instrument.symbol) == 0;
    (void)snprintf(
        title,
        sizeof title,
        "Price impact, %s%s %s%s%s",
        studies[0].instrument.symbol,
        is_one ? "" : " and others",
        from,
        is_day ? "" : " to ",
        is_day ? "" : to
    );
    put_safe(p, title, false);
}

/* What a reader without scripts gets. */
static void put_text(page *p, const impact_study *studies, size_t count)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *const to = open_memstream(&text, &bytes);
    if (to != NULL) {
        impact_text(studies, count, to);
    }
    if (to == NULL || fclose(to) != 0) {
        p->status = lf_error_set(p->error, LF_NOMEM, "No memory for the text of the page.");
    } else {
        put_safe(p, text, false);
    }
    free(text);
}

static void put_data(page *p, const impact_study *studies, size_t count)
{
    static const char before[] = "<script type=\"application/json\" id=\"studies\">";
    static const char after[] = "</script>\n";
    json_t *const root = impact_json(studies, count, true);
    char *const json = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(root);
    if (json == NULL && p->status == LF_OK) {
        p->status = lf_error_set(p->error, LF_NOMEM, "No memory for the data of the page.");
    }
    if (json != NULL) {
        put(p, before, strlen(before));
        put_safe(p, json, true);
        put(p, after, strlen(after));
    }
    free(json);
}

lf_status impact_page(const impact_study *studies, size_t count, const char *path, lf_error *error)
{
    page p = {.status = LF_OK, .error = error};
    p.status = lf_output_create(NULL, path, &p.output, error);
    put_part(&p, 0);
    put_title(&p, studies, count);
    put_part(&p, 1);
    put_text(&p, studies, count);
    put_part(&p, 2);
    put_data(&p, studies, count);
    put_part(&p, 3);
    if (p.status == LF_OK) {
        p.status = lf_output_finish(p.output, error);
    }
    lf_output_destroy(p.output);
    return p.status;
}
