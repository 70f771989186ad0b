/*
 * Goal: every kind of column survives every kind of file, a failed write leaves nothing, and a
 * missing plugin or a wrong name is one clear error.
 * Method: round trips through all endings (Parquet and Arrow only where the plugin is built), a
 * full device, a limit on file sizes, damaged files, every allocation failing in turn; the times of
 * a day-sized table are printed.
 */
#include <lobflow/frame.h>

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "../../tests/testing.h"
#include "frame_internal.h"

static const char *const endings[] = {".csv", ".parquet", ".arrow"};

#define ENDING_COUNT (sizeof endings / sizeof endings[0])

static bool has_plugin(void)
{
    const lfi_arrow_plugin *plugin;
    const bool found = lfi_plugin_load(&plugin, NULL) == LF_OK;
    if (!found) {
        print_message("skipped: no Arrow plugin\n");
    }
    return found;
}

/* Endings that can be tried here. */
static size_t usable_endings(void)
{
    return has_plugin() ? ENDING_COUNT : 1;
}

static const char *file_path(void **state, const char *name, size_t ending)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%s%s", name, endings[ending]);
    return lf_testing_path(*state, text);
}

static lf_status create_sample(const lf_allocator *allocator, size_t rows, lf_frame **out)
{
    static const lf_column_spec specs[] = {
        {"ts_event", LF_COLUMN_TIME},
        {"symbol", LF_COLUMN_TEXT},
        {"valid", LF_COLUMN_BOOL},
        {"count", LF_COLUMN_I64},
        {"value", LF_COLUMN_F64},
    };
    lf_status status = lf_frame_create(allocator, specs, 5, rows, out, NULL);
    if (status == LF_OK) {
        status = lf_frame_append(*out, rows);
    }
    for (size_t i = 0; status == LF_OK && i < rows; i++) {
        lf_frame_i64(*out, 0)[i] = INT64_C(1340285400000000001) + (int64_t)i * LF_NS_PER_SECOND;
        lf_frame_bool(*out, 2)[i] = i % 3 == 0;
        lf_frame_i64(*out, 3)[i] = i % 7 == 0 ? INT64_MIN + (int64_t)i : INT64_MAX - (int64_t)i;
        lf_frame_f64(*out, 4)[i] = i % 5 == 0 ? (double)NAN : (double)i * 0.1 + 0.05;
        status = lf_frame_set_text(*out, 1, i, 1, i % 11 == 0 ? "" : i % 2 == 0 ? "GOOG" : "A,\"B");
    }
    return status;
}

static void check_equal(lf_frame *a, lf_frame *b)
{
    const size_t rows = lf_frame_row_count(a);
    assert_true(lfi_frame_same_columns(a, b));
    assert_int_equal(lf_frame_row_count(b), rows);
    assert_memory_equal(lf_frame_i64(a, 0), lf_frame_i64(b, 0), rows * 8);
    assert_memory_equal(lf_frame_bool(a, 2), lf_frame_bool(b, 2), rows);
    assert_memory_equal(lf_frame_i64(a, 3), lf_frame_i64(b, 3), rows * 8);
    for (size_t i = 0; i < rows; i++) {
        assert_string_equal(lf_frame_text(a, 1, i), lf_frame_text(b, 1, i));
        const double x = lf_frame_f64(a, 4)[i];
        const double y = lf_frame_f64(b, 4)[i];
        assert_true(x == y || (isnan(x) && isnan(y)));
    }
}

static void test_round_trips(void **state)
{
    static const size_t sizes[] = {1, 9, 1000};
    const size_t usable = usable_endings();
    for (size_t ending = 0; ending < usable; ending++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            const char *path = file_path(state, "sample", ending);
            lf_frame *frame;
            lf_frame *back;
            lf_error error;
            assert_int_equal(create_sample(NULL, sizes[i], &frame), LF_OK);
            assert_int_equal(lf_frame_write(frame, path, &error), LF_OK);
            assert_int_equal(lf_frame_read(path, &back, &error), LF_OK);
            check_equal(frame, back);
            lf_frame_destroy(frame);
            lf_frame_destroy(back);
        }
    }
}

