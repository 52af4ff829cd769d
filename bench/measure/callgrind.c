/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/callgrind.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const event_names[VG_CG_EVENTS] = {"Ir",   "Dr",   "Dw",   "I1mr", "D1mr",
                                                      "D1mw", "ILmr", "DLmr", "DLmw"};
enum { COLUMNS_MAX = 32, PARTS_MAX = 1 << 20, SKIPPED = -1 };

/* A piece of the text; not terminated. */
typedef struct piece {
    const char *p;
    size_t n;
    bool ended; /* lines: by a newline, not by the end of the text */
} piece;

typedef struct reader {
    vg_callgrind *out;
    long line;
    int columns[COLUMNS_MAX], column_count; /* event of each column */
    bool version, in_part, totals;
} reader;

static vg_status wrong(const reader *r, const char *what)
{
    return vg_fail(VG_EFORMAT, "callgrind output, line %ld: %s", r->line, what);
}

static piece next_line(const char **text, size_t *left)
{
    const char *end = memchr(*text, '\n', *left);
    piece line = {*text, end ? (size_t)(end - *text) : *left, end != NULL};
    size_t used = line.n + line.ended;
    *text += used;
    *left -= used;
    return line;
}

static piece next_word(piece *rest)
{
    while (rest->n && (*rest->p == ' ' || *rest->p == '\t' || *rest->p == '\r'))
        rest->p++, rest->n--;
    piece word = {rest->p, 0, false};
    while (rest->n && *rest->p != ' ' && *rest->p != '\t' && *rest->p != '\r')
        rest->p++, rest->n--, word.n++;
    return word;
}

/* Whether the line begins with @p key; *rest is what follows. */
static bool starts(piece line, const char *key, piece *rest)
{
    size_t n = strlen(key);
    if (line.n < n || memcmp(line.p, key, n))
        return false;
    *rest = (piece){line.p + n, line.n - n, line.ended};
    while (rest->n && *rest->p == ' ')
        rest->p++, rest->n--;
    return true;
}

/* What is printed of a foreign name: printable ASCII, cut to fit. */
static void copy(char *to, size_t size, piece from)
{
    size_t n = 0;
    for (size_t i = 0; i < from.n && n + 1 < size; i++)
        to[n++] = from.p[i] >= ' ' && from.p[i] <= '~' ? from.p[i] : '?';
    while (n && to[n - 1] == ' ')
        n--;
    to[n] = '\0';
}

static bool read_count(piece word, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < word.n; i++) {
        unsigned digit = (unsigned)(unsigned char)word.p[i] - '0';
        if (digit > 9 || *value > (UINT64_MAX - digit) / 10)
            return false;
        *value = *value * 10 + digit;
    }
    return word.n > 0;
}

/* --- lines ---------------------------------------------------------------------------------- */

static vg_status begin_part(reader *r)
{
    vg_callgrind *c = r->out;
    if (r->in_part && !r->totals)
        return wrong(r, "the part before has no totals");
    if (c->count == PARTS_MAX)
        return wrong(r, "more than 1048576 parts");
    if (c->count == c->capacity) {
        int capacity = c->capacity ? 2 * c->capacity : 64;
        vg_callgrind_part *grown = realloc(c->parts, (size_t)capacity * sizeof *grown);
        if (!grown)
            return vg_fail(VG_ENOMEM, "out of memory for %d parts of callgrind's output", capacity);
        c->parts = grown;
        c->capacity = capacity;
    }
    c->parts[c->count++] = (vg_callgrind_part){.name = ""};
    r->in_part = true;
    r->totals = false;
    r->column_count = 0;
    return VG_OK;
}

static vg_status read_events(reader *r, piece rest)
{
    unsigned seen = 0;
    r->column_count = 0;
    for (piece word = next_word(&rest); word.n; word = next_word(&rest)) {
        int event = SKIPPED;
        if (r->column_count == COLUMNS_MAX)
            return wrong(r, "more than 32 events");
        for (int e = 0; e < VG_CG_EVENTS; e++)
            if (strlen(event_names[e]) == word.n && !memcmp(event_names[e], word.p, word.n))
                event = e;
        if (event != SKIPPED && seen & 1u << event)
            return wrong(r, "an event is listed twice");
        seen |= event != SKIPPED ? 1u << event : 0;
        r->columns[r->column_count++] = event;
    }
    return r->column_count ? VG_OK : wrong(r, "no events are listed");
}

/* Counts in the order of the events; zeros at the end are left out. */
static vg_status read_totals(reader *r, piece rest)
{
    int column = 0;
    if (!r->in_part || !r->column_count)
        return wrong(r, "totals before any events");
    if (r->totals)
        return wrong(r, "totals are given twice");
    if (!rest.ended) /* the last number may lack digits */
        return wrong(r, "the file is cut off within totals");
    for (piece word = next_word(&rest); word.n; word = next_word(&rest)) {
        uint64_t value;
        if (column == r->column_count)
            return wrong(r, "more totals than events");
        if (!read_count(word, &value))
            return wrong(r, "a count is not a whole number below 2^64");
        int event = r->columns[column++];
        if (event != SKIPPED)
            r->out->parts[r->out->count - 1].counts[event] = value;
    }
    r->totals = true;
    return VG_OK;
}

static void read_description(reader *r, piece rest)
{
    static const char *const keys[] = {"I1 cache:", "D1 cache:", "LL cache:"};
    piece value;
    for (int i = 0; i < 3; i++)
        if (starts(rest, keys[i], &value))
            copy(r->out->caches[i], sizeof r->out->caches[i], value);
    if (r->in_part && starts(rest, "Trigger: Client Request:", &value))
        copy(r->out->parts[r->out->count - 1].name, sizeof r->out->parts->name, value);
}

static vg_status read_line(reader *r, piece line)
{
    piece rest;
    if (starts(line, "version:", &rest)) {
        uint64_t version;
        if (!read_count(next_word(&rest), &version) || version != 1)
            return wrong(r, "a version other than 1");
        r->version = true;
    } else if (starts(line, "creator:", &rest)) {
        copy(r->out->creator, sizeof r->out->creator, rest);
    } else if (starts(line, "part:", &rest)) {
        return begin_part(r);
    } else if (starts(line, "desc:", &rest)) {
        read_description(r, rest);
    } else if (starts(line, "events:", &rest)) {
        return read_events(r, rest);
    } else if (starts(line, "totals:", &rest)) {
        return read_totals(r, rest);
    }
    return VG_OK; /* positions, functions, calls, and keys of other versions */
}

vg_status vg_callgrind_parse(const char *text, size_t size, vg_callgrind *out)
{
    vg_status status = VG_OK;
    *out = (vg_callgrind){.count = 0};
    reader r = {.out = out};
    while (size && !status) {
        r.line++;
        status = read_line(&r, next_line(&text, &size));
    }
    if (!status && !r.version)
        status = wrong(&r, "no version line: not a file of callgrind");
    if (!status && r.in_part && !r.totals)
        status = wrong(&r, "the last part has no totals: the file is cut off");
    if (status)
        vg_callgrind_release(out);
    return status;
}

const vg_callgrind_part *vg_callgrind_find(const vg_callgrind *c, const char *name)
{
    for (int i = c->count; i-- > 0;)
        if (!strcmp(c->parts[i].name, name))
            return &c->parts[i];
    return NULL;
}

void vg_callgrind_release(vg_callgrind *c)
{
    free(c->parts);
    *c = (vg_callgrind){.count = 0};
}
