/* The verb inspect on ITCH of several stocks: messages by type, books of all stocks, packets. */
#include "inspect_itch.h"
#include "inspect_json.h"

#include <lobflow/feed.h>

#include <jansson.h>
#include <stdio.h>

/* What the messages of a type are about, in the order in which they are printed. */
static const struct {
    char type;
    const char *name;
} names[] = {
    {'S', "system event"},
    {'R', "stock directory"},
    {'H', "state of trading"},
    {'Y', "short sale restriction"},
    {'L', "participant's position"},
    {'V', "levels of the market's breaker"},
    {'W', "breach of the market's breaker"},
    {'K', "quotation of a new issue"},
    {'J', "collar of an auction"},
    {'h', "halt of the market"},
    {'A', "new order"},
    {'F', "new order with its participant"},
    {'E', "execution"},
    {'C', "execution at a price"},
    {'X', "cancellation"},
    {'D', "deletion"},
    {'U', "replacement"},
    {'P', "trade against a hidden order"},
    {'Q', "cross"},
    {'B', "broken trade"},
    {'I', "imbalance before a cross"},
    {'N', "retail interest"},
    {'O', "direct listing"},
};

#define NAME_COUNT (sizeof names / sizeof names[0])

/* A count with its key and how it is called. */
typedef struct row {
    const char *key, *name;
    int64_t value;
} row;

#define ROWS_MAX 16

/* Counts of all, then those of captures. */
static size_t list_rows(const lf_itch_counts *c, row out[ROWS_MAX])
{
    const row rows[ROWS_MAX] = {
        {"messages", "messages", c->message_count},
        {"unknown", "of unknown types", c->unknown_count},
        {"stocks", "stocks", c->stock_count},
        {"orders_max", "live orders at most", c->order_count_max},
        {"unknown_orders", "unknown orders", c->unknown_order_count},
        {"duplicate_orders", "doubled orders", c->duplicate_order_count},
        {"overfills", "overfilled orders", c->overfill_count},
        {"ranges", "orders out of range", c->range_count},
        {"backward", "times that go back", c->backward_count},
        {"frames", "frames", c->frame_count},
        {"frames_other", "other datagrams", c->other_count},
        {"packets", "packets", c->packet_count},
        {"copies", "copies", c->copy_count},
        {"heartbeats", "heartbeats", c->heartbeat_count},
        {"gaps", "gaps", c->gap_count},
        {"missing", "messages in gaps", c->missing_count},
    };
    for (size_t i = 0; i < ROWS_MAX; i++) {
        out[i] = rows[i];
    }
    return c->is_capture ? ROWS_MAX : 9;
}

static json_t *to_json(const char *path, const lf_itch_counts *c)
{
    row rows[ROWS_MAX];
    const size_t count = list_rows(c, rows);
    json_t *const root = json_pack("{ss ss}", "format", "itch", "path", path);
    json_t *const types = json_object();
    (void)json_object_set_new(root, "first_ns", json_integer((json_int_t)c->first_ns));
    (void)json_object_set_new(root, "last_ns", json_integer((json_int_t)c->last_ns));
    for (size_t i = 0; i < count; i++) {
        (void)json_object_set_new(root, rows[i].key, json_integer((json_int_t)rows[i].value));
    }
    for (size_t i = 0; i < NAME_COUNT; i++) {
        const char key[] = {names[i].type, '\0'};
        const int64_t number = c->type_counts[(unsigned char)names[i].type];
        if (number > 0) {
            (void)json_object_set_new(types, key, json_integer((json_int_t)number));
        }
    }
    (void)json_object_set_new(root, "types", types);
    return root;
}

/* A time after midnight. */
static void format_time(int64_t ns, char out[32])
{
    const int64_t s = ns / LF_NS_PER_SECOND;
    (void)snprintf(
        out,
        32,
        "%02d:%02d:%02d.%09d",
        (int)(s / 3600),
        (int)(s / 60 % 60),
        (int)(s % 60),
        (int)(ns % LF_NS_PER_SECOND)
    );
}

static void print_text(const char *path, const lf_itch_counts *c)
{
    row rows[ROWS_MAX];
    const size_t count = list_rows(c, rows);
    char first[32], last[32];
    format_time(c->first_ns, first);
    format_time(c->last_ns, last);
    printf("%s\n  %-20s itch, all stocks\n", path, "format");
    printf("  %-20s %s to %s in New York\n", "time", first, last);
    for (size_t i = 0; i < count; i++) {
        printf("  %-20s %12lld\n", rows[i].name, (long long)rows[i].value);
        for (size_t k = 0; i == 0 && k < NAME_COUNT; k++) {
            const int64_t number = c->type_counts[(unsigned char)names[k].type];
            if (number > 0) {
                printf(
                    "    type %c             %12lld  %s\n",
                    names[k].type,
                    (long long)number,
                    names[k].name
                );
            }
        }
    }
}

int cli_inspect_itch(const char *const *paths, size_t path_count, bool is_json)
{
    json_t *const list = json_array();
    lf_status status = LF_OK;
    lf_error error;
    for (size_t i = 0; i < path_count && status == LF_OK; i++) {
        lf_itch_counts counts;
        status = lf_itch_count(paths[i], NULL, &counts, &error);
        if (status == LF_OK && is_json) {
            (void)json_array_append_new(list, to_json(paths[i], &counts));
        } else if (status == LF_OK) {
            printf("%s", i > 0 ? "\n" : "");
            print_text(paths[i], &counts);
        }
    }
    if (status == LF_OK && is_json) {
        inspect_print_json(list);
    }
    json_decref(list);
    return status == LF_OK ? CLI_DONE : cli_fail(&error);
}
