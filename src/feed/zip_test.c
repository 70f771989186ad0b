/*
 * Goal: a deflated member of a plain zip archive is found by its name and gives the same text
 * through ISA-L as through libarchive; whatever is unusual in an archive is left to libarchive; and
 * a member that is damaged, cut off or not what its headers say is refused.
 * Method: archives of made text read both ways, and a small one with its fields changed one by one.
 */
#include "gzip.h"
#include "zip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

/* ---- reading ---------------------------------------------------------------------------- */

/* The text of a member as libarchive alone has it; false when it is refused. */
static bool read_plain(const char *path, const char *name, char *text, size_t room, size_t *bytes)
{
    struct archive *const archive = archive_read_new();
    struct archive_entry *entry;
    assert_int_equal(archive_read_support_format_zip(archive), ARCHIVE_OK);
    assert_int_equal(archive_read_open_filename(archive, path, 10240), ARCHIVE_OK);
    bool is_there = false;
    while (!is_there && archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
        is_there = strcmp(archive_entry_pathname(entry), name) == 0;
    }
    const la_ssize_t got = is_there ? archive_read_data(archive, text, room) : -1;
    archive_read_free(archive);
    *bytes = got >= 0 ? (size_t)got : 0;
    return got >= 0;
}

/* The text of a member as the library has it, as far as there is room; its bytes in any case. */
static lf_status
read_stream(const char *path, const char *name, char *text, size_t room, size_t *bytes)
{
    lfi_stream *stream = NULL;
    const char *line = "";
    size_t length;
    *bytes = 0;
    lf_status status = lfi_stream_open(NULL, path, name, &stream, NULL);
    while (status == LF_OK && line != NULL) {
        status = lfi_stream_line(stream, &line, &length, NULL);
        if (status == LF_OK && line != NULL) {
            if (*bytes + length + 1 <= room) {
                memcpy(text + *bytes, line, length);
                text[*bytes + length] = '\n';
            }
            *bytes += length + 1;
        }
    }
    if (status == LF_OK) {
        assert_int_equal(lfi_stream_text_total(stream), *bytes);
        assert_int_equal(lfi_stream_text_bytes(stream), *bytes);
    }
    lfi_stream_close(stream);
    return status;
}

/* Lines of digits, some of them as they were before. */
static void make_text(char *text, size_t bytes, uint64_t seed)
{
    lf_random random;
    lf_random_seed(&random, seed, 0);
    for (size_t at = 0; at < bytes; at++) {
        const bool repeats = at > 1000 && lf_random_below(&random, 1 + seed % 5) > 0;
        const char fresh = (char)('0' + lf_random_below(&random, 10));
        text[at] = at + 1 == bytes || at % 50 == 49 ? '\n' : repeats ? text[at - 1000] : fresh;
    }
    text[bytes] = '\0';
}

static void test_equals_libarchive(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 5, 32768, 131072, 131073, 262144, 3000000};
    const size_t room = 3000001;
    char *const texts[3] = {
        lf_allocate(NULL, room, 1), lf_allocate(NULL, room, 1), lf_allocate(NULL, room, 1)};
    const ft_archive how = {.format = "zip"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        make_text(texts[0], sizes[i], i);
        const ft_member members[] = {{"a", "1\n"}, {"sub/b", texts[0]}, {"c", ""}};
        const char *const path = ft_pack(lf_testing_home(), "day.zip", &how, members, 3);
        for (size_t k = 0; k < 3; k++) {
            lfi_zip_member place;
            size_t plain_bytes, bytes;
            assert_true(lfi_zip_find(path, members[k].name, &place));
            assert_int_equal(place.text_bytes, strlen(members[k].text));
            assert_true(read_plain(path, members[k].name, texts[1], room, &plain_bytes));
            assert_int_equal(read_stream(path, members[k].name, texts[2], room, &bytes), LF_OK);
            assert_int_equal(bytes, plain_bytes);
            assert_memory_equal(texts[1], texts[2], bytes);
        }
    }
    for (size_t k = 0; k < 3; k++) {
        lf_release(NULL, texts[k]);
    }
}

/* ---- fields ----------------------------------------------------------------------------- */

/* A small archive of one member "m", to be changed. */
typedef struct small {
    unsigned char bytes[2048];
    size_t count;
    size_t data, directory, end; /* where they begin */
    char text[401];
} small;