static void test_empty_table(void **state)
{
    const size_t usable = usable_endings();
    for (size_t ending = 0; ending < usable; ending++) {
        const char *path = file_path(state, "empty", ending);
        lf_frame *frame;
        lf_frame *back;
        lf_error error;
        assert_int_equal(create_sample(NULL, 0, &frame), LF_OK);
        assert_int_equal(lf_frame_write(frame, path, &error), LF_OK);
        assert_int_equal(lf_frame_read(path, &back, &error), LF_OK);
        assert_int_equal(lf_frame_row_count(back), 0);
        assert_int_equal(lf_frame_column_count(back), 5);
        lf_frame_destroy(frame);
        lf_frame_destroy(back);
    }
}

static void test_many_batches(void **state)
{
    const size_t usable = usable_endings();
    for (size_t ending = 0; ending < usable; ending++) {
        const char *path = file_path(state, "batches", ending);
        lf_frame *part;
        lf_frame *whole;
        lf_frame *back;
        lf_frame_writer *writer;
        lf_error error;
        assert_int_equal(create_sample(NULL, 0, &whole), LF_OK);
        assert_int_equal(lf_frame_writer_create(path, whole, &writer, &error), LF_OK);
        for (size_t i = 0; i < 20; i++) {
            assert_int_equal(create_sample(NULL, i * 10, &part), LF_OK);
            assert_int_equal(lf_frame_writer_write(writer, part, &error), LF_OK);
            assert_int_equal(lf_frame_concat(whole, part), LF_OK);
            lf_frame_destroy(part);
        }
        assert_int_not_equal(access(path, F_OK), 0);
        assert_int_equal(lf_frame_writer_finish(writer, &error), LF_OK);
        lf_frame_writer_destroy(writer);
        assert_int_equal(lf_frame_read(path, &back, &error), LF_OK);
        check_equal(whole, back);
        lf_frame_destroy(whole);
        lf_frame_destroy(back);
    }
}

static void test_mismatch_and_unfinished(void **state)
{
    const lf_testing_folder *folder = *state;
    const size_t usable = usable_endings();
    const lf_column_spec other_spec = {"x", LF_COLUMN_F64};
    for (size_t ending = 0; ending < usable; ending++) {
        const int entries = lf_testing_entry_count(folder->path);
        const char *path = file_path(state, "unfinished", ending);
        lf_frame *frame;
        lf_frame *other;
        lf_frame_writer *writer;
        lf_error error;
        assert_int_equal(create_sample(NULL, 5, &frame), LF_OK);
        assert_int_equal(lf_frame_create(NULL, &other_spec, 1, 0, &other, NULL), LF_OK);
        assert_int_equal(lf_frame_writer_create(path, frame, &writer, &error), LF_OK);
        assert_int_equal(lf_frame_writer_write(writer, frame, &error), LF_OK);
        assert_int_equal(lf_frame_writer_write(writer, other, &error), LF_MISMATCH);
        lf_frame_writer_destroy(writer);
        assert_int_equal(lf_testing_entry_count(folder->path), entries);
        lf_frame_destroy(frame);
        lf_frame_destroy(other);
    }
    lf_frame_writer_destroy(NULL);
}

static void test_unknown_endings(void **state)
{
    static const char *const names[] = {"table", "table.txt", "table.csv.gz", ".csv", "csv", ""};
    lf_frame *frame;
    assert_int_equal(create_sample(NULL, 5, &frame), LF_OK);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        lf_frame *back = frame;
        lf_error error;
        assert_int_equal(lf_frame_write(frame, names[i], &error), LF_RANGE);
        assert_string_equal(error.file, names[i]);
        assert_non_null(strstr(error.message, ".parquet, .arrow or .csv"));
        assert_int_equal(lf_frame_read(names[i], &back, &error), LF_RANGE);
        assert_null(back);
    }
    /* Case does not matter. */
    assert_int_equal(lf_frame_write(frame, lf_testing_path(*state, "T.CSV"), NULL), LF_OK);
    lf_frame_destroy(frame);
}

/* A device that is always full, under names with the right ending. */
static void test_full_device(void **state)
{
    const size_t usable = usable_endings();
    lf_frame *frame;
    assert_int_equal(create_sample(NULL, 1000, &frame), LF_OK);
    for (size_t ending = 0; ending < usable; ending++) {
        const char *path = file_path(state, "full", ending);
        assert_int_equal(symlink("/dev/full", path), 0);
        lf_error error;
        assert_int_equal(lf_frame_write(frame, path, &error), LF_IO);
        assert_string_equal(error.file, path);
        assert_non_null(strstr(error.message, "No space left on device"));
        assert_int_equal(unlink(path), 0);
    }
    lf_frame_destroy(frame);
}

