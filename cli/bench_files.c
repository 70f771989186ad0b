/* Stages of the verb bench that write table files: frame, and the whole verb features. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- frame ------------------------------------------------------------------------------ */

static size_t column_bytes(lf_column_kind kind)
{
    switch (kind) {
    case LF_COLUMN_F64:
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        return 8;
    case LF_COLUMN_TEXT:
        return 4;
    case LF_COLUMN_BOOL:
        return 1;
    }
    return 0;
}

static size_t table_bytes(const lf_frame *frame)
{
    size_t bytes = 0;
    for (size_t i = 0; i < lf_frame_column_count(frame); i++) {
        bytes += column_bytes(lf_frame_column(frame, i).kind);
    }
    return bytes * lf_frame_row_count(frame);
}

static lf_status write_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    const char *const path = context;
    const lf_frame *const rows = work->day.rows;
    bench_begin(pass);
    const lf_status status = lf_frame_write(rows, path, error);
    bench_end(pass, lf_frame_row_count(rows), table_bytes(rows));
    return status;
}

/* Without the Arrow plugin a variant is left out, and the person is told why. */
static lf_status skip_without_arrow(lf_status status)
{
    if (status == LF_DEPENDENCY) {
        cli_say(NULL, "the Arrow plugin is missing, so nothing with Parquet is measured");
        return LF_OK;
    }
    return status;
}

lf_status bench_frame(bench *work, lf_error *error)
{
    static const struct {
        const char *name;
        const char *file;
    } variants[] = {
        {"write parquet", "written.parquet"},
        {"write arrow", "written.arrow"},
        {"write csv", "written.csv"},
    };
    lf_status status = bench_day_rows(work, error);
    for (size_t i = 0; i < sizeof variants / sizeof variants[0] && status == LF_OK; i++) {
        char path[BENCH_PATH_BYTES];
        bench_path(work, variants[i].file, path);
        status = bench_measure(work, "frame", variants[i].name, write_pass, path, error);
        status = skip_without_arrow(status);
    }
    return status;
}

/* ---- the whole verb features ------------------------------------------------------------ */

static lf_status call_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    static const lf_label_spec labels[] = {
        {LF_LABEL_RETURN, LF_NS_PER_MINUTE}, {LF_LABEL_RETURN, 5 * LF_NS_PER_MINUTE}};
    static const lf_run_features_options options = {.labels = labels, .label_count = 2};
    const lf_config *const config = context;
    const bench_day *const day = &work->day;
    const lf_run_job job = {.config = config, .sources = day->found.sources, .source_count = 1};
    char path[BENCH_PATH_BYTES];
    bench_path(work, "features.parquet", path);
    bench_begin(pass);
    const lf_status status = lf_run_features(&job, &options, path, error);
    bench_end(pass, day->event_count, day->event_count * sizeof(lf_event));
    return status;
}

/* Start this program anew and wait for it; its exit code, or -1. */
static int run_program(const bench *work, char *const words[])
{
    posix_spawn_file_actions_t files;
    pid_t child;
    int code = -1;
    if (posix_spawn_file_actions_init(&files) != 0) {
        return -1;
    }
    (void)posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    (void)posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&child, work->program, &files, NULL, words, environ) == 0) {
        int result = 0;
        pid_t got;
        do {
            got = waitpid(child, &result, 0);
        } while (got < 0 && errno == EINTR);
        code = got == child && WIFEXITED(result) ? WEXITSTATUS(result) : -1;
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return code;
}

static lf_status program_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    char out[BENCH_PATH_BYTES];
    bench_path(work, "features.parquet", out);
    lf_source *const source = context;
    char verb[] = "features";
    char output[] = "-o";
    char labels[] = "--labels";
    char horizons[] = "1min,5min";
    char program[BENCH_PATH_BYTES];
    memcpy(program, work->program, sizeof program);
    /* The second file of a pair stands last, so that it can be left out. */
    char *const second = source->path2[0] != '\0' ? source->path2 : NULL;
    char *const words[] = {
        program, verb, output, out, labels, horizons, source->path, second, NULL};
    bench_begin(pass);
    const int code = run_program(work, words);
    bench_end(pass, work->day.event_count, work->day.event_count * sizeof(lf_event));
    return code == 0 ? LF_OK
                     : lf_error_set(error, LF_IO, "%s features ended with %d.", program, code);
}

lf_status bench_run(bench *work, lf_error *error)
{
    lf_config config;
    lf_config_default(&config);
    lf_status status =
        bench_measure(work, "run", "features, in process", call_pass, &config, error);
    if (status == LF_DEPENDENCY) {
        return skip_without_arrow(status);
    }
    if (status == LF_OK) {
        lf_source *const source = &work->day.found.sources[0];
        status = bench_measure(work, "run", "features, program", program_pass, source, error);
    }
    return status;
}
