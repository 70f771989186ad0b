/* Fuzzes the CSV reader: any bytes are refused with a reason or give a table that, written and read
   again, is the same. */
#include <lobflow/frame.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool same_cell(lf_frame *a, lf_frame *b, size_t column, size_t row)
{
    switch (lf_frame_column(a, column).kind) {
    case LF_COLUMN_F64: {
        const double x = lf_frame_f64(a, column)[row];
        const double y = lf_frame_f64(b, column)[row];
        return x == y || (x != x && y != y);
    }
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        return lf_frame_i64(a, column)[row] == lf_frame_i64(b, column)[row];
    case LF_COLUMN_BOOL:
        return lf_frame_bool(a, column)[row] == lf_frame_bool(b, column)[row];
    case LF_COLUMN_TEXT:
        return strcmp(lf_frame_text(a, column, row), lf_frame_text(b, column, row)) == 0;
    }
    return false;
}

/* The kinds of a CSV are guesses: a float column of whole numbers comes back as whole numbers, and
   bools under other names than "valid" too. */
static void check_same(lf_frame *a, lf_frame *b)
{
    check(lf_frame_column_count(a) == lf_frame_column_count(b));
    check(lf_frame_row_count(a) == lf_frame_row_count(b));
    for (size_t i = 0; i < lf_frame_column_count(a); i++) {
        const lf_column_spec wanted = lf_frame_column(a, i);
        check(strcmp(wanted.name, lf_frame_column(b, i).name) == 0);
        if (wanted.kind != lf_frame_column(b, i).kind &&
            lf_frame_cast(b, i, wanted.kind, NULL) != LF_OK) {
            /* A whole number above 2^53 in a float column has no exact way back by a cast. */
            check(wanted.kind == LF_COLUMN_F64);
            continue;
        }
        for (size_t row = 0; row < lf_frame_row_count(a); row++) {
            check(same_cell(a, b, i, row));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/tmp/lobflow-fuzz-%ld.csv", (long)getpid());
    FILE *file = fopen(path, "wb");
    check(file != NULL);
    check(fwrite(data, 1, bytes, file) == bytes);
    check(fclose(file) == 0);

    lf_frame *frame = NULL;
    lf_frame *back = NULL;
    lf_error error = {.message = ""};
    const lf_status status = lf_frame_read(path, &frame, &error);
    if (status != LF_OK) {
        check(frame == NULL && error.message[0] != '\0');
    } else {
        check(lf_frame_write(frame, path, &error) == LF_OK);
        check(lf_frame_read(path, &back, &error) == LF_OK);
        check_same(frame, back);
    }
    lf_frame_destroy(frame);
    lf_frame_destroy(back);
    (void)unlink(path);
    return 0;
}