static void pack_small(small *s)
{
    size_t count;
    make_text(s->text, 400, 1);
    const ft_member member = {"m", s->text};
    char *const file = ft_read(
        ft_pack(lf_testing_home(), "small.zip", &(ft_archive){.format = "zip"}, &member, 1), &count
    );
    assert_true(count < sizeof s->bytes - 100);
    memcpy(s->bytes, file, count);
    lf_release(NULL, file);
    s->count = count;
    s->end = count - 22;
    s->directory = s->bytes[s->end + 16] | (size_t)s->bytes[s->end + 17] << 8;
    s->data = 31 + (s->bytes[28] | (size_t)s->bytes[29] << 8);
    assert_memory_equal(s->bytes + s->directory, "PK\x01\x02", 4);
}

static const char *write_small(const small *s)
{
    const char *const path = lf_testing_path(lf_testing_home(), "changed.zip");
    ft_write_bytes(path, s->bytes, s->count);
    return path;
}

/* Lengths and checksum in both headers instead of behind the data. */
static void put_lengths_before(small *s)
{
    s->bytes[6] &= 0xf7;
    s->bytes[s->directory + 8] &= 0xf7;
    memcpy(s->bytes + 14, s->bytes + s->directory + 16, 12);
}

static bool is_found(const small *s)
{
    lfi_zip_member place;
    return lfi_zip_find(write_small(s), "m", &place);
}

static void expect_text(const small *s)
{
    char text[2048];
    size_t bytes;
    assert_int_equal(read_stream(write_small(s), "m", text, sizeof text, &bytes), LF_OK);
    assert_int_equal(bytes, 400);
    assert_memory_equal(text, s->text, 400);
}

/* A byte of one of the records that is changed, by its record and place. */
typedef enum record {
    LOCAL,
    DIRECTORY,
    END
} record;

static const struct field_case {
    record record;
    size_t at;
    unsigned char flip;
} field_cases[] = {
    {LOCAL, 0, 1},      {LOCAL, 6, 1},      {LOCAL, 6, 0x40},   {LOCAL, 8, 8},
    {LOCAL, 14, 1},     {LOCAL, 18, 1},     {LOCAL, 22, 1},     {LOCAL, 26, 1},
    {LOCAL, 30, 1},     {LOCAL, 29, 0x80},  {DIRECTORY, 0, 1},  {DIRECTORY, 8, 1},
    {DIRECTORY, 8, 8},  {DIRECTORY, 10, 8}, {DIRECTORY, 16, 1}, {DIRECTORY, 20, 1},
    {DIRECTORY, 24, 1}, {DIRECTORY, 28, 1}, {DIRECTORY, 30, 1}, {DIRECTORY, 32, 1},
    {DIRECTORY, 42, 1}, {DIRECTORY, 46, 1}, {END, 0, 1},        {END, 4, 1},
    {END, 6, 1},        {END, 8, 1},        {END, 10, 1},       {END, 12, 1},
    {END, 16, 1},       {END, 20, 1},
};

static void test_unusual_fields(void **state)
{
    (void)state;
    small s;
    pack_small(&s);
    put_lengths_before(&s);
    assert_true(is_found(&s));
    expect_text(&s);
    for (size_t i = 0; i < sizeof field_cases / sizeof field_cases[0]; i++) {
        const struct field_case *const c = &field_cases[i];
        const size_t at = c->at + (c->record == LOCAL       ? 0
                                   : c->record == DIRECTORY ? s.directory
                                                            : s.end);
        s.bytes[at] ^= c->flip;
        if (is_found(&s)) {
            fail_msg("field %zu: found", i);
        }
        s.bytes[at] ^= c->flip;
    }
    assert_true(is_found(&s));
}

