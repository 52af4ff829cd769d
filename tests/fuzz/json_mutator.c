/* SPDX-License-Identifier: Apache-2.0 */
/* Mutations of a JSON text that leave it JSON: bytes changed at random are a syntax error nearly
 * always, and what lies behind the parser is never reached. One in four is left to libFuzzer. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { VALUES_MAX = 1024 };
typedef struct span {
    size_t begin, end;
} span;

static const char *const interesting[] = {
    "0",    "-1",   "1",     "2",     "1e308", "-1e308", "5e-324", "0.5",  "9223372036854775807",
    "null", "true", "false", "\"\"",  "[]",    "{}",     "[[]]",   "[0]",  "-9223372036854775808",
    "1e9",  "3",    "[1,2]", "\"relu\"", "\"|`*\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "[{}]", "[null]",
};
enum { INTERESTING = sizeof interesting / sizeof *interesting };

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static size_t string_end(const uint8_t *d, size_t size, size_t at)
{
    for (at++; at < size && d[at] != '"'; at++)
        at += d[at] == '\\';
    return at + 1;
}

/* The values of a text, members' names left out: containers whole, and what is in them. */
static int find_values(const uint8_t *d, size_t size, span *values)
{
    int count = 0, open[64], depth = 0;
    for (size_t at = 0; at < size && count < VALUES_MAX;) {
        uint8_t c = d[at];
        size_t end = at + 1;
        if (c == '{' || c == '[') {
            if (depth == 64)
                break;
            open[depth++] = count;
            values[count++] = (span){at, 0};
        } else if ((c == '}' || c == ']') && depth) {
            values[open[--depth]].end = end;
        } else if (c == '"') {
            end = string_end(d, size, at);
            if (end <= size && (end == size || d[end] != ':'))
                values[count++] = (span){at, end};
        } else if (c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) {
            while (end < size && !strchr(",]} \n\t", d[end]))
                end++;
            values[count++] = (span){at, end};
        }
        at = end;
    }
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (values[i].end > values[i].begin && values[i].end <= size)
            values[kept++] = values[i];
    return kept;
}

/* Puts @p n bytes where the span is; the size afterwards, or 0 where there is no room. */
static size_t replace(uint8_t *d, size_t size, size_t max_size, span to, const void *with, size_t n)
{
    size_t after = size - (to.end - to.begin) + n;
    if (after > max_size || after == 0)
        return 0;
    void *copy = malloc(n + 1); /* it may be a part of the text */
    memcpy(copy, with, n);
    memmove(d + to.begin + n, d + to.end, size - to.end);
    memcpy(d + to.begin, copy, n);
    free(copy);
    return after;
}

/* Removes a value, its name and a comma beside it. */
static size_t drop(uint8_t *d, size_t size, size_t max_size, span v)
{
    while (v.begin && !strchr(",{[", d[v.begin - 1]))
        v.begin--;
    if (v.begin && d[v.begin - 1] == ',')
        v.begin--;
    else if (v.end < size && d[v.end] == ',')
        v.end++;
    return replace(d, size, max_size, v, "", 0);
}

/* An element of an array once more behind itself. (In an object that is a syntax error.) */
static size_t repeat(uint8_t *d, size_t size, size_t max_size, span v)
{
    uint8_t copy[2048] = ",";
    size_t n = v.end - v.begin;
    if (n + 1 >= sizeof copy)
        return 0;
    memcpy(copy + 1, d + v.begin, n);
    return replace(d, size, max_size, (span){v.end, v.end}, copy, n + 1);
}

/* Other bytes within a value: another name, another number. */
static size_t inside(uint8_t *d, size_t size, size_t max_size, span v)
{
    uint8_t room[256];
    size_t n = v.end - v.begin;
    bool text = d[v.begin] == '"' && n >= 2;
    if (n > sizeof room / 2)
        return 0;
    memcpy(room, d + v.begin, n);
    if (text) {
        n = LLVMFuzzerMutate(room + 1, n - 2, sizeof room - 2) + 2;
        room[n - 1] = '"';
    } else {
        n = LLVMFuzzerMutate(room, n, sizeof room);
    }
    return replace(d, size, max_size, v, room, n);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    span values[VALUES_MAX];
    uint32_t state = seed;
    int count = next(&state) % 4 ? find_values(data, size, values) : 0;
    if (!count)
        return LLVMFuzzerMutate(data, size, max_size);
    span at = values[next(&state) % (unsigned)count], from = values[next(&state) % (unsigned)count];
    const char *word = interesting[next(&state) % INTERESTING];
    size_t after;
    switch (next(&state) % 6) {
    case 0: /* a value of another place */
        after = replace(data, size, max_size, at, data + from.begin, from.end - from.begin);
        break;
    case 1:
        after = drop(data, size, max_size, at);
        break;
    case 2:
        after = repeat(data, size, max_size, at);
        break;
    case 3:
        after = inside(data, size, max_size, at);
        break;
    default:
        after = replace(data, size, max_size, at, word, strlen(word));
    }
    return after ? after : LLVMFuzzerMutate(data, size, max_size);
}