/* The disk ends at the header, in the middle and at the very end. */
static void test_full_disk(void **state)
{
    const lf_testing_folder *folder = *state;
    const size_t usable = usable_endings();
    struct rlimit kept;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    lf_frame *frame;
    assert_int_equal(create_sample(NULL, 100000, &frame), LF_OK);
    for (size_t ending = 0; ending < usable; ending++) {
        const char *path = file_path(state, "disk", ending);
        assert_int_equal(lf_frame_write(frame, path, NULL), LF_OK);
        struct stat info;
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(unlink(path), 0);
        const int entries = lf_testing_entry_count(folder->path);
        const rlim_t limits[] = {1, (rlim_t)info.st_size / 2, (rlim_t)info.st_size - 1};
        for (size_t i = 0; i < 3; i++) {
            const struct rlimit small = {.rlim_cur = limits[i], .rlim_max = kept.rlim_max};
            lf_error error;
            assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
            const lf_status status = lf_frame_write(frame, path, &error);
            assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
            assert_int_equal(status, LF_IO);
            assert_string_equal(error.file, path);
            assert_non_null(strstr(error.message, "cannot be written"));
            assert_int_equal(lf_testing_entry_count(folder->path), entries);
        }
    }
    lf_frame_destroy(frame);
}

static void test_damaged_files(void **state)
{
    if (!has_plugin()) {
        skip();
    }
    for (size_t ending = 1; ending < ENDING_COUNT; ending++) {
        const char *path = file_path(state, "damaged", ending);
        lf_frame *frame;
        lf_frame *back;
        lf_error error;
        char *data;
        size_t bytes;
        assert_int_equal(lf_frame_read(path, &back, &error), LF_NOT_FOUND);
        assert_int_equal(create_sample(NULL, 100, &frame), LF_OK);
        assert_int_equal(lf_frame_write(frame, path, &error), LF_OK);
        lf_frame_destroy(frame);
        assert_int_equal(lf_file_read_all(NULL, path, &data, &bytes, &error), LF_OK);
        const size_t cuts[] = {0, 1, 10, bytes / 2, bytes - 1};
        for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
            assert_int_equal(lf_file_write_atomic(path, data, cuts[i], NULL), LF_OK);
            assert_int_equal(lf_frame_read(path, &back, &error), LF_FORMAT);
            assert_null(back);
            assert_string_equal(error.file, path);
            assert_non_null(strstr(error.message, ending == 1 ? "Parquet" : "Arrow"));
        }
        lf_release(NULL, data);
    }
}

static void test_missing_plugin(void **state)
{
    lf_frame *frame;
    lf_error error;
    assert_int_equal(create_sample(NULL, 3, &frame), LF_OK);
    const char *kept = getenv("LOBFLOW_ARROW_PLUGIN");
    assert_int_equal(setenv("LOBFLOW_ARROW_PLUGIN", "/nowhere/plugin.so", 1), 0);
    const char *path = lf_testing_path(*state, "none.parquet");
    assert_int_equal(lf_frame_write(frame, path, &error), LF_DEPENDENCY);
    assert_non_null(strstr(error.message, "make setup"));
    assert_non_null(strstr(error.message, "/nowhere/plugin.so"));
    assert_int_not_equal(access(path, F_OK), 0);
    lf_frame *back;
    assert_int_equal(lf_frame_read(path, &back, &error), LF_DEPENDENCY);
    assert_null(back);
    if (kept != NULL) {
        assert_int_equal(setenv("LOBFLOW_ARROW_PLUGIN", kept, 1), 0);
    } else {
        assert_int_equal(unsetenv("LOBFLOW_ARROW_PLUGIN"), 0);
    }
    lf_frame_destroy(frame);
}

static void test_same_bytes(void **state)
{
    const size_t usable = usable_endings();
    for (size_t ending = 0; ending < usable; ending++) {
        uint64_t hashes[2];
        for (size_t i = 0; i < 2; i++) {
            const char *path = file_path(state, i == 0 ? "first" : "second", ending);
            lf_frame *frame;
            char *data;
            size_t bytes;
            assert_int_equal(create_sample(NULL, 5000, &frame), LF_OK);
            assert_int_equal(lf_frame_write(frame, path, NULL), LF_OK);
            lf_frame_destroy(frame);
            assert_int_equal(lf_file_read_all(NULL, path, &data, &bytes, NULL), LF_OK);
            hashes[i] = lf_hash64(data, bytes, 0);
            lf_release(NULL, data);
        }
        assert_true(hashes[0] == hashes[1]);
    }
}

