/*
 * What the tests of the feed module share: files and archives with given texts. Header only;
 * include it after cmocka.h.
 */
#ifndef LOBFLOW_FEED_TESTING_H
#define LOBFLOW_FEED_TESTING_H

#include "feed_internal.h"

#include <archive.h>
#include <archive_entry.h>

#include "../../tests/testing.h"

/* One file inside an archive. */
typedef struct ft_member {
    const char *name;
    const char *text;
} ft_member;

/* What to make: a format ("zip", "7zip", "ustar", "raw"), a filter ("gzip", ... or NULL). */
typedef struct ft_archive {
    const char *format;
    const char *filter;
    const char *options;    /* libarchive's, or NULL */
    const char *passphrase; /* or NULL */
} ft_archive;

LF_TESTING_UNUSED static void ft_write_bytes(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

/* Write a text; the path comes back. */
LF_TESTING_UNUSED static const char *
ft_write(const lf_testing_folder *folder, const char *name, const char *text)
{
    const char *path = lf_testing_path(folder, name);
    ft_write_bytes(path, text, strlen(text));
    return path;
}

LF_TESTING_UNUSED static void ft_append_member(struct archive *out, const ft_member *member)
{
    struct archive_entry *entry = archive_entry_new();
    const size_t bytes = strlen(member->text);
    archive_entry_set_pathname(entry, member->name);
    archive_entry_set_size(entry, (la_int64_t)bytes);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    assert_int_equal(archive_write_header(out, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(out, member->text, bytes), bytes);
    archive_entry_free(entry);
}

/* Write an archive (or a compressed file, of one member); the path comes back. */
LF_TESTING_UNUSED static const char *ft_pack(
    const lf_testing_folder *folder,
    const char *name,
    const ft_archive *how,
    const ft_member *members,
    size_t count
)
{
    const char *path = lf_testing_path(folder, name);
    struct archive *out = archive_write_new();
    assert_non_null(out);
    assert_int_equal(archive_write_set_format_by_name(out, how->format), ARCHIVE_OK);
    if (how->filter != NULL) {
        assert_int_equal(archive_write_add_filter_by_name(out, how->filter), ARCHIVE_OK);
    }
    if (how->options != NULL) {
        assert_int_equal(archive_write_set_options(out, how->options), ARCHIVE_OK);
    }
    if (how->passphrase != NULL) {
        assert_int_equal(archive_write_set_passphrase(out, how->passphrase), ARCHIVE_OK);
    }
    assert_int_equal(archive_write_open_filename(out, path), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        ft_append_member(out, &members[i]);
    }
    assert_int_equal(archive_write_close(out), ARCHIVE_OK);
    archive_write_free(out);
    return path;
}

/* A whole file; end it with lf_release(NULL, ...). */
LF_TESTING_UNUSED static char *ft_read(const char *path, size_t *bytes)
{
    char *data;
    assert_int_equal(lf_file_read_all(NULL, path, &data, bytes, NULL), LF_OK);
    return data;
}

#endif
