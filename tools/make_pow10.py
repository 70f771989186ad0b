"""Write src/base/pow10.c: the table of 128-bit powers of ten that lf_double_format() uses."""

FIRST, LAST = -292, 324


def power(k):
    """10^k scaled to 128 bits: floor(10^k * 2^-r) + 1 with the highest bit set."""
    if k >= 0:
        value = 10**k
        r = value.bit_length() - 128
        scaled = value >> r if r >= 0 else value << -r
    else:
        divisor = 10**-k
        shift = 127 + divisor.bit_length()
        scaled = (1 << shift) // divisor
        if scaled.bit_length() == 129:
            scaled >>= 1
    assert scaled.bit_length() == 128
    return scaled + 1


def main():
    lines = [
        "/* Powers of ten in 128 bits, rounded up; made by tools/make_pow10.py. */",
        "#include <lobflow/base.h>",
        "",
        '#include "base_internal.h"',
        "",
        "/* clang-format off */",
        "const uint64_t lfi_pow10[LFI_POW10_COUNT][2] = {",
    ]
    for k in range(FIRST, LAST + 1):
        g = power(k)
        lines.append(f"    {{0x{g >> 64:016x}, 0x{g & (1 << 64) - 1:016x}}}, /* {k} */")
    lines += ["};", "/* clang-format on */"]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
