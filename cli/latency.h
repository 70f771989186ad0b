/* The latency surface, shown: the JSON of lf_run_latency() as text and as a page. */
#ifndef LOBFLOW_CLI_LATENCY_H
#define LOBFLOW_CLI_LATENCY_H

#include <lobflow/base.h>

#include <jansson.h>
#include <stdio.h>

/* As text, at most 100 columns wide. */
void latency_text(const json_t *surface, FILE *to);

/* As a page. */
lf_status latency_page(const json_t *surface, const char *path, lf_error *error);

#endif
