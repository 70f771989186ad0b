/*
 * Goal: what a strategy of one's own is shown at a row, and what its wishes become under the rules
 * that hold for every strategy.
 * Method: strategies that follow a script of actions by the second, in the harness and the language
 * of strategy_test.c; views kept and compared with what was sent in.
 */
#include "strategy_testing.h"

/* An action at row `second`. */
typedef struct wish {
    int second;
    lf_action_kind kind;
    int64_t lots;
    char how;      /* 'm' marketable, 'p' passive, 0: as it comes */
    int64_t limit; /* 0: as it comes */
} wish;

#define WISHES 6

typedef struct script {
    const char *name;
    const char *options; /* of strategy_testing.h */
    wish wishes[WISHES];
    message messages[10];
    const char *sent;
} script;

/* What follows a script, and what it saw. */
typedef struct follower {
    const wish *wishes;
    lf_strategy_view views[ROWS];
    int asked;
    int fail_at; /* row that it fails at; -1: none */
} follower;

static lf_status follow(
    void *context,
    void *state,
    const lf_strategy_view *view,
    const double *features,
    lf_action *action
)
{
    follower *const self = context;
    const int second = (int)((view->ts_ns - OPEN_NS) / LF_NS_PER_SECOND);
    assert_null(features); /* rows were given */
    assert_int_equal(((int64_t *)state)[3]++, self->asked);
    self->views[second] = *view;
    self->asked++;
    if (second == self->fail_at) {
        return LF_CANCELLED;
    }
    for (int i = 0; i < WISHES; i++) {
        const wish *const w = &self->wishes[i];
        if (w->kind != LF_ACTION_NONE && w->second == second) {
            action->kind = w->kind;
            action->lots = w->lots;
            action->order_kind = w->how == 'p'   ? LF_ORDER_KIND_PASSIVE
                                 : w->how == 'm' ? LF_ORDER_KIND_MARKETABLE
                                                 : action->order_kind;
            action->limit_ticks = w->limit != 0 ? w->limit : action->limit_ticks;
        }
    }
    return LF_OK;
}

static void begin(desk *self, const char *flags, follower *by)
{
    lf_strategy_options strategy = options_of(flags);
    strategy.decide = follow;
    strategy.context = by;
    strategy.state_bytes = 4 * sizeof(int64_t);
    memset(self, 0, sizeof *self);
    for (int i = 0; i < ROWS; i++) {
        self->rows[i] = (lf_row){
            .ts_ns = OPEN_NS + i * LF_NS_PER_SECOND,
            .prediction = {0.5 + 0.001 * i, 0.4, 3},
            .ofi_norm_1min = i,
            .ofi_1min = 2 * i,
            .depth_imbalance_l1 = -0.25,
        };
    }
    open_desk(self, &strategy);
}

#define END \
    { \
        'w', 120000, 0, 0, 0 \
    }

