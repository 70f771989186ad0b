/*
 * Goal: names of labels are read as they are meant, or refused with what is wrong.
 * Method: a table of texts.
 */
#include <lobflow/label.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MIN LF_NS_PER_MINUTE

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count; /* 0: refused, or nothing */
        lf_label_spec specs[3];
        const char *fault; /* part of the message */
    } cases[] = {
        {"", 0, {{0}}, NULL},
        {"1min", 1, {{LF_LABEL_RETURN, MIN}}, NULL},
        {"60s,barrier:5min", 2, {{LF_LABEL_RETURN, MIN}, {LF_LABEL_BARRIER, 5 * MIN}}, NULL},
        {"smooth:1min,meta:1min,weight:1min",
         3,
         {{LF_LABEL_SMOOTH, MIN}, {LF_LABEL_META, MIN}, {LF_LABEL_WEIGHT, MIN}},
         NULL},
        {"return:250ms", 1, {{LF_LABEL_RETURN, 250 * LF_NS_PER_MILLISECOND}}, NULL},
        {"bariers:1min", 0, {{0}}, "did you mean barrier"},
        {"barrier:", 0, {{0}}, "horizon"},
        {"barrier:-1s", 0, {{0}}, "horizon"},
        {"0", 0, {{0}}, "horizon"},
        {"2d", 0, {{0}}, "horizon"},
        {"1min,,5min", 0, {{0}}, "horizon"},
        {"1min,60s", 0, {{0}}, "60s is named twice"},
        {"1s,2s,3s,4s", 0, {{0}}, "more than 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lf_label_spec specs[3];
        size_t count = 0;
        lf_error error = {0};
        const lf_status status = lf_label_parse(cases[i].text, specs, 3, &count, &error);
        if (cases[i].fault != NULL) {
            assert_int_equal(status, LF_RANGE);
            assert_non_null(strstr(error.message, cases[i].fault));
            continue;
        }
        assert_int_equal(status, LF_OK);
        assert_int_equal(count, cases[i].count);
        for (size_t k = 0; k < count; k++) {
            assert_int_equal(specs[k].kind, cases[i].specs[k].kind);
            assert_true(specs[k].horizon_ns == cases[i].specs[k].horizon_ns);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