/* What libarchive reads and the short way does not. */
static void test_left_to_libarchive(void **state)
{
    (void)state;
    small s;
    lfi_zip_member place;
    pack_small(&s);
    /* A comment. */
    memcpy(s.bytes + s.count, "note", 4);
    s.bytes[s.end + 20] = 4;
    s.count += 4;
    assert_false(is_found(&s));
    expect_text(&s);
    /* Lengths in 64 bits: the marker in the directory, the lengths in an extra field behind the
       name, which the entry of one member can carry only when others move; so it is only refused.
     */
    pack_small(&s);
    memset(s.bytes + s.directory + 20, 0xff, 8);
    assert_false(is_found(&s));
    /* A name that is there twice. */
    const ft_member twice[] = {{"m", "1\n"}, {"m", "2\n"}};
    const char *path =
        ft_pack(lf_testing_home(), "twice.zip", &(ft_archive){.format = "zip"}, twice, 2);
    assert_false(lfi_zip_find(path, "m", &place));
    /* What is stored, encrypted, no zip archive or not there. */
    const ft_archive others[] = {
        {"zip", NULL, "zip:compression=store", NULL},
        {"zip", NULL, "zip:encryption=zipcrypt", "word"},
        {"7zip", NULL, NULL, NULL},
        {"ustar", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(
            lfi_zip_find(ft_pack(lf_testing_home(), "other", &others[i], twice, 1), "m", &place)
        );
    }
    path = ft_pack(lf_testing_home(), "one.zip", &(ft_archive){.format = "zip"}, twice, 1);
    assert_true(lfi_zip_find(path, "m", &place));
    assert_false(lfi_zip_find(path, "n", &place));
    assert_false(lfi_zip_find(path, "", &place));
    assert_false(lfi_zip_find("/nowhere/x.zip", "m", &place));
    assert_false(lfi_zip_find(ft_write(lf_testing_home(), "tiny", "PK\x05\x06"), "m", &place));
}

/* ---- damage ----------------------------------------------------------------------------- */

/* Every changed bit of the data is refused, but for the few that make no difference to the text. */
static void test_changed_data(void **state)
{
    (void)state;
    small s;
    char text[2048];
    size_t bytes, pass_count = 0;
    pack_small(&s);
    const size_t packed = s.bytes[s.directory + 20] | (size_t)s.bytes[s.directory + 21] << 8;
    for (size_t bit = 8 * s.data; bit < 8 * (s.data + packed); bit++) {
        s.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        if (read_stream(write_small(&s), "m", text, sizeof text, &bytes) == LF_OK) {
            assert_int_equal(bytes, 400);
            assert_memory_equal(text, s.text, 400);
            pass_count++;
        }
        s.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    assert_true(pass_count < 16);
}

/* Both headers agree and the data are not what they say. */
static void test_changed_headers(void **state)
{
    (void)state;
    static const struct {
        size_t at; /* in the entry of the directory */
        unsigned char flip;
        const char *why;
    } cases[] = {
        {16, 0x01, "the zip checksum or length is not that of the data"},
        {19, 0x80, "the zip checksum or length is not that of the data"},
        {24, 0x01, "the zip checksum or length is not that of the data"},
        {25, 0x40, "the zip checksum or length is not that of the data"},
        {20, 0x01, NULL}, /* one packed byte more or less */
    };
    small s;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char lines[2048];
        lfi_stream *stream = NULL;
        lf_error error = {.message = ""};
        const char *line = lines;
        size_t bytes;
        pack_small(&s);
        put_lengths_before(&s);
        s.bytes[s.directory + cases[i].at] ^= cases[i].flip;
        s.bytes[cases[i].at - 2] ^= cases[i].flip;
        assert_true(is_found(&s));
        lf_status status = lfi_stream_open(NULL, write_small(&s), "m", &stream, &error);
        while (status == LF_OK && line != NULL) {
            status = lfi_stream_line(stream, &line, &bytes, &error);
        }
        lfi_stream_close(stream);
        assert_int_equal(status, LF_FORMAT);
        if (cases[i].why != NULL) {
            assert_non_null(strstr(error.message, cases[i].why));
        }
    }
}

/* A member whose data end early is cut off. */
static void test_cut_data(void **state)
{
    (void)state;
    small s;
    char text[2048];
    size_t bytes;
    pack_small(&s);
    const size_t packed = s.bytes[s.directory + 20] | (size_t)s.bytes[s.directory + 21] << 8;
    for (size_t left = 0; left < packed; left++) {
        s.bytes[s.directory + 20] = (unsigned char)left;
        s.bytes[s.directory + 21] = (unsigned char)(left >> 8);
        assert_true(is_found(&s));
        assert_int_equal(read_stream(write_small(&s), "m", text, sizeof text, &bytes), LF_FORMAT);
    }
}

static void test_failing_allocations(void **state)
{
    (void)state;
    const ft_member member = {"m", "1\n"};
    const char *const path =
        ft_pack(lf_testing_home(), "one.zip", &(ft_archive){.format = "zip"}, &member, 1);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lfi_stream *stream;
        const lf_status status = lfi_stream_open(&memory.allocator, path, "m", &stream, NULL);
        lfi_stream_close(stream);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_null(stream);
    }
}

/* Damage is libarchive's to see where ISA-L is not there. */
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
    return is_there;
}

static int need_isal(void **state)
{
    (void)state;
    if (!has_isal()) {
        print_message("skipped: built without ISA-L\n");
        skip();
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_libarchive),
        cmocka_unit_test(test_unusual_fields),
        cmocka_unit_test(test_left_to_libarchive),
        cmocka_unit_test_setup(test_changed_data, need_isal),
        cmocka_unit_test_setup(test_changed_headers, need_isal),
        cmocka_unit_test_setup(test_cut_data, need_isal),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, lf_testing_home_make, lf_testing_home_remove);
}