static void test_without_memory(void **state)
{
    const size_t usable = usable_endings();
    for (size_t ending = 0; ending < usable; ending++) {
        const char *path = file_path(state, "hunger", ending);
        for (uint64_t n = 0;; n++) {
            lf_testing_memory memory;
            lf_testing_memory_start(&memory, n);
            lf_frame *frame;
            lf_frame *back = NULL;
            lf_status status = create_sample(&memory.allocator, 20, &frame);
            if (status == LF_OK) {
                status = lf_frame_write(frame, path, NULL);
            }
            if (status == LF_OK) {
                status = lfi_frame_read(&memory.allocator, path, &back, NULL);
            }
            lf_frame_destroy(frame);
            lf_frame_destroy(back);
            assert_int_equal(memory.live, 0);
            if (memory.calls <= n) {
                assert_int_equal(status, LF_OK);
                break;
            }
            assert_int_equal(status, LF_NOMEM);
        }
    }
}

/* 200,000 rows of 65 columns: several days of one-second rows with all features. */
static void test_times_of_a_large_table(void **state)
{
    enum {
        FLOATS = 62,
        COLUMN_COUNT = FLOATS + 3,
        ROWS = 200000
    };
    static char names[FLOATS][16];
    lf_column_spec specs[COLUMN_COUNT] = {
        {"ts_event", LF_COLUMN_TIME}, {"symbol", LF_COLUMN_TEXT}, {"valid", LF_COLUMN_BOOL}};
    for (size_t i = 0; i < FLOATS; i++) {
        (void)snprintf(names[i], sizeof names[i], "feature_%zu", i);
        specs[i + 3] = (lf_column_spec){names[i], LF_COLUMN_F64};
    }
    lf_frame *frame;
    assert_int_equal(lf_frame_create(NULL, specs, COLUMN_COUNT, ROWS, &frame, NULL), LF_OK);
    assert_int_equal(lf_frame_append(frame, ROWS), LF_OK);
    assert_int_equal(lf_frame_set_text(frame, 1, 0, ROWS, "GOOG"), LF_OK);
    lf_random random;
    lf_random_seed(&random, 1, 0);
    for (size_t row = 0; row < ROWS; row++) {
        lf_frame_i64(frame, 0)[row] = (int64_t)row * LF_NS_PER_SECOND;
        lf_frame_bool(frame, 2)[row] = 1;
        for (size_t i = 0; i < FLOATS; i++) {
            /* Half like counts, half like ratios. */
            lf_frame_f64(frame, i + 3)[row] =
                i % 2 == 0 ? (double)lf_random_below(&random, 1000) : lf_random_normal(&random);
        }
    }
    const size_t usable = usable_endings();
    for (size_t ending = 0; ending < usable; ending++) {
        const char *path = file_path(state, "large", ending);
        const int64_t start = lf_clock_monotonic_ns();
        assert_int_equal(lf_frame_write(frame, path, NULL), LF_OK);
        const int64_t middle = lf_clock_monotonic_ns();
        lf_frame *back;
        assert_int_equal(lf_frame_read(path, &back, NULL), LF_OK);
        const int64_t end = lf_clock_monotonic_ns();
        struct stat info;
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(lf_frame_row_count(back), ROWS);
        assert_memory_equal(lf_frame_f64(back, 4), lf_frame_f64(frame, 4), ROWS * sizeof(double));
        print_message(
            "%-8s 200,000 x 65: write %.3f s, read %.3f s, %.1f MB\n",
            endings[ending],
            (double)(middle - start) / 1e9,
            (double)(end - middle) / 1e9,
            (double)info.st_size / 1e6
        );
        lf_frame_destroy(back);
        assert_int_equal(unlink(path), 0);
    }
    lf_frame_destroy(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_empty_table),
        cmocka_unit_test(test_many_batches),
        cmocka_unit_test(test_mismatch_and_unfinished),
        cmocka_unit_test(test_unknown_endings),
        cmocka_unit_test(test_full_device),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_missing_plugin),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_times_of_a_large_table),
    };
    return cmocka_run_group_tests(tests, lf_testing_home_make, lf_testing_home_remove);
}
