/*
 * Goal: a gzip file gives the same text through ISA-L as through libarchive's own filter, whatever
 * its header, size and number of members; one that is damaged or cut off is refused, and so is one
 * whose checksum is wrong, which libarchive does not see.
 * Method: files of made text read both ways, and every cut and change of a small one. Without ISA-L
 * the test says so.
 */
#include "gzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

/* All text of an open archive; false when it is refused. */
static bool read_text(struct archive *archive, char *text, size_t room, size_t *bytes)
{
    struct archive_entry *entry;
    *bytes = 0;
    if (archive_read_next_header(archive, &entry) != ARCHIVE_OK) {
        return false;
    }
    for (;;) {
        /* Little at a time: libarchive drops what it has when the rest is refused. */
        const size_t most = room - *bytes < 1000 ? room - *bytes : 1000;
        const la_ssize_t got = archive_read_data(archive, text + *bytes, most);
        if (got <= 0) {
            return got == 0;
        }
        *bytes += (size_t)got;
    }
}

static struct archive *new_archive(bool has_gzip)
{
    struct archive *const archive = archive_read_new();
    assert_non_null(archive);
    assert_int_equal(archive_read_support_format_raw(archive), ARCHIVE_OK);
    if (has_gzip) {
        assert_int_equal(archive_read_support_filter_gzip(archive), ARCHIVE_OK);
    }
    return archive;
}

/* The text as libarchive alone has it. */
static bool read_plain(const char *path, char *text, size_t room, size_t *bytes)
{
    struct archive *const archive = new_archive(true);
    assert_int_equal(archive_read_open_filename(archive, path, 10240), ARCHIVE_OK);
    const bool is_read = read_text(archive, text, room, bytes);
    archive_read_free(archive);
    return is_read;
}

/* The text by ISA-L. */
static bool read_fast(const char *path, char *text, size_t room, size_t *bytes)
{
    lfi_gzip *gzip;
    size_t file_bytes;
    assert_int_equal(lfi_gzip_open(NULL, path, &gzip, NULL), LF_OK);
    assert_non_null(gzip);
    struct archive *const archive = new_archive(false);
    const bool is_read =
        lfi_gzip_attach(gzip, archive) == ARCHIVE_OK && read_text(archive, text, room, bytes);
    lf_release(NULL, ft_read(path, &file_bytes));
    assert_true(lfi_gzip_input_bytes(gzip) <= (int64_t)file_bytes);
    archive_read_free(archive);
    lfi_gzip_close(gzip);
    return is_read;
}

static bool has_isal(void)
{
    lfi_gzip *gzip;
    const ft_member member = {"x", "a\n"};
    const char *const path = ft_pack(
        lf_testing_home(), "any", &(ft_archive){.format = "raw", .filter = "gzip"}, &member, 1
    );
    assert_int_equal(lfi_gzip_open(NULL, path, &gzip, NULL), LF_OK);
    const bool is_there = gzip != NULL;
    lfi_gzip_close(gzip);
    if (!is_there) {
        print_message("skipped: built without ISA-L\n");
        skip();
    }
    return is_there;
}

static void expect_equal(const char *path, size_t room)
{
    char *const plain = lf_allocate(NULL, room, 1);
    char *const fast = lf_allocate(NULL, room, 1);
    size_t plain_bytes, fast_bytes;
    assert_true(read_plain(path, plain, room, &plain_bytes));
    assert_true(read_fast(path, fast, room, &fast_bytes));
    assert_int_equal(fast_bytes, plain_bytes);
    assert_memory_equal(fast, plain, plain_bytes);
    lf_release(NULL, plain);
    lf_release(NULL, fast);
}

/* Lines that repeat themselves more or less, or not at all. */
static void make_text(char *text, size_t bytes, uint64_t seed)
{
    lf_random random;
    size_t at = 0;
    lf_random_seed(&random, seed, 0);
    while (at < bytes) {
        const size_t back = 1 + (size_t)lf_random_below(&random, 60000);
        const size_t left = bytes - at;
        size_t count = 1 + (size_t)lf_random_below(&random, 40);
        count = count < left ? count : left;
        const bool repeats = back <= at && lf_random_below(&random, 1 + seed % 5) > 0;
        for (size_t i = 0; i < count; i++, at++) {
            text[at] = repeats ? text[at - back] : (char)(' ' + lf_random_below(&random, 94));
        }
    }
    text[bytes] = '\0';
}

static void test_equals_libarchive(void **state)
{
    (void)state;
    static const char *const levels[] = {"0", "1", "6", "9"};
    static const size_t sizes[] = {1, 5, 32768, 131072, 131073, 3000000};
    const size_t most = 3000000;
    char *const text = lf_allocate(NULL, most + 1, 1);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && has_isal(); i++) {
        for (size_t k = 0; k < sizeof levels / sizeof levels[0]; k++) {
            char options[64];
            (void)snprintf(options, sizeof options, "gzip:compression-level=%s", levels[k]);
            const ft_archive how = {.format = "raw", .filter = "gzip", .options = options};
            const ft_member member = {"x", text};
            make_text(text, sizes[i], 10 * i + k);
            expect_equal(ft_pack(lf_testing_home(), "text.gz", &how, &member, 1), most + 1);
        }
    }
    lf_release(NULL, text);
}

/* A small file, to be changed. */
static char *pack_small(size_t *bytes)
{
    char text[801];
    make_text(text, 800, 3);
    const ft_member member = {"x", text};
    const ft_archive how = {.format = "raw", .filter = "gzip"};
    return ft_read(ft_pack(lf_testing_home(), "small.gz", &how, &member, 1), bytes);
}

