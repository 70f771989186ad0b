/*
 * Goal: a feature is there when six things are: definition, unit, warm-up, source, reference (the
 * slow twin) and vector (stored numbers). What lacks one fails here, by name.
 * Method: the registry, the twin's rows of a random session, and vectors.csv beside this file, in
 * which each feature must be defined and not 0. The stored numbers are the twin's; the engine must
 * give them again. "feature_complete_test --write FILE" makes the file anew.
 */
#include "twin_row_testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define FEATURES ((size_t)LFI_FEATURE_COUNT)
#define BUCKET_LOTS 60
/* A row each so many seconds of a session of so many. */
#define ROW_STEP_S 11
#define SESSION_S 660
#define ROWS (SESSION_S / ROW_STEP_S)
#define VECTORS LOBFLOW_SOURCE_DIR "/src/feature/vectors.csv"

/* The session whose rows are stored. */
static market make_session(void)
{
    const market_options options = {
        .seed = 44,
        .event_count = 2500,
        .length_s = SESSION_S,
        .base_ticks = 20000,
        .level_count = 10,
        .is_clean = true,
    };
    return market_make(&options);
}

static int64_t row_time(const market *day, size_t row)
{
    return day->instrument.session_open_ns + (int64_t)(row + 1) * ROW_STEP_S * LF_NS_PER_SECOND - 1;
}

static void twin_rows(const market *day, double rows[ROWS][FEATURES])
{
    twin reference = twin_make(day, BUCKET_LOTS);
    for (size_t k = 0; k < ROWS; k++) {
        (void)twin_row(&reference, row_time(day, k), rows[k]);
    }
    twin_free(&reference);
}

static bool tells(double value)
{
    return !isnan(value) && value != 0;
}

/* ---- the stored file ---------------------------------------------------------------------- */

static int write_vectors(const char *path)
{
    static double rows[ROWS][FEATURES];
    market day = make_session();
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return 1;
    }
    twin_rows(&day, rows);
    (void)fprintf(file, "ts_event");
    for (size_t i = 0; i < FEATURES; i++) {
        (void)fprintf(file, ",%s", lf_feature_at(i)->name);
    }
    for (size_t k = 0; k < ROWS; k++) {
        (void)fprintf(file, "\n%lld", (long long)row_time(&day, k));
        for (size_t i = 0; i < FEATURES; i++) {
            char text[LF_DOUBLE_TEXT_BYTES];
            (void)lf_double_format(rows[k][i], text);
            (void)fprintf(file, ",%s", text);
        }
    }
    (void)fprintf(file, "\n");
    market_free(&day);
    return fclose(file) == 0 ? 0 : 1;
}

