/* Writes simulated days as LOBSTER message and orderbook files. */
#include "synth_internal.h"

#include <stdio.h>
#include <string.h>

/* An empty level in LOBSTER's files. */
#define EMPTY_PRICE "9999999999"

/* The two files of one day. */
typedef struct day_files {
    lf_output *message, *orderbook;
} day_files;

static lf_status open_file(
    const lf_synth_options *options,
    const lf_synth *synth,
    const char *folder,
    const char *kind,
    lf_output **out,
    lf_error *error
)
{
    char path[1024], date[11];
    lf_date_format(lf_synth_instrument(synth)->date, date);
    const int bytes = snprintf(
        path,
        sizeof path,
        "%s/%s_%s_34200000_57600000_%s_%d.csv",
        folder,
        options->symbol,
        date,
        kind,
        (int)options->level_count
    );
    if (bytes >= (int)sizeof path) {
        return lf_error_set(error, LF_RANGE, "%s: the path is too long", folder);
    }
    return lf_output_create(options->allocator, path, out, error);
}

/* LOBSTER's type of an event: 1 new, 2 partial cancel, 3 delete, 4 visible, 5 hidden execution. */
static int type_of(const lf_event *event)
{
    return event->kind + 1;
}

/* Append a number and a character; returns the new end. */
static char *put(char *to, int64_t value, char after)
{
    to += lf_int64_format(value, to);
    *to++ = after;
    return to;
}

static lf_status
write_message(lf_output *file, const lf_event *event, int64_t midnight_ns, lf_error *error)
{
    char line[160];
    const int64_t since_ns = event->ts_exchange_ns - midnight_ns;
    const int head = snprintf(
        line,
        sizeof line,
        "%lld.%09lld,%d,",
        (long long)(since_ns / LF_NS_PER_SECOND),
        (long long)(since_ns % LF_NS_PER_SECOND),
        type_of(event)
    );
    char *end = line + head;
    end = put(end, (int64_t)event->order_id, ',');
    end = put(end, event->size_lots, ',');
    end = put(end, event->price_units, ',');
    end = put(end, event->side, '\n');
    return lf_output_write(file, line, (size_t)(end - line), error);
}

static lf_status
write_book(lf_output *file, const lf_quotes *quotes, int32_t level_count, lf_error *error)
{
    char line[LF_LEVELS_MAX * 4 * 24];
    char *end = line;
    for (int32_t m = 0; m < level_count; m++) {
        if (quotes->ask_lots[m] > 0) {
            end = put(end, quotes->ask_ticks[m] * 100, ',');
        } else {
            end += snprintf(end, 16, "%s,", EMPTY_PRICE);
        }
        end = put(end, quotes->ask_lots[m], ',');
        if (quotes->bid_lots[m] > 0) {
            end = put(end, quotes->bid_ticks[m] * 100, ',');
        } else {
            end += snprintf(end, 16, "-%s,", EMPTY_PRICE);
        }
        end = put(end, quotes->bid_lots[m], m + 1 < level_count ? ',' : '\n');
    }
    return lf_output_write(file, line, (size_t)(end - line), error);
}

static lf_status write_batch(
    const day_files *files, const lf_batch *batch, const lf_instrument *instrument, lf_error *error
)
{
    const int64_t midnight_ns = instrument->session_open_ns - (9 * 60 + 30) * LF_NS_PER_MINUTE;
    lf_status status = LF_OK;
    for (size_t i = 0; i < batch->event_count && status == LF_OK; i++) {
        status = write_message(files->message, &batch->events[i], midnight_ns, error);
        if (status == LF_OK) {
            status = write_book(
                files->orderbook, &batch->events[i].quotes, instrument->level_count, error
            );
        }
    }
    return status;
}

static lf_status write_events(
    lf_synth *synth,
    const day_files *files,
    int32_t day,
    const lf_synth_writing *writing,
    lf_error *error
)
{
    const lf_instrument *in = lf_synth_instrument(synth);
    const double length = (double)(in->session_close_ns - in->session_open_ns);
    lf_batch batch;
    for (;;) {
        lf_synth_next(synth, &batch);
        if (batch.event_count == 0) {
            return LF_OK;
        }
        const lf_status status = write_batch(files, &batch, in, error);
        if (status != LF_OK) {
            return status;
        }
        const int64_t ts_ns = batch.events[batch.event_count - 1].ts_exchange_ns;
        const double share = (double)(ts_ns - in->session_open_ns) / length;
        if (writing->progress != NULL && !writing->progress(writing->context, day, share)) {
            return lf_error_set(error, LF_CANCELLED, "stopped; finished days are kept");
        }
    }
}

lf_status lfi_synth_write_day(
    const lf_synth_options *options,
    int32_t day,
    const lf_synth_writing *writing,
    double *latent_ticks,
    lf_error *error
)
{
    const char *folder = writing->folder;
    lf_synth *synth = NULL;
    day_files files = {NULL, NULL};
    lf_status status = lf_synth_open(options, day, &synth, error);
    if (status == LF_OK) {
        status = open_file(options, synth, folder, "message", &files.message, error);
    }
    if (status == LF_OK) {
        status = open_file(options, synth, folder, "orderbook", &files.orderbook, error);
    }
    if (status == LF_OK) {
        status = write_events(synth, &files, day, writing, error);
    }
    /* The orderbook first: a message file without partner would read as half a day. */
    if (status == LF_OK) {
        status = lf_output_finish(files.orderbook, error);
    }
    if (status == LF_OK) {
        status = lf_output_finish(files.message, error);
        *latent_ticks = lf_synth_latent_ticks(synth);
    }
    lf_output_destroy(files.message);
    lf_output_destroy(files.orderbook);
    lf_synth_close(synth);
    return status;
}
