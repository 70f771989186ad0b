/* What the files of the feed module share: text streams, file names, the table of readers. */
#ifndef LOBFLOW_FEED_INTERNAL_H
#define LOBFLOW_FEED_INTERNAL_H

#include <lobflow/feed.h>

/* Lines of a file, of a compressed file, or of a member of an archive. */
typedef struct lfi_stream lfi_stream;

/*
 * Open path, or its member (NULL: the file itself, decompressed). name_out is what errors call it.
 */
lf_status lfi_stream_open(
    const lf_allocator *allocator,
    const char *path,
    const char *member,
    lfi_stream **out,
    lf_error *error
);

/* Next line without its ending; *line is NULL at the end. Borrowed until the next call. */
lf_status lfi_stream_line(lfi_stream *stream, const char **line, size_t *bytes, lf_error *error);

/* Name for errors ("a.zip:b.csv"), number of the last line, bytes read and bytes of text. */
const char *lfi_stream_name(const lfi_stream *stream);
int64_t lfi_stream_line_number(const lfi_stream *stream);
int64_t lfi_stream_input_bytes(const lfi_stream *stream);
int64_t lfi_stream_text_bytes(const lfi_stream *stream);

/* Close; NULL is accepted. */
void lfi_stream_close(lfi_stream *stream);

/*
 * Call visit with the name of each regular member of an archive. LF_FORMAT when the file is no
 * archive that lobflow reads.
 */
typedef lf_status (*lfi_member_visit)(void *context, const char *member, lf_error *error);
lf_status
lfi_archive_list(const char *path, lfi_member_visit visit, void *context, lf_error *error);

/* True when the first bytes are those of zip, 7z or tar. */
bool lfi_archive_probe(const char *path);

/* What a LOBSTER file name says. */
typedef struct lfi_lobster_name {
    char symbol[32];
    lf_date date;
    int32_t level_count;
    bool is_message; /* else orderbook */
} lfi_lobster_name;

/* Parse SYMBOL_YYYY-MM-DD_START_END_{message|orderbook}_LEVELS.csv[.gz|.xz|.zst]; any folder. */
bool lfi_lobster_name_parse(const char *path, lfi_lobster_name *out);

/* Opening of US equity sessions after local midnight. */
#define LFI_US_OPEN_NS ((9 * 60 + 30) * LF_NS_PER_MINUTE)

/* Session, currency, tick, lot and date of a US equity day. */
lf_status
lfi_us_session(const lf_allocator *allocator, lf_date date, lf_instrument *out, lf_error *error);

/* One reader, as lf_feed_* sees it. */
typedef struct lfi_reader {
    lf_status (*next)(void *self, lf_batch *out, lf_error *error);
    void (*close)(void *self);
    void *self;
    lf_instrument instrument;
    lf_feed_stats stats;
} lfi_reader;

/* Open the LOBSTER reader into *reader. */
lf_status lfi_lobster_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
);

/* Whether a file (compressed or not) has AlgoSeek's header; then symbol, date, levels and format of
   its first row go to *out. An error only when the header is there and the first row is none. */
lf_status lfi_algoseek_probe(const char *path, lf_source *out, bool *found, lf_error *error);

/* Open the AlgoSeek reader into *reader. */
lf_status lfi_algoseek_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
);

#endif
