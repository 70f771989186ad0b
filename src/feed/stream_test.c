/*
 * Goal: lines come out as they went in, from plain files, compressed files and archives, wherever
 * buffers end; and a file that is damaged, cut off, encrypted or a bomb is refused, never half
 * read. Method: texts are packed with libarchive's writer, then cut, changed and read again.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feed_testing.h"

/* As the reader has it: a line and its newline must fit. */
#define BUFFER_BYTES (256 * 1024)

/* Lines of a file with '|' behind each, into out; the status is that of the first failure. */
static lf_status
read_lines(const char *path, const char *member, char *out, size_t room, lf_error *error)
{
    lfi_stream *stream;
    size_t used = 0;
    out[0] = '\0';
    lf_status status = lfi_stream_open(NULL, path, member, &stream, error);
    if (status != LF_OK) {
        assert_null(stream);
        return status;
    }
    int64_t count = 0;
    for (;;) {
        const char *line;
        size_t bytes;
        status = lfi_stream_line(stream, &line, &bytes, error);
        if (status != LF_OK || line == NULL) {
            break;
        }
        count++;
        assert_int_equal(lfi_stream_line_number(stream), count);
        assert_true(used + bytes + 2 < room);
        memcpy(out + used, line, bytes);
        used += bytes;
        out[used++] = '|';
        out[used] = '\0';
    }
    lfi_stream_close(stream);
    return status;
}

/* ---- lines ------------------------------------------------------------------------------ */

static const struct line_case {
    const char *text;
    const char *lines;
} line_cases[] = {
    {"", ""},
    {"a", "a|"},
    {"a\n", "a|"},
    {"a\r\n", "a|"},
    {"a\r", "a|"},
    {"a\nb", "a|b|"},
    {"a\r\nb\r\n", "a|b|"},
    {"a\rb\n", "a\rb|"},
    {"a\r\r\n", "a\r|"},
    {"\n", "|"},
    {"\r\n", "|"},
    {"\n\n", "||"},
    {"a\n\nb\n", "a||b|"},
    {"a\n\n", "a||"},
    /* A mark at the beginning, which only there is one. */
    {"\xef\xbb\xbf", ""},
    {"\xef\xbb\xbf\n", "|"},
    {"\xef\xbb\xbf"
     "a\n\xef\xbb\xbf"
     "b\n",
     "a|\xef\xbb\xbf"
     "b|"},
};