static const script scripts[] = {
    {"nothing asked, nothing sent", "", {{0}}, {QUOTE, END}, ""},
    {"a target from flat is an entry",
     "",
     {{1, LF_ACTION_TARGET, 60, 0, 0}},
     {QUOTE, {'w', 2000, 0, 0, 0}},
     "1000+2:B60m entry "},
    {"and is not sent again when it is there",
     "",
     {{1, LF_ACTION_TARGET, 60, 0, 0}, {3, LF_ACTION_TARGET, 60, 0, 0}},
     {QUOTE, {'f', 1022, 60, 102, 0}, {'w', 5000, 0, 0, 0}},
     "1000+2:B60m entry "},
    {"more of it is an entry, less a target, the other side a reversal",
     "",
     {{1, LF_ACTION_TARGET, 60, 0, 0},
      {2, LF_ACTION_TARGET, 80, 0, 0},
      {3, LF_ACTION_TARGET, 30, 0, 0},
      {4, LF_ACTION_TARGET, -10, 0, 0},
      {5, LF_ACTION_TARGET, 0, 0, 0}},
     {QUOTE,
      {'f', 1022, 60, 102, 0},
      {'f', 2022, 20, 102, 0},
      {'f', 3022, 50, 100, 0},
      {'f', 4022, 40, 100, 0},
      {'f', 5022, 10, 102, 0},
      {'w', 30000, 0, 0, 0}},
     "1000+2:B60m entry 2000+2:B20m entry 3000+2:S50m target 4000+2:S40m reverse "
     "5000+2:B10m target "},
    {"a target is cut to the largest position",
     "M",
     {{1, LF_ACTION_TARGET, -70, 0, 0}},
     {QUOTE, {'w', 2000, 0, 0, 0}},
     "1000+2:S50m entry "},
    {"so is an order",
     "M",
     {{1, LF_ACTION_ORDER, 30, 0, 0},
      {2, LF_ACTION_ORDER, 30, 0, 0},
      {3, LF_ACTION_ORDER, 30, 0, 0},
      {4, LF_ACTION_ORDER, INT64_MIN, 0, 0}},
     {QUOTE, {'f', 1022, 30, 102, 0}, {'f', 2022, 20, 102, 0}, {'w', 5000, 0, 0, 0}},
     "1000+2:B30m entry 2000+2:B20m entry 4000+2:S100m reverse "},
    {"one order works at a time",
     "",
     {{1, LF_ACTION_ORDER, 30, 0, 0}, {2, LF_ACTION_ORDER, -10, 0, 0}},
     {QUOTE, {'w', 5000, 0, 0, 0}},
     "1000+2:B30m entry "},
    {"passive at the touch and at a price of one's own",
     "",
     {{1, LF_ACTION_ORDER, 30, 'p', 0}, {3, LF_ACTION_ORDER, -10, 'p', 105}},
     {QUOTE, {'r', 1022, 0, 0, 0}, {'w', 4000, 0, 0, 0}},
     "1000+2:B30p100 entry 3000+2:S10p105 entry "},
    {"marketable with a limit of one's own",
     "T",
     {{1, LF_ACTION_ORDER, 30, 'm', 104}},
     {QUOTE, {'w', 2000, 0, 0, 0}},
     "1000+2:B30m104 entry "},
    {"a passive order that leads to the target stays",
     "P",
     {{1, LF_ACTION_TARGET, 30, 0, 0}, {2, LF_ACTION_TARGET, 30, 0, 0}},
     {QUOTE, {'w', 4000, 0, 0, 0}},
     "1000+2:B30p100 entry "},
    {"one that leads elsewhere is taken back, then the target is gone for",
     "P",
     {{1, LF_ACTION_TARGET, 30, 0, 0},
      {2, LF_ACTION_TARGET, -30, 0, 0},
      {3, LF_ACTION_TARGET, -30, 0, 0}},
     {QUOTE, {'w', 2000, 0, 0, 0}, {'x', 2022, 0, 0, 0}, {'w', 4000, 0, 0, 0}},
     "1000+2:B30p100 entry 2000+2:x1 3000+2:S30p102 entry "},
    {"a marketable one is waited for",
     "",
     {{1, LF_ACTION_TARGET, 30, 0, 0},
      {2, LF_ACTION_TARGET, -30, 0, 0},
      {3, LF_ACTION_CANCEL, 0, 0, 0}},
     {QUOTE, {'w', 4000, 0, 0, 0}},
     "1000+2:B30m entry "},
    {"a cancel takes back what works, once, and nothing when nothing does",
     "",
     {{1, LF_ACTION_CANCEL, 0, 0, 0},
      {2, LF_ACTION_ORDER, 30, 'p', 99},
      {3, LF_ACTION_CANCEL, 0, 0, 0},
      {4, LF_ACTION_CANCEL, 0, 0, 0}},
     {QUOTE, {'w', 5000, 0, 0, 0}},
     "2000+2:B30p99 entry 3000+2:x1 "},
    {"a passive order rests no longer than others",
     "",
     {{1, LF_ACTION_ORDER, 30, 'p', 99}},
     {QUOTE, {'w', 8000, 0, 0, 0}},
     "1000+2:B30p99 entry 6002:x1 "},
    {"and crosses without its limit",
     "C",
     {{1, LF_ACTION_ORDER, 30, 'p', 99}},
     {QUOTE, {'w', 7000, 0, 0, 0}, {'x', 7020, 0, 0, 0}},
     "1000+2:B30p99 entry 6002:x1 7020:B30m cross(entry) "},
    {"positions are held no longer than others",
     "",
     {{1, LF_ACTION_TARGET, 60, 0, 0}},
     {QUOTE, {'f', 1022, 60, 102, 0}, {'w', 30000, 0, 0, 0}},
     "1000+2:B60m entry 11022:S60m hold "},
    {"what is asked for while a rule leaves waits",
     "",
     {{1, LF_ACTION_TARGET, 60, 0, 0},
      {12, LF_ACTION_TARGET, 90, 0, 0},
      {14, LF_ACTION_TARGET, 90, 0, 0}},
     {QUOTE,
      {'f', 1022, 60, 102, 0},
      {'w', 12500, 0, 0, 0},
      {'f', 13022, 60, 100, 0},
      {'w', 15000, 0, 0, 0}},
     "1000+2:B60m entry 11022:S60m hold 14000+2:B90m entry "},
    {"the stop holds for them",
     "",
     {{1, LF_ACTION_TARGET, 60, 0, 0}},
     {QUOTE, {'f', 1022, 60, 102, 0}, {'q', 3000, 97, 99, 0}},
     "1000+2:B60m entry 3000:S60m stop "},
    {"the rate limit holds for them",
     "1",
     {{1, LF_ACTION_ORDER, 10, 'p', 0},
      {2, LF_ACTION_CANCEL, 0, 0, 0},
      {3, LF_ACTION_ORDER, 10, 0, 0}},
     {QUOTE, {'w', 2000, 0, 0, 0}, {'x', 2022, 0, 0, 0}, {'w', 4000, 0, 0, 0}},
     "1000+2:B10p100 entry 2000+2:x1 3000+2:B10m entry "},
    {"the kill switch ends it",
     "",
     {{1, LF_ACTION_TARGET, 60, 0, 0}, {5, LF_ACTION_TARGET, 60, 0, 0}},
     {QUOTE,
      {'f', 1022, 60, 102, 0},
      {'K', 3000, 0, 0, 0},
      {'f', 3022, 60, 100, 0},
      {'w', 9000, 0, 0, 0}},
     "1000+2:B60m entry 3000:S60m kill "},
    {"a kind that does not exist does nothing",
     "",
     {{1, (lf_action_kind)9, 60, 0, 0}},
     {QUOTE, {'w', 9000, 0, 0, 0}},
     ""},
};

