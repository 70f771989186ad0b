/* What the files of the run module share: the table of keys, days read once, files of a run. */
#ifndef LOBFLOW_RUN_INTERNAL_H
#define LOBFLOW_RUN_INTERNAL_H

#include <lobflow/run.h>

/* How a key lies in lf_config. */
typedef enum lfi_config_storage {
    LFI_CONFIG_BOOL,
    LFI_CONFIG_I32,
    LFI_CONFIG_I64,
    LFI_CONFIG_F64,
    LFI_CONFIG_TEXT,
    LFI_CONFIG_NS,
    LFI_CONFIG_WORD,
    LFI_CONFIG_AS_OF,
    LFI_CONFIG_PATHS,
} lfi_config_storage;

typedef struct lfi_config_entry {
    lf_config_key key;
    lfi_config_storage storage;
    size_t offset;
    size_t bytes;             /* of a text */
    const char *const *words; /* of a word, ended by NULL; the index is the value */
} lfi_config_entry;

/* The table, in the order of the file. */
extern const lfi_config_entry lfi_config_entries[];
extern const size_t lfi_config_entry_count;

#endif