static const struct pack_case {
    const char *name;
    ft_archive how;
} pack_cases[] = {
    {"plain", {"raw", NULL, NULL, NULL}},
    {"gzip", {"raw", "gzip", NULL, NULL}},
    {"bzip2", {"raw", "bzip2", NULL, NULL}},
    {"xz", {"raw", "xz", NULL, NULL}},
    {"zstd", {"raw", "zstd", NULL, NULL}},
    {"zip", {"zip", NULL, NULL, NULL}},
    {"stored zip", {"zip", NULL, "zip:compression=store", NULL}},
    {"7z", {"7zip", NULL, NULL, NULL}},
    {"7z ppmd", {"7zip", NULL, "7zip:compression=ppmd", NULL}},
    {"tar", {"ustar", NULL, NULL, NULL}},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_file(const struct pack_case *c)
{
    return strcmp(c->how.format, "raw") == 0;
}

static void test_lines_of_every_kind(void **state)
{
    (void)state;
    for (size_t p = 0; p < COUNT(pack_cases); p++) {
        for (size_t i = 0; i < COUNT(line_cases); i++) {
            const struct line_case *c = &line_cases[i];
            const ft_member members[] = {{"other", "x\n"}, {"sub/text", c->text}, {"z", "y"}};
            const bool alone = is_file(&pack_cases[p]);
            const char *path = ft_pack(
                lf_testing_home(),
                "packed",
                &pack_cases[p].how,
                alone ? members + 1 : members,
                alone ? 1 : 3
            );
            char out[64];
            lf_error error;
            if (read_lines(path, alone ? NULL : "sub/text", out, sizeof out, &error) != LF_OK) {
                fail_msg("%s, case %zu: %s", pack_cases[p].name, i, error.message);
            }
            assert_string_equal(out, c->lines);
        }
    }
}

/* About a megabyte of lines of 0 to 2000 bytes, so that buffers end anywhere in them. */
static char *long_text(uint64_t seed, size_t *bytes)
{
    const size_t room = 1 << 20;
    char *text = lf_allocate(NULL, room + 1, 1);
    assert_non_null(text);
    lf_random random;
    lf_random_seed(&random, seed, 0);
    size_t used = 0;
    while (used + 2002 < room) {
        const size_t length = (size_t)lf_random_below(&random, 2001);
        for (size_t i = 0; i < length; i++) {
            text[used++] = (char)('0' + lf_random_below(&random, 10));
        }
        if (lf_random_below(&random, 2) == 0) {
            text[used++] = '\r';
        }
        text[used++] = '\n';
    }
    *bytes = used;
    return text;
}

/* The next line, as the stream gives it or by a step over it where it lies in memory. */
static void take_line(lfi_stream *stream, bool by_step, const char **line, size_t *bytes)
{
    lfi_window *window = lfi_stream_window(stream);
    const size_t left = (size_t)(window->end - window->at);
    const char *newline = by_step && left > 0 ? memchr(window->at, '\n', left) : NULL;
    /* What lies behind may be read. */
    char behind[LFI_LINE_SLACK];
    memcpy(behind, window->end, sizeof behind);
    if (newline == NULL) {
        assert_int_equal(lfi_stream_line(stream, line, bytes, NULL), LF_OK);
        return;
    }
    *line = window->at;
    *bytes = (size_t)(newline - window->at);
    *bytes -= *bytes > 0 && newline[-1] == '\r';
    window->at = newline + 1;
    window->line_number++;
}

static void test_lines_over_buffers(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        size_t bytes;
        char *text = long_text(seed, &bytes);
        const char *path = lf_testing_path(lf_testing_home(), "long");
        ft_write_bytes(path, text, bytes);
        lfi_stream *stream;
        assert_int_equal(lfi_stream_open(NULL, path, NULL, &stream, NULL), LF_OK);
        const char *at = text, *line;
        size_t got;
        lf_random random;
        lf_random_seed(&random, seed, 1);
        for (int64_t count = 1;; count++) {
            take_line(stream, lf_random_below(&random, 7) >= seed, &line, &got);
            if (line == NULL) {
                break;
            }
            assert_int_equal(lfi_stream_line_number(stream), count);
            const char *newline = strchr(at, '\n');
            const size_t wanted = (size_t)(newline - at) - (newline > at && newline[-1] == '\r');
            if (got != wanted) {
                fail_msg("seed %llu: %zu bytes, not %zu", (unsigned long long)seed, got, wanted);
            }
            assert_memory_equal(line, at, wanted);
            at = newline + 1;
        }
        assert_ptr_equal(at, text + bytes);
        assert_int_equal(lfi_stream_text_bytes(stream), bytes);
        assert_int_equal(lfi_stream_input_bytes(stream), bytes);
        /* The end stays the end. */
        assert_int_equal(lfi_stream_line(stream, &line, &got, NULL), LF_OK);
        assert_null(line);
        lfi_stream_close(stream);
        lf_release(NULL, text);
    }
}

static void test_longest_line(void **state)
{
    (void)state;
    static const struct {
        size_t bytes;
        bool fits;
    } cases[] = {{BUFFER_BYTES - 1, true}, {BUFFER_BYTES, false}, {BUFFER_BYTES + 1, false}};
    char *text = lf_allocate(NULL, BUFFER_BYTES + 4, 1);
    assert_non_null(text);
    for (size_t i = 0; i < COUNT(cases); i++) {
        memset(text, '1', BUFFER_BYTES + 3);
        text[0] = '\n';
        text[1 + cases[i].bytes] = '\n';
        const char *path = lf_testing_path(lf_testing_home(), "wide");
        ft_write_bytes(path, text, cases[i].bytes + 2);
        lfi_stream *stream;
        const char *line;
        size_t got;
        lf_error error;
        assert_int_equal(lfi_stream_open(NULL, path, NULL, &stream, NULL), LF_OK);
        assert_int_equal(lfi_stream_line(stream, &line, &got, NULL), LF_OK);
        const lf_status status = lfi_stream_line(stream, &line, &got, &error);
        assert_int_equal(status, cases[i].fits ? LF_OK : LF_FORMAT);
        if (cases[i].fits) {
            assert_int_equal(got, cases[i].bytes);
        } else {
            char wanted[1200];
            (void)snprintf(
                wanted,
                sizeof wanted,
                "%s:2: the line is longer than 262144 bytes; this is no text that lobflow reads",
                path
            );
            assert_string_equal(error.message, wanted);
        }
        lfi_stream_close(stream);
    }
    lf_release(NULL, text);
}

