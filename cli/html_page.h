/* A page: parts made at build time, and between them title, text and data. */
#ifndef LOBFLOW_CLI_HTML_PAGE_H
#define LOBFLOW_CLI_HTML_PAGE_H

#include <lobflow/base.h>

#include <stddef.h>

/* Parts of a page, cut at the title, the text and the data; tools/make_page.py writes them. */
#define CLI_PAGE_PARTS 4

typedef struct cli_page {
    const unsigned char *const *parts; /* [CLI_PAGE_PARTS] */
    const size_t *part_bytes;
    const char *title;
    const char *text; /* what a reader without scripts gets */
    const char *id;   /* of the element that holds the data */
    const char *json;
} cli_page;

/* Write the page; it appears whole or not at all. @return LF_OK, LF_IO or LF_NOMEM */
lf_status cli_page_write(const cli_page *page, const char *path, lf_error *error);

#endif