static void test_actions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        const script *const row = &scripts[i];
        follower by = {.wishes = row->wishes, .fail_at = -1};
        desk self;
        begin(&self, row->options, &by);
        for (size_t k = 0; k < 10 && row->messages[k].what != 0; k++) {
            hear(&self, row->name, &row->messages[k]);
        }
        if (strcmp(self.log, row->sent) != 0) {
            fail_msg("%s: expected \"%s\", got \"%s\"", row->name, row->sent, self.log);
        }
        lf_pipeline_destroy(self.pipeline);
    }
}

/* It is asked at rows of valid states before the leaving time, and sees what had come in. */
static void test_view(void **state)
{
    (void)state;
    static const wish wishes[WISHES] = {{2, LF_ACTION_TARGET, 60, 'p', 0}};
    static const message messages[] = {
        {'q', 500, 100, 102, 0},
        {'q', 3000, 101, 102, 0},
        {'f', 4001, 25, 100, 0},
        {'q', 5500, 101, 102, 1},
        {'q', 6500, 102, 104, 0},
        {'w', 120000, 0, 0, 0},
    };
    follower by = {.wishes = wishes, .fail_at = -1};
    desk self;
    begin(&self, "NF", &by);
    for (size_t k = 0; k < sizeof messages / sizeof messages[0]; k++) {
        hear(&self, "view", &messages[k]);
    }
    const lf_strategy_view *const v = by.views;
    assert_int_equal(v[0].ts_ns, 0);      /* no state yet */
    assert_int_equal(v[6].ts_ns, 0);      /* masked */
    assert_int_equal(by.asked, ROWS - 2); /* to the close: F leaves no time for leaving */
    assert_true(v[2].mid2 == 202 && v[3].mid2 == 203 && v[7].mid2 == 206);
    assert_true(v[2].spread_ticks == 2 && v[3].spread_ticks == 1);
    assert_true(v[3].quotes.bid_ticks[0] == 101 && v[3].quotes.ask_lots[0] == 100);
    assert_true(v[3].quotes.ask_lots[1] == 0);
    assert_true(v[2].position_lots == 0 && v[2].opened_ns == LF_TIME_NONE);
    assert_true(v[2].working_lots == 0);
    assert_true(v[3].working_lots == 60 && v[3].working_price_ticks == 100);
    assert_true(v[3].working_kind == LF_ORDER_KIND_PASSIVE && v[3].working_cancel == 0);
    assert_true(v[3].working_sent_ns == OPEN_NS + 2002 * MS);
    assert_true(v[4].working_lots == 60); /* the fill comes 1 ms later */
    assert_true(v[5].working_lots == 35 && v[5].position_lots == 25);
    assert_true(v[5].opened_ns == OPEN_NS + 4001 * MS);
    /* Bought 25 at 100, the mid is 101.5 ticks of a cent. */
    assert_true(v[5].net_nano == 25 * 15 * 1000000);
    assert_true(v[8].working_cancel == 1 && v[14].is_leaving == 0);
    assert_true(v[17].is_leaving == 1);
    assert_true(v[5].p_up_1min == 0.505 && v[5].p_up_5min == 0.4 && v[5].ret_1min_bps == 3);
    assert_true(v[5].ofi_norm_1min == 5 && v[5].ofi_1min == 10 && v[5].depth_imbalance_l1 == -0.25);
    assert_true(v[5].ofi_threshold == 1 && v[5].ofi_extreme == 3 && v[5].median_spread_ticks == 2);
    assert_true(v[5].max_position == 100 && v[5].tick_nano == 10000000);
    assert_true(v[5].level_count == 1 && v[5].flatten_ns == v[5].session_close_ns);
    lf_pipeline_destroy(self.pipeline);
    /* With time for leaving it is not asked in that time. */
    by = (follower){.wishes = wishes, .fail_at = -1};
    begin(&self, "", &by);
    hear(&self, "leaving", &messages[0]);
    hear(&self, "leaving", &messages[5]);
    assert_int_equal(by.asked, ROWS - 20 - 1);
    lf_pipeline_destroy(self.pipeline);
}

/* After a failure nothing is asked any more, and what it was stays known. */
static void test_failure(void **state)
{
    (void)state;
    static const wish wishes[WISHES] = {{5, LF_ACTION_TARGET, 60, 0, 0}};
    follower by = {.wishes = wishes, .fail_at = 5};
    const message quote = {'q', 500, 100, 102, 0};
    const message last = {'w', 9000, 0, 0, 0};
    desk self;
    begin(&self, "", &by);
    hear(&self, "failing", &quote);
    assert_int_equal(lf_pipeline_failure(self.pipeline), LF_OK);
    hear(&self, "failing", &last);
    assert_int_equal(lf_pipeline_failure(self.pipeline), LF_CANCELLED);
    assert_int_equal(by.asked, 5);
    assert_string_equal(self.log, "");
    lf_pipeline_destroy(self.pipeline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_view),
        cmocka_unit_test(test_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
