/* What the files of frame share, and the border between the library and the Arrow plugin. */
#ifndef LOBFLOW_FRAME_INTERNAL_H
#define LOBFLOW_FRAME_INTERNAL_H

#include <lobflow/frame.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the table ---- */

/* Memory that a table and Arrow batches made from it may hold together. */
typedef struct lfi_buffer lfi_buffer;

/* The distinct texts of one column; code 0 is "". */
typedef struct lfi_dictionary {
    char **texts; /* [count] */
    size_t *lengths;
    size_t count;
    size_t texts_capacity;
    size_t lengths_capacity;
    uint32_t *slots; /* [slot_count] code + 1, or 0; slot_count is a power of two */
    size_t slot_count;
} lfi_dictionary;

typedef struct lfi_column {
    char *name;
    lf_column_kind kind;
    lfi_buffer *buffer; /* double, int64_t, uint8_t or uint32_t codes */
    lfi_dictionary dictionary;
} lfi_column;

struct lf_frame {
    lf_allocator allocator;
    bool has_allocator;
    size_t column_count;
    lfi_column *columns;
    size_t row_count;
    size_t capacity;
};

/* The allocator a table was made with; NULL means malloc. */
const lf_allocator *lfi_frame_allocator(const lf_frame *frame);

/* The values of a buffer. */
void *lfi_buffer_data(lfi_buffer *buffer);

/* One more holder. */
lfi_buffer *lfi_buffer_share(lfi_buffer *buffer);

/* The values are somebody else's, so nobody may hold on to them. */
bool lfi_buffer_is_borrowed(const lfi_buffer *buffer);

/* One holder less; the last one frees it. NULL is accepted. */
void lfi_buffer_release(lfi_buffer *buffer);

/* Code of a text of a given length, added when it is new; UINT32_MAX without memory. */
uint32_t lfi_dictionary_code(
    const lf_allocator *allocator, lfi_dictionary *dictionary, const char *text, size_t length
);

/* Codes of a text column, [row_count]. */
uint32_t *lfi_frame_codes(const lf_frame *frame, size_t column);

/* A table without rows and with the same columns and allocator. */
LF_MUST_CHECK lf_status lfi_frame_create_like(const lf_frame *frame, lf_frame **out);

/* Names and kinds are the same, in the same order. */
bool lfi_frame_same_columns(const lf_frame *a, const lf_frame *b);

/* Arrow schema of a table, independent of it. */
LF_MUST_CHECK lf_status lfi_frame_export_schema(const lf_frame *frame, struct ArrowSchema *out);

/* All rows as an Array of the schema. */
LF_MUST_CHECK lf_status lfi_frame_export_batch(const lf_frame *frame, struct ArrowArray *out);

/* ---- files ---- */

/* Header line of a CSV. */
LF_MUST_CHECK lf_status
lfi_csv_write_header(lf_output *output, const lf_frame *frame, lf_error *error);

/* All rows of a table as CSV lines. */
LF_MUST_CHECK lf_status
lfi_csv_write_rows(lf_output *output, const lf_frame *frame, lf_error *error);

/* A CSV file as a table. */
LF_MUST_CHECK lf_status
lfi_csv_read(const lf_allocator *allocator, const char *path, lf_frame **out, lf_error *error);

/* lf_frame_read() with an allocator. */
LF_MUST_CHECK lf_status
lfi_frame_read(const lf_allocator *allocator, const char *path, lf_frame **out, lf_error *error);

/* ---- the plugin ---- */

/* Raised whenever the functions below change. */
#define LFI_ARROW_ABI 1

typedef enum lfi_arrow_format {
    LFI_ARROW_PARQUET = 0,
    LFI_ARROW_IPC = 1,
} lfi_arrow_format;

/* Where the plugin puts the bytes of a file; false stops it. */
typedef struct lfi_arrow_sink {
    bool (*write)(void *context, const void *data, int64_t bytes);
    void *context;
} lfi_arrow_sink;

/* A text for a person, filled by the plugin when a call fails. */
typedef struct lfi_arrow_message {
    char text[512];
} lfi_arrow_message;

typedef struct lfi_arrow_writer lfi_arrow_writer;

/* All the plugin offers. Functions give true when they succeed. */
typedef struct lfi_arrow_plugin {
    uint32_t abi;
    uint32_t struct_bytes;

    /* Begins a file; the schema is taken over in every case, the sink is copied. */
    bool (*writer_create
    )(lfi_arrow_format format,
      struct ArrowSchema *schema,
      const lfi_arrow_sink *sink,
      lfi_arrow_writer **out,
      lfi_arrow_message *message);

    /* Writes a batch, which is taken over in every case. */
    bool (*writer_write
    )(lfi_arrow_writer *writer, struct ArrowArray *batch, lfi_arrow_message *message);

    /* Writes what stands at the end of a file. */
    bool (*writer_finish)(lfi_arrow_writer *writer, lfi_arrow_message *message);

    /* Ends a writer, finished or not; NULL is accepted. */
    void (*writer_destroy)(lfi_arrow_writer *writer);

    /* Opens a file as a stream of batches. */
    bool (*read
    )(lfi_arrow_format format,
      const char *path,
      struct ArrowArrayStream *out,
      lfi_arrow_message *message);
} lfi_arrow_plugin;

/* The one symbol of the plugin, and its type. */
#define LFI_ARROW_SYMBOL "lobflow_arrow_plugin"
typedef const lfi_arrow_plugin *(*lfi_arrow_entry)(void);

/* The plugin, loaded when needed; it stays loaded. */
LF_MUST_CHECK lf_status lfi_plugin_load(const lfi_arrow_plugin **out, lf_error *error);

#ifdef __cplusplus
}
#endif

#endif