/* CRC-32 of a header, bit by bit. */
static uint32_t crc_of(const unsigned char *bytes, size_t count)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < 8 * count; i++) {
        const uint32_t bit = (crc ^ (uint32_t)(bytes[i / 8] >> (i % 8))) & 1;
        crc = crc >> 1 ^ (bit != 0 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

/* Writes a file whose header has other fields, and bytes behind its end. */
static const char *write_with_fields(
    const char *small, size_t bytes, int flags, const char *behind, size_t behind_bytes
)
{
    static unsigned char file[4096];
    size_t at = 10;
    memcpy(file, small, 10);
    file[3] = (unsigned char)flags;
    if ((flags & 4) != 0) {
        memcpy(file + at, "\x05\x00xtra!", 7);
        at += 7;
    }
    if ((flags & 8) != 0) {
        memcpy(file + at, "name.csv", 9);
        at += 9;
    }
    if ((flags & 16) != 0) {
        memcpy(file + at, "a comment", 10);
        at += 10;
    }
    if ((flags & 2) != 0) {
        const uint32_t crc = crc_of(file, at);
        file[at++] = (unsigned char)crc;
        file[at++] = (unsigned char)(crc >> 8);
    }
    memcpy(file + at, small + 10, bytes - 10);
    at += bytes - 10;
    memcpy(file + at, behind, behind_bytes);
    const char *const path = lf_testing_path(lf_testing_home(), "fields.gz");
    ft_write_bytes(path, file, at + behind_bytes);
    return path;
}

static void test_headers_and_ends(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t count;
    } ends[] = {
        {"", 0}, {"\0\0\0\0\0\0", 6}, {"rubbish", 7}, {"\x1f", 1}, {"\x1f\x8b\x07zzzzz", 8}};
    size_t bytes;
    char *const small = pack_small(&bytes);
    assert_int_equal(small[3], 0);
    for (int flags = 0; flags < 32 && has_isal(); flags++) {
        expect_equal(write_with_fields(small, bytes, flags, "", 0), 4096);
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        expect_equal(write_with_fields(small, bytes, 0, ends[i].bytes, ends[i].count), 4096);
    }
    /* A second member is read on, an unknown flag is no gzip. */
    expect_equal(write_with_fields(small, bytes, 8, small, bytes), 4096);
    lfi_gzip *gzip;
    const char *const path = write_with_fields(small, bytes, 0x20, "", 0);
    assert_int_equal(lfi_gzip_open(NULL, path, &gzip, NULL), LF_OK);
    assert_null(gzip);
    lf_release(NULL, small);
}

/* Every cut and every changed bit is an error, but for what fills the last byte of the data. */
static void test_damage(void **state)
{
    (void)state;
    char whole[1024], some[4096];
    size_t bytes, whole_bytes = 0, some_bytes, pass_count = 0;
    char *const small = pack_small(&bytes);
    const char *path = lf_testing_path(lf_testing_home(), "damaged.gz");
    if (!has_isal()) {
        return;
    }
    ft_write_bytes(path, small, bytes);
    assert_true(read_fast(path, whole, sizeof whole, &whole_bytes));
    assert_int_equal(whole_bytes, 800);
    for (size_t at = 4; at < bytes; at++) {
        ft_write_bytes(path, small, at);
        assert_false(read_fast(path, some, sizeof some, &some_bytes));
    }
    for (size_t bit = 8 * 10; bit < 8 * bytes; bit++) {
        small[bit / 8] = (char)(small[bit / 8] ^ 1 << (bit % 8));
        ft_write_bytes(path, small, bytes);
        if (read_fast(path, some, sizeof some, &some_bytes)) {
            assert_int_equal(some_bytes, whole_bytes);
            assert_memory_equal(some, whole, whole_bytes);
            assert_int_equal(bit / 8, bytes - 9);
            pass_count++;
        }
        small[bit / 8] = (char)(small[bit / 8] ^ 1 << (bit % 8));
    }
    assert_true(pass_count < 8);
    lf_release(NULL, small);
}

/* What was inflated before the damage is read before it is told. */
static void test_text_before_damage(void **state)
{
    (void)state;
    const size_t most = 500000;
    char *const text = lf_allocate(NULL, most + 1, 1);
    char *const some = lf_allocate(NULL, most + 1, 1);
    size_t bytes, some_bytes;
    if (has_isal()) {
        make_text(text, most, 2);
        const ft_archive how = {.format = "raw", .filter = "gzip"};
        const ft_member member = {"x", text};
        char *const file = ft_read(ft_pack(lf_testing_home(), "long.gz", &how, &member, 1), &bytes);
        const char *const path = lf_testing_path(lf_testing_home(), "cut.gz");
        ft_write_bytes(path, file, bytes - bytes / 4);
        assert_false(read_fast(path, some, most + 1, &some_bytes));
        assert_true(some_bytes > most / 2);
        assert_memory_equal(some, text, some_bytes);
        lf_release(NULL, file);
    }
    lf_release(NULL, text);
    lf_release(NULL, some);
}

/* What is no file of gzip is left to libarchive, and so is what is not there. */
static void test_others(void **state)
{
    (void)state;
    lfi_gzip *gzip;
    const char *const paths[] = {
        ft_write(lf_testing_home(), "plain", "1,2,3\n"),
        ft_write(lf_testing_home(), "short", "\x1f\x8b"),
        ft_write(lf_testing_home(), "empty", ""),
        "/dev/null",
        "/no/such/file",
        "/tmp",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(lfi_gzip_open(NULL, paths[i], &gzip, NULL), LF_OK);
        assert_null(gzip);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_libarchive),
        cmocka_unit_test(test_headers_and_ends),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_text_before_damage),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, lf_testing_home_make, lf_testing_home_remove);
}