/* A member of a tar archive that is kept without its zeros. */
static void test_holes(void **state)
{
    (void)state;
    char text[8192] = {0};
    memcpy(text, "a\n", 2);
    memcpy(text + 4096, "b\n", 2);
    const char *path = lf_testing_path(lf_testing_home(), "sparse.tar");
    struct archive *out = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    assert_int_equal(archive_write_set_format_pax(out), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(out, path), ARCHIVE_OK);
    archive_entry_set_pathname(entry, "t");
    archive_entry_set_size(entry, sizeof text);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_sparse_add_entry(entry, 0, 512);
    archive_entry_sparse_add_entry(entry, 4096, 512);
    assert_int_equal(archive_write_header(out, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(out, text, sizeof text), sizeof text);
    archive_entry_free(entry);
    assert_int_equal(archive_write_close(out), ARCHIVE_OK);
    archive_write_free(out);
    char lines[64], wanted[1200];
    lf_error error;
    assert_int_equal(read_lines(path, "t", lines, sizeof lines, &error), LF_UNSUPPORTED);
    (void)snprintf(
        wanted,
        sizeof wanted,
        "%s:t: the archive keeps this member with holes; unpack it and name the folder instead",
        path
    );
    assert_string_equal(error.message, wanted);
}

/* ---- more than one part ----------------------------------------------------------------- */

static void test_parts_behind_each_other(void **state)
{
    (void)state;
    static const char *const filters[] = {"gzip", "bzip2", "xz", "zstd"};
    for (size_t i = 0; i < COUNT(filters); i++) {
        const ft_archive how = {"raw", filters[i], NULL, NULL};
        size_t bytes[2];
        char *parts[2], *both, out[64];
        for (int k = 0; k < 2; k++) {
            const ft_member member = {"x", k == 0 ? "a\nb" : "c\nd\n"};
            parts[k] = ft_read(ft_pack(lf_testing_home(), "part", &how, &member, 1), &bytes[k]);
        }
        both = lf_allocate(NULL, bytes[0] + bytes[1], 1);
        assert_non_null(both);
        memcpy(both, parts[0], bytes[0]);
        memcpy(both + bytes[0], parts[1], bytes[1]);
        const char *path = lf_testing_path(lf_testing_home(), "both");
        ft_write_bytes(path, both, bytes[0] + bytes[1]);
        lf_error error;
        if (read_lines(path, NULL, out, sizeof out, &error) != LF_OK) {
            fail_msg("%s: %s", filters[i], error.message);
        }
        assert_string_equal(out, "a|bc|d|");
        /* The second part cut off is an error, not the end. */
        ft_write_bytes(path, both, bytes[0] + bytes[1] - 9);
        assert_int_equal(read_lines(path, NULL, out, sizeof out, &error), LF_FORMAT);
        lf_release(NULL, parts[0]);
        lf_release(NULL, parts[1]);
        lf_release(NULL, both);
    }
}

/* ---- damage ----------------------------------------------------------------------------- */

/* Numbers that do not compress to nothing, so that a cut falls into them. */
static void make_numbers(char *text, size_t rows)
{
    lf_random random;
    lf_random_seed(&random, 7, 0);
    for (size_t i = 0; i < rows; i++) {
        text += snprintf(text, 24, "%llu\n", (unsigned long long)lf_random_next(&random));
    }
}

static char whole_text[64 * 24], whole_lines[64 * 24], some_lines[64 * 24];

/* Read what is left of a packed text: an error, or all of it, but never a part. */
static void expect_whole_or_error(const char *path, const char *member, const char *what, size_t at)
{
    lf_error error = {.message = ""};
    const lf_status status = read_lines(path, member, some_lines, sizeof some_lines, &error);
    if (status == LF_OK && strcmp(some_lines, whole_lines) != 0) {
        fail_msg("%s %zu: %zu bytes without an error", what, at, strlen(some_lines));
    }
    if (status != LF_OK) {
        assert_true(
            status == LF_FORMAT || status == LF_NOT_FOUND || status == LF_IO ||
            status == LF_UNSUPPORTED
        );
        assert_non_null(strstr(error.message, path));
    }
}

static void test_every_cut(void **state)
{
    (void)state;
    make_numbers(whole_text, 60);
    for (size_t p = 1; p < COUNT(pack_cases); p++) {
        const ft_member member = {"text", whole_text};
        const char *inside = is_file(&pack_cases[p]) ? NULL : "text";
        const char *path = ft_pack(lf_testing_home(), "whole", &pack_cases[p].how, &member, 1);
        size_t bytes;
        char *data = ft_read(path, &bytes);
        assert_int_equal(read_lines(path, inside, whole_lines, sizeof whole_lines, NULL), LF_OK);
        const char *cut = lf_testing_path(lf_testing_home(), "cut");
        /* Less than its first bytes is a file of some other kind. */
        for (size_t at = 18; at < bytes; at += at < bytes - 40 ? 13 : 1) {
            ft_write_bytes(cut, data, at);
            expect_whole_or_error(cut, inside, pack_cases[p].name, at);
        }
        lf_release(NULL, data);
    }
}

/* Formats with a checksum that is looked at: no changed bit goes unseen in the data. */
static void test_every_change(void **state)
{
    (void)state;
    static const char *const checked[] = {"bzip2", "xz", "zip", "stored zip", "7z", "7z ppmd"};
    make_numbers(whole_text, 60);
    for (size_t p = 0; p < COUNT(pack_cases); p++) {
        bool is_checked = false;
        for (size_t i = 0; i < COUNT(checked); i++) {
            is_checked = is_checked || strcmp(pack_cases[p].name, checked[i]) == 0;
        }
        if (!is_checked) {
            continue;
        }
        const ft_member member = {"text", whole_text};
        const char *inside = is_file(&pack_cases[p]) ? NULL : "text";
        const char *path = ft_pack(lf_testing_home(), "whole", &pack_cases[p].how, &member, 1);
        size_t bytes;
        char *data = ft_read(path, &bytes);
        assert_int_equal(read_lines(path, inside, whole_lines, sizeof whole_lines, NULL), LF_OK);
        const char *changed = lf_testing_path(lf_testing_home(), "changed");
        for (size_t at = bytes / 4; at < bytes / 2; at += 3) {
            data[at] = (char)(data[at] ^ 0x10);
            ft_write_bytes(changed, data, bytes);
            assert_int_not_equal(
                read_lines(changed, inside, some_lines, sizeof some_lines, NULL), LF_OK
            );
            data[at] = (char)(data[at] ^ 0x10);
        }
        lf_release(NULL, data);
    }
}

/* ---- errors ----------------------------------------------------------------------------- */

static void expect_error(const char *path, const char *member, lf_status status, const char *text)
{
    char out[64], wanted[2048];
    lf_error error = {.message = ""};
    assert_int_equal(read_lines(path, member, out, sizeof out, &error), status);
    (void)snprintf(
        wanted, sizeof wanted, "%s%s%s: %s", path, member ? ":" : "", member ? member : "", text
    );
    assert_string_equal(error.message, wanted);
}

/* 7z archives whose member "m" has a password, without and with the names hidden too. */
static const char secret_7z[] =
    "377abcaf271c000447b878ce710000000000000014000000000000002eae4c2fe55629e0a90efb80"
    "dfe51dc91605cfc901005c010406000109100a015d61cda300070b0100022406f1070112530f617c"
    "b1e238025b9ef68d23bfb6afb5812121011801000c080400080a0133422155000005011105006d00"
    "0000140a010040fe7e1bf57cdd01150601002080808100000017061001096100070b010001212101"
    "180c5d0000";
static const char secret_names_7z[] =
    "377abcaf271c0004cf31e9d0700000000000000028000000000000004929f713ce3f4cba81a15fb3"
    "bab2759d6cada6c231c0fea9f20fbae215d0399630ba768beb31c2c1e6c3a87745bc54367c07c4a5"
    "e31b7cadc78d02252ad38f00c2a55ee36c2e1d98a76baf11ae63d252b5433b770b5e1a977198e267"
    "4b0268fcb56a28e1fd737e3185aac8cdd8a5d95561ed186d17061001096000070b0100012406f107"
    "0112530f3d68fefd5b33eb25aacdae64909f82800c5d0000";

/* Write bytes given in hexadecimal; the path comes back. */
static const char *write_hex(const char *name, const char *digits)
{
    static const char alphabet[] = "0123456789abcdef";
    unsigned char bytes[512];
    size_t count = 0;
    for (; digits[2 * count] != '\0' && count < sizeof bytes; count++) {
        const size_t high = (size_t)(strchr(alphabet, digits[2 * count]) - alphabet);
        const size_t low = (size_t)(strchr(alphabet, digits[2 * count + 1]) - alphabet);
        bytes[count] = (unsigned char)(16 * high + low);
    }
    const char *path = lf_testing_path(lf_testing_home(), name);
    ft_write_bytes(path, bytes, count);
    return path;
}

static lf_status visit_nothing(void *context, const char *member, lf_error *error)
{
    (void)member;
    (void)error;
    ++*(int *)context;
    return LF_OK;
}

static void test_encrypted(void **state)
{
    (void)state;
    const ft_member member = {"m", "a\n"};
    const ft_archive zipcrypt = {"zip", NULL, "zip:encryption=zipcrypt", "word"};
    const ft_archive aes = {"zip", NULL, "zip:encryption=aes256", "word"};
    const char *const text = "the archive is encrypted; unpack it and name the folder instead";
    const char *names = write_hex("names.7z", secret_names_7z);
    int count = 0;
    expect_error(
        ft_pack(lf_testing_home(), "crypt.zip", &zipcrypt, &member, 1), "m", LF_UNSUPPORTED, text
    );
    expect_error(
        ft_pack(lf_testing_home(), "aes.zip", &aes, &member, 1), "m", LF_UNSUPPORTED, text
    );
    expect_error(write_hex("secret.7z", secret_7z), "m", LF_UNSUPPORTED, text);
    expect_error(names, "m", LF_UNSUPPORTED, text);
    assert_int_equal(lfi_archive_list(names, visit_nothing, &count, NULL), LF_UNSUPPORTED);
    assert_int_equal(count, 0);
}

static void test_errors(void **state)
{
    (void)state;
    const ft_member member = {"m", "a\n"};
    expect_error("/nowhere/x.csv", NULL, LF_NOT_FOUND, "there is no such file");
    expect_error(
        ft_pack(lf_testing_home(), "a.zip", &(ft_archive){"zip", NULL, NULL, NULL}, &member, 1),
        "n",
        LF_NOT_FOUND,
        "the archive has no such member"
    );
    /* Address 0 of a process is mapped nowhere, so this file opens and cannot be read. */
    char out[64];
    lf_error error;
    assert_int_equal(read_lines("/proc/self/mem", NULL, out, sizeof out, &error), LF_IO);
    assert_string_equal(
        error.message, "/proc/self/mem: cannot be read: Error reading '/proc/self/mem'"
    );
}

/* A file that claims to be packed by a program is not unpacked by one. */
static void test_starts_no_program(void **state)
{
    (void)state;
    static const char lrzip[] = "LRZI\0\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\n";
    const char *path = lf_testing_path(lf_testing_home(), "lrz");
    ft_write_bytes(path, lrzip, sizeof lrzip - 1);
    lfi_stream *stream;
    const char *line;
    size_t bytes;
    assert_int_equal(lfi_stream_open(NULL, path, NULL, &stream, NULL), LF_OK);
    assert_int_equal(lfi_stream_line(stream, &line, &bytes, NULL), LF_OK);
    assert_int_equal(bytes, sizeof lrzip - 2);
    lfi_stream_close(stream);
}

/* 64 MB without a line end in some 60 kB: refused after one buffer. */
static void test_bomb(void **state)
{
    (void)state;
    const size_t bytes = 64 << 20;
    char *text = lf_allocate(NULL, bytes + 1, 1);
    assert_non_null(text);
    memset(text, '1', bytes);
    const ft_member member = {"m", text};
    const char *paths[] = {
        ft_pack(lf_testing_home(), "bomb.gz", &(ft_archive){"raw", "gzip", NULL, NULL}, &member, 1),
        ft_pack(lf_testing_home(), "bomb.zip", &(ft_archive){"zip", NULL, NULL, NULL}, &member, 1),
    };
    lf_release(NULL, text);
    for (size_t i = 0; i < COUNT(paths); i++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, UINT64_MAX);
        lfi_stream *stream;
        const char *line;
        size_t got;
        assert_int_equal(
            lfi_stream_open(&memory.allocator, paths[i], i == 0 ? NULL : "m", &stream, NULL), LF_OK
        );
        assert_int_equal(lfi_stream_line(stream, &line, &got, NULL), LF_FORMAT);
        assert_int_equal(lfi_stream_text_bytes(stream), BUFFER_BYTES);
        assert_true(memory.bytes_live < 2 * BUFFER_BYTES);
        lfi_stream_close(stream);
        assert_int_equal(memory.live, 0);
    }
}

