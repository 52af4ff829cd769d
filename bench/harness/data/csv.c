/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/data/csv.h"

#include <string.h>

static char find_separator(const char *p, const char *end)
{
    static const char candidates[] = ",;\t";
    int64_t seen[3] = {0};
    bool quoted = false;
    for (; p < end && (quoted || (*p != '\n' && *p != '\r')); p++) {
        const char *c = *p ? strchr(candidates, *p) : NULL;
        quoted ^= *p == '"';
        if (c && !quoted)
            seen[c - candidates]++;
    }
    int best = seen[1] > seen[0] ? 1 : 0;
    return candidates[seen[2] > seen[best] ? 2 : best];
}

void vg_csv_start(vg_csv *csv, const char *name, char *bytes, size_t size)
{
    *csv = (vg_csv){.name = name, .at = bytes, .end = bytes + size, .line = 1};
    if (size >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3))
        csv->at += 3;
    csv->separator = find_separator(csv->at, csv->end);
}

/* The end of a line at @p p: its length, or 0. */
static int line_end(const vg_csv *csv, const char *p)
{
    if (p < csv->end && *p == '\n')
        return 1;
    return p + 1 < csv->end && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

bool vg_csv_more(vg_csv *csv)
{
    for (int n; (n = line_end(csv, csv->at)) != 0;) {
        csv->at += n;
        csv->line++;
    }
    return csv->at < csv->end;
}

/* Behind a field: a separator, the end of a line, or the end of the file. */
static bool finish(vg_csv *csv, vg_csv_field *field, char *p)
{
    int n = line_end(csv, p);
    if (p < csv->end && *p == csv->separator) {
        csv->at = p + 1;
        field->last = false;
        return true;
    }
    csv->at = p + n;
    csv->line += n > 0;
    field->last = true;
    return n > 0 || p == csv->end;
}

static vg_status next_quoted(vg_csv *csv, vg_csv_field *field)
{
    char *from = csv->at + 1, *to = from;
    field->text = to;
    for (;; from++) {
        if (from == csv->end)
            return vg_fail(VG_EFORMAT, "%s:%lld: a quoted field without its closing quote",
                           csv->name, (long long)field->line);
        if (*from == '"' && (from + 1 == csv->end || from[1] != '"'))
            break;
        from += *from == '"';
        csv->line += *from == '\n';
        *to++ = *from;
    }
    field->length = (size_t)(to - field->text);
    if (!finish(csv, field, from + 1))
        return vg_fail(VG_EFORMAT, "%s:%lld: text after the closing quote of a field", csv->name,
                       (long long)csv->line);
    return VG_OK;
}

vg_status vg_csv_next(vg_csv *csv, vg_csv_field *field)
{
    *field = (vg_csv_field){.text = csv->at, .line = csv->line};
    if (csv->at < csv->end && *csv->at == '"')
        return next_quoted(csv, field);
    char *p = csv->at;
    const char separator = csv->separator;
    while (p < csv->end && *p != separator && *p != '\n')
        p++;
    if (p > field->text && p[-1] == '\r' && (p == csv->end || *p == '\n'))
        p--;
    field->length = (size_t)(p - field->text);
    if (p < csv->end && *p == '\r' && p + 1 == csv->end)
        p++;
    finish(csv, field, p);
    return VG_OK;
}
