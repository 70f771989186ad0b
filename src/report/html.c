/* The page: parts made at build time, and between them the title, the text and the data of a run.
 */
#include "report_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---------------------------------------------------------------------------- */

void lfi_page_bytes(lfi_page *page, const void *bytes, size_t count)
{
    if (page->status == LF_OK) {
        page->status = lf_output_write(page->output, bytes, count, page->error);
    }
}

void lfi_page_format(lfi_page *page, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    lfi_page_bytes(page, text, length < 0 ? 0 : strlen(text));
}

/* Write a text with the three signs that HTML gives a meaning replaced. */
static void
put_replaced(lfi_page *page, const char *text, const char *less, const char *more, const char *also)
{
    while (*text != '\0') {
        const size_t plain = strcspn(text, "<>&");
        lfi_page_bytes(page, text, plain);
        text += plain;
        if (*text != '\0') {
            const char *other = *text == '<' ? less : *text == '>' ? more : also;
            lfi_page_bytes(page, other, strlen(other));
            text++;
        }
    }
}

static void put_html(lfi_page *page, const char *text)
{
    put_replaced(page, text, "&lt;", "&gt;", "&amp;");
}

void lfi_page_json(lfi_page *page, const char *json)
{
    put_replaced(page, json, "\\u003c", "\\u003e", "\\u0026");
}

void lfi_page_string(lfi_page *page, const char *text)
{
    json_t *value = json_string(text);
    char *json = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY);
    lfi_page_json(page, json == NULL ? "null" : json);
    free(json);
    json_decref(value);
}

void lfi_page_column(
    lfi_page *page,
    const char *key,
    const double *values,
    const uint8_t *marks,
    size_t count,
    double scale
)
{
    char text[LF_DOUBLE_TEXT_BYTES + 1] = ",";
    int64_t before = 0;
    bool first = true;
    lfi_page_format(page, "\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        if (marks == NULL || marks[i] != 0) {
            const int64_t value = llround(values[i] * scale);
            const size_t length = lf_int64_format(value - before, text + 1);
            lfi_page_bytes(page, text + first, length + !first);
            before = value;
            first = false;
        }
    }
    lfi_page_format(page, "]");
}

/* ---- the page --------------------------------------------------------------------------- */

static void put_part(lfi_page *page, int part)
{
    lfi_page_bytes(page, lfi_page_parts[part], lfi_page_part_bytes[part]);
}

static void put_title(lfi_page *page, const json_t *meta)
{
    const char *title = json_string_value(json_object_get(meta, "title"));
    put_html(page, title == NULL ? "Run" : title);
    if (json_is_true(json_object_get(meta, "in_sample"))) {
        put_html(page, " (IN-SAMPLE)");
    }
}

/* What a reader without scripts gets. */
static void put_text(lfi_page *page, const char *metrics_json)
{
    char *text = NULL;
    const lf_status status = lf_report_text(page->allocator, metrics_json, &text, page->error);
    if (status == LF_OK) {
        put_html(page, text);
    } else if (page->status == LF_OK) {
        page->status = status;
    }
    lf_release(page->allocator, text);
}

static void put_data(lfi_page *page, const json_t *root, const lfi_series *series)
{
    char *metrics = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (metrics == NULL && page->status == LF_OK) {
        page->status = lf_error_set(page->error, LF_NOMEM, "not enough memory for the page.");
    }
    lfi_page_format(page, "<script type=\"application/json\" id=\"metrics\">");
    lfi_page_json(page, metrics == NULL ? "" : metrics);
    lfi_page_format(page, "</script>\n<script type=\"application/json\" id=\"series\">");
    lfi_page_series(page, series);
    lfi_page_format(page, "</script>\n");
    free(metrics);
}

static lf_status
write_page(lfi_page *page, const json_t *root, const char *metrics_json, const lf_report_run *run)
{
    const json_t *meta = json_object_get(root, "meta");
    const char *name = json_string_value(json_object_get(meta, "time_zone"));
    const json_int_t step_ns = json_integer_value(json_object_get(meta, "step_ns"));
    const json_t *tick = json_object_get(meta, "tick");
    lfi_series series = {
        .run = run,
        .step_ns = step_ns > 0 ? step_ns : LF_NS_PER_SECOND,
        .tick = json_is_number(tick) ? json_number_value(tick) : NAN,
        /* Runs of before 0.1 have none. */
        .calendar.shift_ns = json_integer_value(json_object_get(meta, "day_shift_ns")),
    };
    page->status = lf_zone_create(
        run->allocator, name == NULL ? "UTC" : name, &series.calendar.zone, page->error
    );
    put_part(page, 0);
    put_title(page, meta);
    put_part(page, 1);
    put_text(page, metrics_json);
    put_part(page, 2);
    if (page->status == LF_OK) {
        put_data(page, root, &series);
    }
    put_part(page, 3);
    lf_zone_destroy(series.calendar.zone);
    if (page->status == LF_OK) {
        page->status = lf_output_finish(page->output, page->error);
    }
    return page->status;
}

lf_status lf_report_html(
    const lf_report_run *run, const char *metrics_json, const char *path, lf_error *error
)
{
    lfi_page page = {.allocator = run->allocator, .error = error};
    json_t *root = lfi_parse(metrics_json);
    if (!lfi_is_metrics(root)) {
        json_decref(root);
        return lf_error_set(
            error, LF_FORMAT, "these are not the metrics of a run; see docs/formats/metrics.md."
        );
    }
    lf_status status = lf_output_create(run->allocator, path, &page.output, error);
    if (status == LF_OK) {
        status = write_page(&page, root, metrics_json, run);
    }
    lf_output_destroy(page.output);
    json_decref(root);
    return status;
}
