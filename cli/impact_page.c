/* The page of the price-impact study. */
#include "html_page.h"
#include "impact.h"

#include <stdlib.h>
#include <string.h>

extern const unsigned char *const cli_impact_page_parts[CLI_PAGE_PARTS];
extern const size_t cli_impact_page_part_bytes[CLI_PAGE_PARTS];

static void make_title(const impact_study *studies, size_t count, char *out, size_t room)
{
    const impact_study *const last = &studies[count - 1];
    char from[11];
    char to[11];
    lf_date_format(studies[0].instrument.date, from);
    lf_date_format(last->instrument.date, to);
    const bool is_day = strcmp(from, to) == 0;
    const bool is_one = strcmp(studies[0].instrument.symbol, last->instrument.symbol) == 0;
    (void)snprintf(
        out,
        room,
        "Price impact, %s%s %s%s%s",
        studies[0].instrument.symbol,
        is_one ? "" : " and others",
        from,
        is_day ? "" : " to ",
        is_day ? "" : to
    );
}

static char *make_text(const impact_study *studies, size_t count)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *const to = open_memstream(&text, &bytes);
    if (to == NULL) {
        return NULL;
    }
    impact_text(studies, count, to);
    if (fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

lf_status impact_page(const impact_study *studies, size_t count, const char *path, lf_error *error)
{
    char title[128];
    make_title(studies, count, title, sizeof title);
    char *const text = make_text(studies, count);
    json_t *const root = impact_json(studies, count, true);
    char *const json = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(root);
    lf_status status = LF_NOMEM;
    if (text == NULL || json == NULL) {
        status = lf_error_set(error, LF_NOMEM, "No memory for the page.");
    } else {
        const cli_page page = {
            .parts = cli_impact_page_parts,
            .part_bytes = cli_impact_page_part_bytes,
            .title = title,
            .text = text,
            .id = "studies",
            .json = json,
        };
        status = cli_page_write(&page, path, error);
    }
    free(text);
    free(json);
    return status;
}
