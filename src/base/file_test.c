/*
 * Goal: files are read whole, appear whole or not at all, and every failure is one clear error.
 * Method: a folder of our own, a device that is always full, a limit on the size of files, failing
 * allocations.
 */
#include <lobflow/base.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "../../tests/testing.h"

static void test_round_trip(void **state)
{
    const lf_testing_folder *folder = *state;
    static const size_t sizes[] = {0, 1, 4095, 4096, 262143, 262144, 262145, 1000000};
    unsigned char *data = malloc(1000000);
    assert_non_null(data);
    for (size_t i = 0; i < 1000000; i++) {
        data[i] = (unsigned char)(i * 31 + i / 256);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const char *path = lf_testing_path(folder, "data");
        lf_error error;
        assert_int_equal(lf_file_write_atomic(path, data, sizes[i], &error), LF_OK);
        char *back;
        size_t bytes;
        assert_int_equal(lf_file_read_all(NULL, path, &back, &bytes, &error), LF_OK);
        assert_int_equal(bytes, sizes[i]);
        assert_memory_equal(back, data, bytes);
        assert_int_equal(back[bytes], 0);
        lf_release(NULL, back);
    }
    free(data);
    assert_int_equal(lf_testing_entry_count(folder->path), 1);
}

static void test_pieces(void **state)
{
    const lf_testing_folder *folder = *state;
    const char *path = lf_testing_path(folder, "pieces");
    lf_output *output;
    lf_error error;
    assert_int_equal(lf_output_create(NULL, path, &output, &error), LF_OK);
    /* Nothing has the name before finish. */
    assert_int_not_equal(access(path, F_OK), 0);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(lf_output_format(output, &error, "%05d\n", i), LF_OK);
    }
    assert_int_equal(lf_output_bytes(output), 600000);
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(lf_output_format(output, &error, "%s", text), LF_RANGE);
    assert_int_equal(lf_output_finish(output, &error), LF_OK);
    assert_int_equal(lf_output_write(output, "x", 1, &error), LF_IO);
    assert_int_equal(lf_output_finish(output, &error), LF_IO);
    lf_output_destroy(output);

    char *back;
    size_t bytes;
    assert_int_equal(lf_file_read_all(NULL, path, &back, &bytes, &error), LF_OK);
    assert_int_equal(bytes, 600000);
    assert_memory_equal(back + 599994, "99999\n", 7);
    lf_release(NULL, back);
}

static void test_unfinished_leaves_the_old_file(void **state)
{
    const lf_testing_folder *folder = *state;
    const char *path = lf_testing_path(folder, "kept");
    assert_int_equal(lf_file_write_atomic(path, "old", 3, NULL), LF_OK);
    const int entries = lf_testing_entry_count(folder->path);
    lf_output *output;
    assert_int_equal(lf_output_create(NULL, path, &output, NULL), LF_OK);
    assert_int_equal(lf_output_write(output, "new", 3, NULL), LF_OK);
    assert_int_equal(lf_testing_entry_count(folder->path), entries + 1);
    lf_output_destroy(output);
    assert_int_equal(lf_testing_entry_count(folder->path), entries);
    char *back;
    size_t bytes;
    assert_int_equal(lf_file_read_all(NULL, path, &back, &bytes, NULL), LF_OK);
    assert_string_equal(back, "old");
    lf_release(NULL, back);
    lf_output_destroy(NULL);
}

static void test_full_device(void **state)
{
    (void)state;
    lf_output *output;
    lf_error error;
    assert_int_equal(lf_output_create(NULL, "/dev/full", &output, &error), LF_OK);
    assert_int_equal(lf_output_write(output, "abc", 3, &error), LF_OK);
    assert_int_equal(lf_output_finish(output, &error), LF_IO);
    assert_string_equal(error.file, "/dev/full");
    assert_non_null(strstr(error.message, "No space left on device"));
    lf_output_destroy(output);
    assert_int_equal(access("/dev/full", W_OK), 0);
}

/* The n-th byte does not fit: on the way or only at finish, nothing may stay. */
static void test_full_disk(void **state)
{
    const lf_testing_folder *folder = *state;
    const int entries = lf_testing_entry_count(folder->path);
    struct rlimit kept;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
    const struct rlimit small = {.rlim_cur = 300000, .rlim_max = kept.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    static const size_t sizes[] = {300001, 500000, 1000000};
    char *data = calloc(1, 1000000);
    assert_non_null(data);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const char *path = lf_testing_path(folder, "large");
        lf_error error;
        assert_int_equal(lf_file_write_atomic(path, data, sizes[i], &error), LF_IO);
        assert_string_equal(error.file, path);
        assert_non_null(strstr(error.message, "cannot be written"));
        assert_int_equal(lf_testing_entry_count(folder->path), entries);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
    free(data);
}

static void test_bad_paths(void **state)
{
    const lf_testing_folder *folder = *state;
    lf_error error;
    char *back = (char *)&back;
    size_t bytes = 7;
    const char *missing = lf_testing_path(folder, "no/such/file");
    assert_int_equal(lf_file_read_all(NULL, missing, &back, &bytes, &error), LF_NOT_FOUND);
    assert_null(back);
    assert_int_equal(bytes, 0);
    assert_string_equal(error.file, missing);
    assert_int_equal(lf_file_read_all(NULL, folder->path, &back, &bytes, &error), LF_IO);
    assert_int_equal(lf_file_write_atomic(missing, "x", 1, &error), LF_IO);
    assert_int_equal(lf_file_write_atomic(folder->path, "x", 1, &error), LF_IO);
    assert_int_equal(lf_file_write_atomic("", "x", 1, &error), LF_IO);
}

static void test_pipe(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    char path[64];
    (void)snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    assert_int_equal(lf_file_write_atomic(path, "through", 7, NULL), LF_OK);
    char text[8] = {0};
    assert_int_equal(read(ends[0], text, 7), 7);
    assert_string_equal(text, "through");
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_mkdirs(void **state)
{
    const lf_testing_folder *folder = *state;
    lf_error error;
    const char *path = lf_testing_path(folder, "a/b//c/");
    assert_int_equal(lf_mkdirs(path, &error), LF_OK);
    assert_int_equal(lf_mkdirs(path, &error), LF_OK);
    assert_int_equal(lf_testing_entry_count(path), 0);
    assert_int_equal(lf_mkdirs("/", &error), LF_OK);
    assert_int_equal(lf_mkdirs("", &error), LF_IO);
    const char *file = lf_testing_path(folder, "plain");
    assert_int_equal(lf_file_write_atomic(file, "x", 1, NULL), LF_OK);
    assert_int_equal(lf_mkdirs(file, &error), LF_IO);
    assert_int_equal(lf_mkdirs(lf_testing_path(folder, "plain/below"), &error), LF_IO);
    assert_non_null(strstr(error.message, "cannot be made"));
}

static void test_without_memory(void **state)
{
    const lf_testing_folder *folder = *state;
    const char *path = lf_testing_path(folder, "hunger");
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_output *output;
        char *back = NULL;
        size_t bytes;
        lf_status status = lf_output_create(&memory.allocator, path, &output, NULL);
        if (status == LF_OK) {
            assert_int_equal(lf_output_finish(output, NULL), LF_OK);
            status = lf_file_read_all(&memory.allocator, path, &back, &bytes, NULL);
        }
        lf_output_destroy(output);
        lf_release(&memory.allocator, back);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_unfinished_leaves_the_old_file),
        cmocka_unit_test(test_full_device),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_bad_paths),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_mkdirs),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, lf_testing_home_make, lf_testing_home_remove);
}