/* Columns of a file in the order of features; those that it lacks are undefined. */
static void read_vectors(const char *path, double rows[ROWS][FEATURES])
{
    lf_error error;
    lf_frame *table;
    if (lf_frame_read(path, &table, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(lf_frame_row_count(table), ROWS);
    for (size_t i = 0; i < FEATURES; i++) {
        const size_t column = lf_frame_find(table, lf_feature_at(i)->name);
        const bool is_whole =
            column != SIZE_MAX && lf_frame_column(table, column).kind == LF_COLUMN_I64;
        for (size_t k = 0; k < ROWS; k++) {
            rows[k][i] = column == SIZE_MAX ? NAN
                         : is_whole         ? (double)lf_frame_i64(table, column)[k]
                                            : lf_frame_f64(table, column)[k];
        }
    }
    lf_frame_destroy(table);
}

/* ---- what a feature needs ----------------------------------------------------------------- */

/* What is known of one feature. */
typedef struct parts {
    lf_feature_info info;
    bool has_reference;
    bool has_vector;
} parts;

static bool is_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* The window that a name tells, at its end; 0: none. */
static int64_t window_of(const char *name)
{
    static const struct {
        const char *suffix;
        int64_t window_ns;
    } suffixes[] = {
        {"_1s", LF_NS_PER_SECOND},
        {"_10s", 10 * LF_NS_PER_SECOND},
        {"_1min", LF_NS_PER_MINUTE},
        {"_5min", 5 * LF_NS_PER_MINUTE},
    };
    const size_t length = strlen(name);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        const size_t tail = strlen(suffixes[i].suffix);
        if (length > tail && strcmp(name + length - tail, suffixes[i].suffix) == 0) {
            return suffixes[i].window_ns;
        }
    }
    return 0;
}

/* The first of the six that is missing, or NULL. */
static const char *lacks(const parts *feature)
{
    const lf_feature_info *info = &feature->info;
    if (!is_text(info->name) || !is_text(info->formula)) {
        return "definition";
    }
    if (!is_text(info->unit)) {
        return "unit";
    }
    if (info->warmup_ns < window_of(info->name)) {
        return "warm-up";
    }
    if (!is_text(info->source)) {
        return "source";
    }
    if (!feature->has_reference) {
        return "reference";
    }
    return feature->has_vector ? NULL : "vector";
}

static void test_complete(void **state)
{
    (void)state;
    static double reference[ROWS][FEATURES];
    static double stored[ROWS][FEATURES];
    market day = make_session();
    twin_rows(&day, reference);
    read_vectors(VECTORS, stored);
    for (size_t i = 0; i < FEATURES; i++) {
        parts feature = {.info = *lf_feature_at(i)};
        for (size_t k = 0; k < ROWS; k++) {
            feature.has_reference = feature.has_reference || tells(reference[k][i]);
            feature.has_vector = feature.has_vector || tells(stored[k][i]);
        }
        const char *missing = lacks(&feature);
        if (missing != NULL) {
            fail_msg(
                "%s lacks its %s; docs/modules/feature.md, \"Adding a feature\", says how",
                feature.info.name,
                missing
            );
        }
    }
    market_free(&day);
}

/* Fitted features have their reference and their numbers in fitted_test.c; the rest is asked here.
 */
static void test_fitted(void **state)
{
    (void)state;
    for (size_t i = FEATURES; i < lf_feature_count_all(); i++) {
        const parts feature = {
            .info = *lf_feature_at(i), .has_reference = true, .has_vector = true};
        assert_true(feature.info.is_fitted);
        const char *missing = lacks(&feature);
        if (missing != NULL) {
            fail_msg("%s lacks its %s", feature.info.name, missing);
        }
    }
}

/* The check finds each of the six when it is taken away. */
static void test_each_is_missed(void **state)
{
    (void)state;
    const parts whole = {
        .info = *lf_feature_at(LFI_OFI_1MIN),
        .has_reference = true,
        .has_vector = true,
    };
    assert_null(lacks(&whole));
    parts broken[8] = {whole, whole, whole, whole, whole, whole, whole, whole};
    static const char *const names[8] = {
        "definition",
        "definition",
        "unit",
        "unit",
        "warm-up",
        "source",
        "reference",
        "vector",
    };
    broken[0].info.formula = NULL;
    broken[1].info.formula = "";
    broken[2].info.unit = NULL;
    broken[3].info.unit = "";
    broken[4].info.warmup_ns = 10 * LF_NS_PER_SECOND;
    broken[5].info.source = NULL;
    broken[6].has_reference = false;
    broken[7].has_vector = false;
    for (size_t i = 0; i < 8; i++) {
        assert_string_equal(lacks(&broken[i]), names[i]);
    }
}

/* A column that the file lacks is a vector that is missing, not one that agrees. */
static void test_lost_column(void **state)
{
    (void)state;
    static double rows[ROWS][FEATURES];
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    const char *path = lf_testing_path(&folder, "vectors.csv");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file, "ts_event,vpin\n");
    for (size_t k = 0; k < ROWS; k++) {
        (void)fprintf(file, "%d,0.5\n", (int)k);
    }
    assert_int_equal(fclose(file), 0);
    read_vectors(path, rows);
    assert_true(tells(rows[0][LFI_VPIN]));
    assert_false(tells(rows[0][LFI_OFI_1S]));
    lf_testing_folder_remove(&folder);
}

/* The engine gives the stored rows. */
static void test_stored(void **state)
{
    (void)state;
    static double stored[ROWS][FEATURES];
    read_vectors(VECTORS, stored);
    market day = make_session();
    const lf_feature_options options = {.vpin_bucket_lots = BUCKET_LOTS};
    lf_feature_engine *engine;
    assert_int_equal(lf_feature_engine_create(&day.instrument, &options, &engine, NULL), LF_OK);
    size_t next = 0;
    for (size_t k = 0; k < ROWS; k++) {
        double row[FEATURES];
        bool valid;
        for (; day.events[next].ts_exchange_ns <= row_time(&day, k); next++) {
            const lf_event *event = &day.events[next];
            assert_true(next + 1 < day.event_count);
            assert_int_equal(
                lf_feature_update(engine, event, day.trades + event->trade_first), LF_OK
            );
        }
        lf_feature_row(engine, row_time(&day, k), row, &valid);
        assert_true(valid);
        for (size_t i = 0; i < FEATURES; i++) {
            if (!twin_agrees(i, row[i], stored[k][i])) {
                const char *name = lf_feature_at(i)->name;
                fail_msg("row %zu: %s is %.17g, stored %.17g", k, name, row[i], stored[k][i]);
            }
        }
    }
    lf_feature_engine_destroy(engine);
    market_free(&day);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        return write_vectors(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete),
        cmocka_unit_test(test_fitted),
        cmocka_unit_test(test_each_is_missed),
        cmocka_unit_test(test_lost_column),
        cmocka_unit_test(test_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
