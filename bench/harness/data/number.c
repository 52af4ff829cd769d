/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/data/number.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Powers that a double holds exactly. */
static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* The C library, for numbers that the short way cannot round. */
static bool read_slowly(const char *text, size_t length, double *value)
{
    char copy[401], *end;
    if (length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    *value = strtod(copy, &end);
    return end == copy + length;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits from @p p on into the mantissa; @p digits counts those that it holds. */
static const char *read_digits(const char *p, const char *end, uint64_t *mantissa, int *digits)
{
    for (; p < end && is_digit(*p); p++) {
        if (*digits < 19)
            *mantissa = *mantissa * 10 + (uint64_t)(*p - '0');
        *digits += *mantissa != 0 || *digits > 0;
    }
    return p;
}

static const char *read_exponent(const char *p, const char *end, int *exponent)
{
    bool negative = p < end && *p == '-';
    int value = 0;
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end || !is_digit(*p))
        return NULL;
    for (; p < end && is_digit(*p); p++)
        value = value < 100000 ? 10 * value + (*p - '0') : value;
    *exponent += negative ? -value : value;
    return p;
}

bool vg_read_number(const char *text, size_t length, double *value)
{
    const char *p = text, *end = text + length;
    while (p < end && *p == ' ')
        p++;
    while (end > p && end[-1] == ' ')
        end--;
    const char *start = p;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    uint64_t mantissa = 0;
    int digits = 0, exponent = 0;
    const char *whole = p;
    p = read_digits(p, end, &mantissa, &digits);
    int64_t places = p - whole;
    if (p < end && *p == '.') {
        const char *point = ++p;
        p = read_digits(p, end, &mantissa, &digits);
        places += p - point;
        exponent = p - point < 100000 ? -(int)(p - point) : -100000;
    }
    if (places == 0)
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p = read_exponent(p + 1, end, &exponent);
        if (!p)
            return false;
    }
    if (p != end)
        return false;
    /* Clinger 1990: an exact mantissa and an exact power round once. */
    if (digits > 19 || mantissa > UINT64_C(1) << 53 || exponent < -22 || exponent > 22)
        return read_slowly(start, (size_t)(end - start), value);
    double m = (double)mantissa;
    m = exponent < 0 ? m / powers[-exponent] : m * powers[exponent];
    *value = negative ? -m : m;
    return true;
}
