/*
 * Goal: features of one's own in the verbs: columns of tables, part of models, made anew while
 * trading to the bit that was scored, wherever they stand in the list; a run that does not register
 * them is refused before anything is written.
 * Method: three simulated days; the line, which compares what was scored with what is traded.
 */
#include "line_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define ROWS 23400
#define MODEL_SET "ofi_norm_1min,own_lean,depth_imbalance_l1,own_bought,own_sold"

enum {
    DAYS = 3
};

static lf_testing_folder data;
static lf_source_list sources;

static int make_data(void **state)
{
    static const char *const dates[DAYS] = {"2024-01-03", "2024-01-04", "2024-01-05"};
    (void)state;
    bool good = lf_testing_folder_make(&data);
    for (size_t i = 0; i < DAYS && good; i++) {
        const lf_testing_day day = {
            .symbol = "AB", .date = dates[i], .seed = 300 + i, .messages = 6000};
        good = lf_testing_day_write(&data, &day);
    }
    const char *const paths[] = {data.path};
    return good && lf_feed_find(paths, 1, NULL, &sources, NULL) == LF_OK ? 0 : -1;
}

static int remove_data(void **state)
{
    (void)state;
    lf_source_list_clear(&sources);
    lf_testing_folder_remove(&data);
    return 0;
}

/* ---- three features --------------------------------------------------------------------- */

/* Decaying volumes of both sides. */
typedef struct flow {
    double lots[2]; /* bought, sold */
} flow;

static void take_flow(const lf_event *event, const lf_trade *trades, void *state)
{
    flow *const sums = state;
    for (size_t i = 0; i < event->trade_count; i++) {
        const double lots = (double)trades[i].size_lots;
        sums->lots[0] = 0.9 * sums->lots[0] + (trades[i].sign == 1 ? lots : 0);
        sums->lots[1] = 0.9 * sums->lots[1] + (trades[i].sign == -1 ? lots : 0);
    }
}

static double bought(const lf_feature_view *view, const double *row, const void *state)
{
    (void)view;
    (void)row;
    return ((const flow *)state)->lots[0];
}

static double sold(const lf_feature_view *view, const double *row, const void *state)
{
    (void)view;
    (void)row;
    return ((const flow *)state)->lots[1];
}

static double lean(const lf_feature_view *view, const double *row, const void *state)
{
    (void)row;
    (void)state;
    const double bid = (double)(view->quotes.bid_lots[0] + view->quotes.bid_lots[1]);
    const double ask = (double)(view->quotes.ask_lots[0] + view->quotes.ask_lots[1]);
    return bid - ask;
}

static const lf_feature_user lean_item = {
    .name = "own_lean", .mirror = LF_MIRROR_ODD, .version = "1", .value = lean};
static const lf_feature_user bought_item = {
    .name = "own_bought",
    .mirror = LF_MIRROR_SWAP,
    .partner = "own_sold",
    .state_bytes = sizeof(flow),
    .take = take_flow,
    .value = bought,
};
static const lf_feature_user sold_item = {
    .name = "own_sold",
    .mirror = LF_MIRROR_SWAP,
    .partner = "own_bought",
    .state_bytes = sizeof(flow),
    .take = take_flow,
    .value = sold,
};
static const lf_feature_user idle_item = {
    .name = "own_idle", .mirror = LF_MIRROR_ODD, .value = lean};

static lf_feature_users *users_of(const lf_feature_user *items, size_t count)
{
    lf_feature_users *users = NULL;
    assert_int_equal(lf_feature_users_create(NULL, items, count, &users, NULL), LF_OK);
    return users;
}

static lf_feature_users *in_order(void)
{
    const lf_feature_user items[] = {lean_item, bought_item, sold_item};
    return users_of(items, 3);
}

static lf_feature_users *in_another_order(void)
{
    const lf_feature_user items[] = {sold_item, idle_item, bought_item, lean_item};
    return users_of(items, 4);
}

/* ---- jobs ------------------------------------------------------------------------------- */

static lf_config *new_config(void)
{
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    lf_config_default(config);
    config->model.kind = LF_TRAIN_LOGISTIC;
    config->signal.ofi_threshold = 0;
    config->signal.p_long = 0.5;
    config->signal.p_short = 0.5;
    (void)snprintf(config->set, sizeof config->set, "ofi_1min,user");
    (void)snprintf(config->model_features, sizeof config->model_features, "%s", MODEL_SET);
    return config;
}

static lf_run_job
job_of(const lf_config *config, const lf_feature_users *users, size_t first, size_t count)
{
    return (lf_run_job){
        .config = config,
        .sources = sources.sources + first,
        .source_count = count,
        .users = users,
    };
}

