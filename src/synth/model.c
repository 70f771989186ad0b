/* The numbers of a model by name: their ranges, and how they are written. */
#include "synth_internal.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* One member of lf_synth_model: some doubles. */
typedef struct member {
    const char *name;
    size_t offset;
    int count;
    double least, most;
} member;

/* clang-format off: one member a line. */
#define ONE(name, least, most) \
    { \
#name, offsetof(lf_synth_model, name), 1, least, most \
    }
#define MANY(name, count, most) \
    { \
#name, offsetof(lf_synth_model, name), count, 0, most \
    }

static const member members[] = {
    ONE(price_ticks, 1000, 1e12),
    ONE(volatility, 1e-4, 1000),
    ONE(impact_share, 0, 1),
    ONE(zone, 0, 0.5),
    ONE(stickiness, 0, 0.99),
    ONE(follow_ticks, 0, 1000),
    ONE(half_spread, 0, 2000),
    ONE(spread_wobble, 0, 2),
    ONE(limit_rate, 0.01, 1e5),
    ONE(improve_rate, 1e-4, 1e5),
    ONE(cancel_rate, 1e-4, 1e4),
    ONE(cancel_depth, 1e-3, 1e5),
    ONE(market_rate, 1e-5, 1e5),
    ONE(hidden_rate, 0, 1e5),
    ONE(depth_ticks, 1e-3, 1e5),
    ONE(depth_exponent, 0.3, 10),
    ONE(size_mean, 0.1, 1e12),
    ONE(size_tail, 0, 3),
    ONE(size_patience, 0, 3),
    ONE(market_size_mean, 0.1, 1e12),
    ONE(queue_response, 0, 1),
    ONE(queue_reach, 0.1, 1e5),
    ONE(metaorders, 1, LF_SYNTH_POOL_MAX),
    ONE(length_exponent, 1.01, 100),
    MANY(order_mix, LF_SYNTH_KINDS, 1),
    ONE(activity_sd, 0, 2),
    ONE(burst_sd, 0, 2),
    ONE(volatility_power, 0, 4),
    MANY(activity, LF_SYNTH_PARTS, 100),
    MANY(spread, LF_SYNTH_PARTS, 100),
    MANY(depth, LF_SYNTH_PARTS, 100),
};
/* clang-format on */

#define MEMBER_COUNT (sizeof members / sizeof members[0])

static double *values_of(lf_synth_model *model, const member *m)
{
    return (double *)(void *)((char *)model + m->offset);
}

static const double *const_values_of(const lf_synth_model *model, const member *m)
{
    return (const double *)(const void *)((const char *)model + m->offset);
}

static lf_status check_value(const member *m, double value, lf_error *error)
{
    if (value >= m->least && value <= m->most) {
        return LF_OK;
    }
    char least[LF_DOUBLE_TEXT_BYTES], most[LF_DOUBLE_TEXT_BYTES], text[LF_DOUBLE_TEXT_BYTES];
    (void)lf_double_format(m->least, least);
    (void)lf_double_format(m->most, most);
    (void)lf_double_format(value, text);
    return lf_error_set(
        error, LF_RANGE, "synth.%s = %s: it must be from %s to %s.", m->name, text, least, most
    );
}

lf_status lf_synth_model_set(
    lf_synth_model *model, const char *name, const double *values, size_t count, lf_error *error
)
{
    const char *names[MEMBER_COUNT];
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const member *m = &members[i];
        names[i] = m->name;
        if (strcmp(name, m->name) != 0) {
            continue;
        }
        if ((size_t)m->count != count) {
            return lf_error_set(
                error, LF_RANGE, "synth.%s: %d numbers, not %zu.", name, m->count, count
            );
        }
        for (size_t k = 0; k < count; k++) {
            const lf_status status = check_value(m, values[k], error);
            if (status != LF_OK) {
                return status;
            }
        }
        memcpy(values_of(model, m), values, count * sizeof *values);
        return LF_OK;
    }
    const char *near = lf_suggest(name, names, MEMBER_COUNT);
    return lf_error_set(
        error,
        LF_RANGE,
        "synth.%s is no number of a model%s%s%s",
        name,
        near != NULL ? "; did you mean " : "",
        near != NULL ? near : "",
        near != NULL ? "?" : "."
    );
}

lf_status lfi_synth_model_check(const lf_synth_model *model, lf_error *error)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        for (int k = 0; k < members[i].count; k++) {
            const lf_status status =
                check_value(&members[i], const_values_of(model, &members[i])[k], error);
            if (status != LF_OK) {
                return status;
            }
        }
    }
    return LF_OK;
}

void lfi_synth_model_clamp(lf_synth_model *model)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        double *values = values_of(model, &members[i]);
        for (int k = 0; k < members[i].count; k++) {
            values[k] = fmin(fmax(values[k], members[i].least), members[i].most);
        }
    }
}

lf_status lf_synth_model_write(
    const lf_synth_model *model,
    lf_synth_preset preset,
    const char *note,
    const char *path,
    lf_error *error
)
{
    lf_output *out;
    lf_status status = lf_output_create(NULL, path, &out, error);
    if (status != LF_OK) {
        return status;
    }
    status = lf_output_format(
        out,
        error,
        "# %s\n[synth]\npreset = \"%s\"\n",
        note,
        preset == LF_SYNTH_LARGE_TICK ? "large_tick" : "small_tick"
    );
    for (size_t i = 0; i < MEMBER_COUNT && status == LF_OK; i++) {
        const member *m = &members[i];
        char line[LF_SYNTH_PARTS * (LF_DOUBLE_TEXT_BYTES + 2)] = "";
        size_t end = 0;
        for (int k = 0; k < m->count; k++) {
            char text[LF_DOUBLE_TEXT_BYTES];
            (void)lf_double_format(const_values_of(model, m)[k], text);
            /* Every value of the configuration is a number with a point. */
            const char *tail = strpbrk(text, ".e") != NULL ? "" : ".0";
            end += (size_t
            )snprintf(line + end, sizeof line - end, "%s%s%s", k == 0 ? "" : ", ", text, tail);
        }
        const bool is_list = m->count > 1;
        status = lf_output_format(
            out, error, "%s = %s%s%s\n", m->name, is_list ? "[" : "", line, is_list ? "]" : ""
        );
    }
    if (status == LF_OK) {
        status = lf_output_finish(out, error);
    }
    lf_output_destroy(out);
    return status;
}
