/*
 * Fuzzes archives and compressed files: any bytes are refused with a reason or give days, and any
 * day that is found can be opened and read to its end or to an error.
 */
#include <lobflow/feed.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void read_day(const lf_source *source)
{
    lf_feed *feed = NULL;
    lf_batch batch = {.event_count = 1};
    lf_error error = {.message = ""};
    lf_status status = lf_feed_open(source, NULL, &feed, &error);
    check((status == LF_OK) == (feed != NULL));
    while (status == LF_OK && batch.event_count > 0) {
        status = lf_feed_next(feed, &batch, &error);
    }
    check(status == LF_OK || error.message[0] != '\0');
    lf_feed_close(feed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[64];
    const char *paths[] = {path};
    lf_source_list list;
    lf_error error = {.message = ""};
    (void)snprintf(path, sizeof path, "/tmp/lobflow-fuzz-%ld.zip", (long)getpid());
    FILE *file = fopen(path, "wb");
    check(file != NULL && (bytes == 0 || fwrite(data, 1, bytes, file) == bytes));
    check(fclose(file) == 0);
    /* Without symbol and date a plain file is refused; with them its content decides. */
    static const lf_feed_options choices[] = {
        {.symbol = NULL}, {.symbol = "A", .date = "20200102"}};
    for (size_t i = 0; i < 2; i++) {
        const lf_status status = lf_feed_find(paths, 1, &choices[i], &list, &error);
        check((status == LF_OK) == (list.count > 0));
        check(status == LF_OK || error.message[0] != '\0');
        for (size_t k = 0; k < list.count && k < 4; k++) {
            read_day(&list.sources[k]);
        }
        lf_source_list_clear(&list);
    }
    (void)unlink(path);
    return 0;
}