static lf_model *train_two_days(const lf_config *config)
{
    lf_feature_users *const users = in_order();
    const lf_run_job job = job_of(config, users, 0, 2);
    const char *const path = lf_testing_path(&data, "model");
    lf_model *model = NULL;
    lf_error error;
    if (lf_run_train(&job, path, NULL, &error) != LF_OK ||
        lf_model_load(NULL, path, &model, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    lf_feature_users_destroy(users);
    return model;
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_columns(void **state)
{
    (void)state;
    lf_config *const config = new_config();
    lf_feature_users *const users = in_another_order();
    const lf_run_job job = job_of(config, users, 0, 2);
    const lf_run_features_options options = {0};
    lf_frame *table = NULL;
    assert_int_equal(lf_run_features_table(&job, &options, &table, NULL), LF_OK);
    assert_int_equal(lf_frame_column_count(table), 3 + 5);
    assert_int_equal(lf_frame_row_count(table), 2 * ROWS);
    const double *const idle = lf_frame_f64(table, lf_frame_find(table, "own_idle"));
    const double *const leans = lf_frame_f64(table, lf_frame_find(table, "own_lean"));
    size_t moving = 0;
    for (size_t i = 0; i < 2 * ROWS; i++) {
        assert_true(idle[i] == leans[i] || (isnan(idle[i]) && isnan(leans[i])));
        moving += !isnan(idle[i]) && idle[i] != 0 ? 1 : 0;
    }
    assert_true(moving > ROWS);
    lf_frame_destroy(table);
    const lf_run_job without = job_of(config, NULL, 0, 2);
    lf_error error;
    assert_int_equal(lf_run_features_table(&without, &options, &table, &error), LF_NOT_FOUND);
    lf_feature_users_destroy(users);
    free(config);
}

/* A model says what it needs; predictions and trades do not depend on the order of the list. */
static void test_model(void **state)
{
    (void)state;
    lf_config *const config = new_config();
    lf_model *const model = train_two_days(config);
    const lf_feature_users *const wanted = lf_model_users(model);
    assert_int_equal(lf_feature_users_count(wanted), 3);
    assert_null(lf_feature_users_at(wanted, 0)->value);
    assert_string_equal(lf_feature_users_at(wanted, 0)->version, "1");
    lf_feature_users *const lists[] = {in_order(), in_another_order()};
    lf_frame *made[2];
    char *metrics[2];
    for (int k = 0; k < 2; k++) {
        const lf_run_job job = job_of(config, lists[k], 2, 1);
        const char *const folder = lf_testing_path(&data, k == 0 ? "one" : "two");
        lf_error error;
        if (lf_run_predict_table(&job, model, false, &made[k], &error) != LF_OK ||
            lf_run_backtest(&job, model, false, folder, &metrics[k], &error) != LF_OK) {
            fail_msg("%s", error.message);
        }
    }
    const size_t column = lf_frame_find(made[0], "p_up_1min");
    size_t moving = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const double x = lf_frame_f64(made[0], column)[i];
        const double y = lf_frame_f64(made[1], column)[i];
        assert_true(x == y || (isnan(x) && isnan(y)));
        moving += !isnan(x) && x != 0.5 ? 1 : 0;
    }
    assert_true(moving > ROWS / 2);
    assert_string_equal(metrics[0], metrics[1]);
    lf_frame *trades = NULL;
    assert_int_equal(
        lf_frame_read(lf_testing_path(&data, "one/trades.parquet"), &trades, NULL), LF_OK
    );
    assert_true(lf_frame_row_count(trades) > 10);
    lf_frame_destroy(trades);
    for (int k = 0; k < 2; k++) {
        lf_frame_destroy(made[k]);
        lf_release(NULL, metrics[k]);
        lf_feature_users_destroy(lists[k]);
    }
    lf_model_destroy(model);
    free(config);
}

static void test_refused(void **state)
{
    (void)state;
    lf_config *const config = new_config();
    lf_model *const model = train_two_days(config);
    lf_feature_user other[] = {lean_item, bought_item, sold_item};
    other[0].version = "2";
    lf_feature_users *const lists[] = {NULL, users_of(other, 3), users_of(&idle_item, 1)};
    static const char *const says[] = {
        "\"own_lean\" is not built in, and nothing makes it here; register it",
        "\"own_lean\" is not built in, and its version",
        "\"own_lean\" is not built in, and nothing makes it here",
    };
    for (int k = 0; k < 3; k++) {
        const lf_run_job job = job_of(config, lists[k], 2, 1);
        const char *const folder = lf_testing_path(&data, "refused");
        lf_frame *table = NULL;
        lf_error error;
        assert_int_equal(lf_run_backtest(&job, model, false, folder, NULL, &error), LF_MISMATCH);
        assert_non_null(strstr(error.message, says[k]));
        assert_int_equal(access(folder, F_OK), -1);
        assert_int_equal(lf_run_predict_table(&job, model, false, &table, &error), LF_MISMATCH);
        assert_non_null(strstr(error.message, says[k]));
        lf_feature_users_destroy(lists[k]);
    }
    lf_model_destroy(model);
    free(config);
}

/* The line compares each prediction made while trading with the one that was scored, to the bit. */
static void test_line(void **state)
{
    (void)state;
    lf_config *const config = new_config();
    lf_feature_users *const users = in_another_order();
    static const size_t counts[] = {1, DAYS};
    static const char *const names[] = {"blocks", "days"};
    for (size_t k = 0; k < 2; k++) {
        const lf_run_job job = job_of(config, users, 0, counts[k]);
        lf_error error;
        if (lf_run_line(&job, lf_testing_path(&data, names[k]), NULL, &error) != LF_OK) {
            fail_msg("%s", error.message);
        }
    }
    lf_feature_users_destroy(users);
    free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_line),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
