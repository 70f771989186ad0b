/* Order flow imbalance of the best level over one day: day_ofi DATA. README.md shows this file. */
#include <lobflow/lobflow.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    lf_source_list days;
    lf_feed *feed;
    lf_batch batch;
    lf_error error;
    lf_quotes last = {0};
    int64_t ofi = 0;
    const char *const paths[] = {argc > 1 ? argv[1] : "."};
    if (lf_feed_find(paths, 1, NULL, &days, &error) != LF_OK ||
        lf_feed_open(&days.sources[0], NULL, &feed, &error) != LF_OK) {
        return fprintf(stderr, "%s\n", error.message), 1;
    }
    while (lf_feed_next(feed, &batch, &error) == LF_OK && batch.event_count > 0) {
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_quotes *const now = &batch.events[i].quotes;
            if (lf_book_event_valid(&batch.events[i])) {
                ofi += lf_book_valid(&last) ? lf_book_ofi(&last, now, 0) : 0;
                last = *now;
            }
        }
    }
    printf("%s: OFI of the day %lld lots\n", lf_feed_instrument(feed)->symbol, (long long)ofi);
    lf_feed_close(feed);
    lf_source_list_clear(&days);
    return 0;
}
