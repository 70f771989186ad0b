/* The verb inspect on captures of CME MDP 3.0: packets of both feeds, messages, entries. */
#include "inspect_cme.h"
#include "inspect_json.h"

#include <lobflow/feed.h>

#include <jansson.h>
#include <stdio.h>

/* What the messages of a template are about. */
static const struct {
    int template_id;
    const char *name;
} names[] = {
    {4, "channel reset"},
    {12, "heartbeat"},
    {27, "definition, future"},
    {29, "definition, spread"},
    {30, "security status"},
    {32, "book"},
    {33, "daily statistics"},
    {34, "limits banding"},
    {35, "session statistics"},
    {36, "trade"},
    {37, "volume"},
    {38, "snapshot"},
    {39, "quote request"},
    {41, "definition, option"},
    {42, "trade summary"},
    {43, "orders"},
    {44, "snapshot of orders"},
    {46, "book"},
    {47, "orders"},
    {48, "trade summary"},
    {49, "daily statistics"},
    {50, "limits banding"},
    {51, "session statistics"},
    {52, "snapshot"},
    {53, "snapshot of orders"},
    {54, "definition, future"},
    {55, "definition, option"},
    {56, "definition, spread"},
    {57, "definition, bond"},
    {58, "definition, repo"},
    {59, "snapshot of top orders"},
    {61, "snapshot, TCP"},
    {63, "definition, currency"},
    {64, "book, long sizes"},
    {65, "trade summary, long sizes"},
    {66, "volume, long sizes"},
    {67, "session statistics, long sizes"},
    {68, "snapshot, TCP, long sizes"},
    {69, "snapshot, long sizes"},
};

static const char *const sides[LF_CME_SIDE_COUNT] = {
    "bid", "ask", "implied bid", "implied ask", "other sides"};
static const char *const actions[LF_CME_ACTION_COUNT] = {"new", "change", "delete", "other"};

static const char *name_of(int template_id)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].template_id == template_id) {
            return names[i].name;
        }
    }
    return "other";
}

static json_t *to_json(const char *path, const lf_cme_counts *c)
{
    const struct {
        const char *key;
        int64_t value;
    } rows[] = {
        {"frames", c->frame_count},
        {"frames_other", c->other_count},
        {"damaged", c->damaged_count},
        {"feed_a", c->feed_counts[0]},
        {"feed_b", c->feed_counts[1]},
        {"channels", c->channel_count},
        {"packets", c->packet_count},
        {"copies", c->copy_count},
        {"gaps", c->gap_count},
        {"missing", c->missing_count},
        {"restarts", c->restart_count},
        {"update_gaps", c->update_gap_count},
        {"first_ts", c->first_ts_ns},
        {"last_ts", c->last_ts_ns},
        {"messages", c->message_count},
        {"unknown", c->unknown_count},
        {"instruments", c->instrument_count},
        {"defined", c->definition_count},
        {"trades", c->trade_count},
        {"order_entries", c->order_entry_count},
    };
    json_t *const root = json_pack("{ss ss}", "format", "cme", "path", path);
    json_t *const templates = json_object(), *const entries = json_object();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)json_object_set_new(root, rows[i].key, json_integer((json_int_t)rows[i].value));
    }
    for (int i = 0; i < LF_CME_TEMPLATES; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%d", i);
        if (c->template_counts[i] > 0) {
            (void
            )json_object_set_new(templates, key, json_integer((json_int_t)c->template_counts[i]));
        }
    }
    for (int side = 0; side < LF_CME_SIDE_COUNT; side++) {
        json_t *const row = json_object();
        for (int i = 0; i < LF_CME_ACTION_COUNT; i++) {
            (void)json_object_set_new(
                row, actions[i], json_integer((json_int_t)c->entry_counts[side][i])
            );
        }
        (void)json_object_set_new(entries, sides[side], row);
    }
    (void)json_object_set_new(root, "templates", templates);
    (void)json_object_set_new(root, "entries", entries);
    return root;
}

static void print_count(const char *name, int64_t count, const char *remark)
{
    printf("  %-20s %12lld%s%s\n", name, (long long)count, remark[0] != '\0' ? "  " : "", remark);
}

static void print_entries(const lf_cme_counts *c)
{
    for (int side = 0; side < LF_CME_SIDE_COUNT; side++) {
        const int64_t *const row = c->entry_counts[side];
        const int64_t all = row[0] + row[1] + row[2] + row[3];
        char remark[128];
        (void)snprintf(
            remark,
            sizeof remark,
            "%lld new, %lld changed, %lld deleted, %lld other",
            (long long)row[LF_CME_NEW],
            (long long)row[LF_CME_CHANGE],
            (long long)row[LF_CME_DELETE],
            (long long)row[LF_CME_ACTION_OTHER]
        );
        if (all > 0) {
            print_count(sides[side], all, remark);
        }
    }
}

static void print_text(const char *path, const lf_cme_counts *c)
{
    char first[32], last[32], remark[64];
    lf_time_format(c->first_ts_ns, first);
    lf_time_format(c->last_ts_ns, last);
    printf("%s\n  %-20s %s\n", path, "format", "cme, MDP 3.0");
    printf("  %-20s %s to %s\n", "time", first, last);
    print_count("channels", c->channel_count, "");
    print_count("packets on feed A", c->feed_counts[0], "");
    print_count("packets on feed B", c->feed_counts[1], "");
    print_count("packets", c->packet_count, "after arbitration");
    (void)snprintf(remark, sizeof remark, "of %lld packets", (long long)c->missing_count);
    print_count("gaps", c->gap_count, c->gap_count > 0 ? remark : "");
    print_count("restarts", c->restart_count, "");
    print_count("gaps of updates", c->update_gap_count, "in the numbers of an instrument");
    print_count("damaged", c->damaged_count, "");
    print_count("other frames", c->other_count, "");
    print_count("messages", c->message_count, "");
    for (int i = 0; i < LF_CME_TEMPLATES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "  template %d", i);
        if (c->template_counts[i] > 0) {
            print_count(name, c->template_counts[i], name_of(i));
        }
    }
    print_count("not understood", c->unknown_count, "");
    print_count("instruments", c->instrument_count, "in books by price");
    print_count("defined", c->definition_count, "");
    print_count("trade entries", c->trade_count, "");
    print_count("order entries", c->order_entry_count, "");
    print_entries(c);
}

/* Captures before this one, and all. */
typedef struct place {
    size_t index, count;
} place;

static bool show_progress(void *context, double share)
{
    const place *const at = context;
    return cli_progress(NULL, "inspect", ((double)at->index + share) / (double)at->count);
}

int cli_inspect_cme(const char *const *paths, size_t path_count, bool is_json)
{
    json_t *const list = json_array();
    lf_status status = LF_OK;
    lf_error error;
    for (size_t i = 0; i < path_count && status == LF_OK; i++) {
        lf_cme_counts counts;
        place at = {i, path_count};
        const lf_cme_options options = {.progress = show_progress, .context = &at};
        status = lf_cme_count(paths[i], &options, &counts, &error);
        cli_progress_end();
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
