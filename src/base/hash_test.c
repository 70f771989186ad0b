/*
 * Goal: fingerprints equal those of any other XXH64.
 * Method: values computed with libxxhash 0.8.1 for lengths on both sides of every branch.
 */
#include <lobflow/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_reference(void **state)
{
    (void)state;
    const struct {
        size_t bytes;
        uint64_t seed;
        uint64_t hash;
    } rows[] = {
        {0, UINT64_C(0), UINT64_C(0xef46db3751d8e999)},
        {1, UINT64_C(0), UINT64_C(0x1f25c8d0bc1f4bb6)},
        {3, UINT64_C(5), UINT64_C(0xa4218281579dbc2c)},
        {4, UINT64_C(0), UINT64_C(0x9bb64b7d66ee9fda)},
        {7, UINT64_C(0), UINT64_C(0x9a7b149959ce60d8)},
        {8, UINT64_C(1), UINT64_C(0xf119f5b26c0020ab)},
        {31, UINT64_C(0), UINT64_C(0xa2aa5f33cc4a6119)},
        {32, UINT64_C(0), UINT64_C(0x23c3c17ef790fd97)},
        {33, UINT64_C(2654435761), UINT64_C(0x72cdd3262f467933)},
        {63, UINT64_C(0), UINT64_C(0x5e3e54b431c7493c)},
        {200, UINT64_C(0), UINT64_C(0xa6cb3c09bc829b24)},
        {200, UINT64_C(9223372036854775817), UINT64_C(0x04be11fb4c1adefc)},
    };
    /* One byte in front, so that words are read from odd addresses. */
    unsigned char data[201];
    for (size_t i = 0; i < 200; i++) {
        data[i + 1] = (unsigned char)(i * 7 + 3);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(lf_hash64(data + 1, rows[i].bytes, rows[i].seed) == rows[i].hash);
    }
    assert_true(lf_hash64(NULL, 0, 0) == rows[0].hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
