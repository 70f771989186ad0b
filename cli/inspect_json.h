/* How inspect prints what it found, whatever the format. */
#ifndef CLI_INSPECT_JSON_H
#define CLI_INSPECT_JSON_H

#include <jansson.h>
#include <stdio.h>

/* Print the only entry of a list by itself, several as a list. */
static inline void inspect_print_json(const json_t *list)
{
    const json_t *const root = json_array_size(list) == 1 ? json_array_get(list, 0) : list;
    (void)json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    (void)fputc('\n', stdout);
}

#endif
