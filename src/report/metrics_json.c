/* Small builders of JSON: undefined numbers become null, failures are noted once. */
#include "report_internal.h"

#include <math.h>

void lfi_put(lfi_metrics *m, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0) {
        m->failed = true;
    }
}

void lfi_put_number(lfi_metrics *m, json_t *object, const char *key, double value)
{
    lfi_put(m, object, key, isfinite(value) ? json_real(value) : json_null());
}

void lfi_put_money(lfi_metrics *m, json_t *object, const char *key, double value)
{
    const double nano = 1e9 * value;
    /* Above 2^53 a double has no part below 1e-9 that could be wrong. Adding 0 turns -0 into 0. */
    lfi_put_number(m, object, key, fabs(nano) < 0x1p53 ? round(nano) / 1e9 + 0.0 : value);
}

void lfi_put_count(lfi_metrics *m, json_t *object, const char *key, double value)
{
    lfi_put(m, object, key, isfinite(value) ? json_integer((json_int_t)value) : json_null());
}

void lfi_put_text(lfi_metrics *m, json_t *object, const char *key, const char *text)
{
    /* A text that is not UTF-8, such as a file name, must not cost the report. */
    json_t *value = text == NULL ? json_null() : json_string(text);
    lfi_put(m, object, key, value != NULL ? value : json_null());
}

void lfi_put_interval(lfi_metrics *m, json_t *object, const char *key, lf_interval value)
{
    json_t *pair = json_array();
    const double ends[] = {value.low, value.high};
    for (int i = 0; i < 2; i++) {
        json_t *end = isfinite(ends[i]) ? json_real(ends[i]) : json_null();
        m->failed = json_array_append_new(pair, end) != 0 || m->failed;
    }
    lfi_put(m, object, key, pair);
}

void lfi_put_date(lfi_metrics *m, json_t *object, const char *key, int64_t day)
{
    char text[11];
    lf_date_format(lf_date_from_days(day), text);
    lfi_put_text(m, object, key, text);
}

void lfi_put_time(lfi_metrics *m, json_t *object, const char *key, int64_t time_ns)
{
    char text[32];
    lf_time_format(time_ns, text);
    lfi_put_text(m, object, key, time_ns == LF_TIME_NONE ? NULL : text);
}

json_t *lfi_put_object(lfi_metrics *m, json_t *object, const char *key)
{
    json_t *value = json_object();
    lfi_put(m, object, key, value);
    return value;
}

json_t *lfi_put_list(lfi_metrics *m, json_t *object, const char *key)
{
    json_t *value = json_array();
    lfi_put(m, object, key, value);
    return value;
}

json_t *lfi_append_object(lfi_metrics *m, json_t *list)
{
    json_t *value = json_object();
    m->failed = json_array_append_new(list, value) != 0 || m->failed;
    return value;
}

json_t *lfi_parse(const char *text)
{
    json_t *value = text == NULL ? NULL : json_loads(text, 0, NULL);
    if (!json_is_object(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

bool lfi_is_metrics(const json_t *root)
{
    static const char *const sections[] = {"signal", "execution", "pnl", "risk", "costs", "meta"};
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        if (!json_is_object(json_object_get(root, sections[i]))) {
            return false;
        }
    }
    return json_is_array(json_object_get(root, "variants")) &&
           json_is_array(json_object_get(root, "warnings"));
}