static lf_status note_name(void *context, const char *member, lf_error *error)
{
    (void)error;
    (void)snprintf(context, 64, "%s", member);
    return LF_OK;
}

/* Names that are not ASCII, in a process whose locale is "C". */
static void test_names_of_members(void **state)
{
    (void)state;
    static const char *const formats[] = {"zip", "7zip", "ustar"};
    const ft_member member = {
        "donn\xc3\xa9"
        "es/text",
        "a\n"};
    for (size_t i = 0; i < COUNT(formats); i++) {
        char name[64] = "", out[64];
        const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        const locale_t before = uselocale(utf8);
        const char *path = ft_pack(
            lf_testing_home(), "names", &(ft_archive){formats[i], NULL, NULL, NULL}, &member, 1
        );
        (void)uselocale(before);
        freelocale(utf8);
        assert_int_equal(lfi_archive_list(path, note_name, name, NULL), LF_OK);
        assert_string_equal(name, member.name);
        assert_int_equal(read_lines(path, member.name, out, sizeof out, NULL), LF_OK);
        assert_string_equal(out, "a|");
        assert_string_equal(setlocale(LC_CTYPE, NULL), "C");
    }
}

static void test_failing_allocations(void **state)
{
    (void)state;
    const char *path = ft_write(lf_testing_home(), "small", "a\n");
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lfi_stream *stream;
        const lf_status status = lfi_stream_open(&memory.allocator, path, NULL, &stream, NULL);
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

static void test_probe(void **state)
{
    (void)state;
    static const bool archives[] = {
        false, false, false, false, false, true, true, true, true, true};
    const ft_member member = {"text", "1,2\n"};
    for (size_t p = 0; p < COUNT(pack_cases); p++) {
        const char *path = ft_pack(lf_testing_home(), "probe", &pack_cases[p].how, &member, 1);
        assert_int_equal(lfi_archive_probe(path), archives[p]);
    }
    assert_false(lfi_archive_probe("/nowhere"));
    assert_false(lfi_archive_probe(ft_write(lf_testing_home(), "tiny", "P")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_of_every_kind),
        cmocka_unit_test(test_lines_over_buffers),
        cmocka_unit_test(test_longest_line),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_parts_behind_each_other),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_every_change),
        cmocka_unit_test(test_encrypted),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_starts_no_program),
        cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_names_of_members),
        cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_probe),
    };
    return cmocka_run_group_tests(tests, lf_testing_home_make, lf_testing_home_remove);
}
