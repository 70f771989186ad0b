/* The page of the latency surface. */
#include "latency.h"

#include "html_page.h"

#include <stdlib.h>

extern const unsigned char *const cli_latency_page_parts[CLI_PAGE_PARTS];
extern const size_t cli_latency_page_part_bytes[CLI_PAGE_PARTS];

lf_status latency_page(const json_t *surface, const char *path, lf_error *error)
{
    char title[320];
    char *text = NULL;
    size_t bytes = 0;
    FILE *const to = open_memstream(&text, &bytes);
    (void)snprintf(
        title,
        sizeof title,
        "What latency costs, %s%s%s",
        json_string_value(json_object_get(surface, "symbols")),
        json_is_true(json_object_get(surface, "in_sample")) ? " (IN-SAMPLE)" : "",
        json_integer_value(json_object_get(surface, "holdout_looks")) > 0 ? " (HELD-OUT)" : ""
    );
    if (to != NULL) {
        latency_text(surface, to);
    }
    const bool written = to != NULL && fclose(to) == 0;
    char *const json = json_dumps(surface, JSON_COMPACT | JSON_REAL_PRECISION(15));
    lf_status status = LF_NOMEM;
    if (!written || json == NULL) {
        status = lf_error_set(error, LF_NOMEM, "No memory for the page.");
    } else {
        const cli_page page = {
            .parts = cli_latency_page_parts,
            .part_bytes = cli_latency_page_part_bytes,
            .title = title,
            .text = text,
            .id = "surface",
            .json = json,
        };
        status = cli_page_write(&page, path, error);
    }
    free(text);
    free(json);
    return status;
}
