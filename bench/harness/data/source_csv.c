/* SPDX-License-Identifier: Apache-2.0 */
/* A table of numbers: header or not, which column is the label, names of classes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "harness/data/csv.h"
#include "harness/data/dataset.h"
#include "harness/data/file.h"
#include "harness/data/number.h"
#include "vgbench/memory.h"

enum { PATH = 4096, SHOWN = 40 };

typedef struct label {
    const char *text;
    int64_t length, line, row;
} label;

typedef struct table {
    vg_csv csv;
    const char *column;
    const vg_wanted *wanted;
    vg_source *source;
    vg_csv_field *first; /* fields of the first row */
    int64_t columns, first_capacity;
    int64_t label_column;
    int64_t capacity; /* rows that can be in the file */
    label *labels;
} table;

static vg_status bad_field(const table *t, const vg_csv_field *f, int64_t column, const char *what)
{
    return vg_fail(VG_EFORMAT, "%s:%lld: column %lld is '%.*s': %s", t->csv.name,
                   (long long)f->line, (long long)column + 1,
                   (int)(f->length < SHOWN ? f->length : SHOWN), f->text, what);
}

static vg_status read_first_row(table *t)
{
    for (bool last = false; !last; t->columns++) {
        if (t->columns == t->first_capacity) {
            int64_t capacity = t->first_capacity ? 2 * t->first_capacity : 64;
            vg_csv_field *grown = realloc(t->first, (size_t)capacity * sizeof *grown);
            if (!grown)
                return vg_fail(VG_ENOMEM, "out of memory for the columns of %s", t->csv.name);
            t->first = grown;
            t->first_capacity = capacity;
        }
        VG_TRY(vg_csv_next(&t->csv, &t->first[t->columns]));
        last = t->first[t->columns].last;
    }
    if (t->columns < 2)
        return vg_fail(VG_EFORMAT, "%s:%lld: one column; a feature and a label are needed",
                       t->csv.name, (long long)t->first[0].line);
    return VG_OK;
}

static bool is_called(const vg_csv_field *f, const char *name)
{
    return f->length == strlen(name) && !memcmp(f->text, name, f->length);
}

/* Column by name: exactly as in the header. */
static int64_t column_called(const table *t, const char *name)
{
    for (int64_t i = 0; i < t->columns; i++)
        if (is_called(&t->first[i], name))
            return i;
    return -1;
}

/* The first row is a header unless all its fields but the label's are numbers. */
static bool has_header(const table *t, int64_t label_column)
{
    for (int64_t i = 0; i < t->columns; i++) {
        double value;
        if (i != label_column && !vg_read_number(t->first[i].text, t->first[i].length, &value))
            return true;
    }
    return false;
}

static vg_status find_label(table *t, bool *header)
{
    static const char *const usual[] = {"label", "class", "target", "y"};
    double number = 0;
    if (t->column) {
        t->label_column = column_called(t, t->column);
        *header = t->label_column >= 0;
        if (*header)
            return VG_OK;
        if (!vg_read_number(t->column, strlen(t->column), &number) ||
            !(number >= 1 && number <= (double)t->columns && number == floor(number)))
            return vg_fail(VG_EFORMAT, "%s: no column '%.100s': a name in its first row or a number "
                           "from 1 to %lld is needed", t->csv.name, t->column,
                           (long long)t->columns);
        t->label_column = (int64_t)number - 1;
        *header = has_header(t, t->label_column);
        return VG_OK;
    }
    t->label_column = t->columns - 1;
    *header = has_header(t, t->label_column);
    for (int i = 3; *header && i >= 0; i--) {
        int64_t called = column_called(t, usual[i]);
        t->label_column = called >= 0 ? called : t->label_column;
    }
    return VG_OK;
}

static vg_status put_field(table *t, const vg_csv_field *f, int64_t row, int64_t column)
{
    vg_source *s = t->source;
    double value;
    if (column == t->label_column) {
        if (!f->length)
            return bad_field(t, f, column, "a label is needed");
        t->labels[row] = (label){f->text, (int64_t)f->length, f->line, row};
        return VG_OK;
    }
    if (!vg_read_number(f->text, f->length, &value))
        return bad_field(t, f, column, "a number is needed");
    if (!isfinite((float)value))
        return bad_field(t, f, column, "too large for float (3.4e38)");
    s->x[row * s->features + column - (column > t->label_column)] = (float)value;
    return VG_OK;
}

static vg_status ragged(const table *t, int64_t line, int64_t fields, bool more)
{
    return vg_fail(VG_EFORMAT, "%s:%lld: %s%lld fields, the first row has %lld", t->csv.name,
                   (long long)line, more ? "more than " : "", (long long)fields,
                   (long long)t->columns);
}

static vg_status read_row(table *t, int64_t row)
{
    int64_t line = t->csv.line;
    for (int64_t column = 0;; column++) {
        vg_csv_field f;
        VG_TRY(vg_csv_next(&t->csv, &f));
        if (column == t->columns)
            return ragged(t, line, t->columns, true);
        VG_TRY(put_field(t, &f, row, column));
        if (f.last)
            return column + 1 == t->columns ? VG_OK : ragged(t, line, column + 1, false);
    }
}

static vg_status read_rows(table *t, bool header)
{
    vg_source *s = t->source;
    int64_t limit = t->wanted->samples ? t->wanted->samples : INT32_MAX, row = 0;
    if (!header) {
        for (int64_t i = 0; i < t->columns; i++)
            VG_TRY(put_field(t, &t->first[i], 0, i));
        row = 1;
    }
    for (; row < limit && vg_csv_more(&t->csv); row++) {
        /* Every row that is accepted has two bytes a column, so this says: some row is shorter. */
        if (row == t->capacity)
            return ragged(t, t->csv.line, 0, false);
        VG_TRY(read_row(t, row));
    }
    s->count = row;
    if (row == 0)
        return vg_fail(VG_EFORMAT, "%s: a header and no rows", t->csv.name);
    if (row == INT32_MAX && limit == INT32_MAX)
        return vg_fail(VG_EFORMAT, "%s: more than 2^31 - 2 rows", t->csv.name);
    return VG_OK;
}

/* --- labels -------------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    const label *x = a, *y = b;
    int64_t n = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->text, y->text, (size_t)n);
    if (order)
        return order;
    return (x->length > y->length) - (x->length < y->length);
}

/* Names in the order of their bytes become 0, 1, ... */
static vg_status number_names(table *t)
{
    vg_source *s = t->source;
    int64_t limit = t->wanted->classes ? t->wanted->classes : VG_DATASET_CLASSES_MAX;
    qsort(t->labels, (size_t)s->count, sizeof *t->labels, by_text);
    s->classes = 0;
    for (int64_t i = 0; i < s->count; i++) {
        if (i == 0 || by_text(&t->labels[i - 1], &t->labels[i]) != 0)
            s->classes++;
        if (s->classes > limit)
            return vg_fail(VG_EFORMAT, "%s: column %lld has more than %lld different labels",
                           t->csv.name, (long long)t->label_column + 1, (long long)limit);
        s->labels[t->labels[i].row] = (int32_t)(s->classes - 1);
    }
    return VG_OK;
}

static vg_status number_label(const table *t, const label *l, double value)
{
    vg_source *s = t->source;
    if (t->wanted->regression) {
        s->target[l->row] = (float)value;
        if (isfinite(s->target[l->row]))
            return VG_OK;
        return vg_fail(VG_EFORMAT, "%s:%lld: target %g is too large for float (3.4e38)",
                       t->csv.name, (long long)l->line, value);
    }
    if (value >= 0 && value < (double)s->classes && value == floor(value)) {
        s->labels[l->row] = (int32_t)value;
        return VG_OK;
    }
    char where[PATH + 32];
    snprintf(where, sizeof where, "%s:%lld", t->csv.name, (long long)l->line);
    return vg_source_label(s, t->wanted, l->row, value, where);
}

/* Numbers, or with a first label that is none, names: then all are names. */
static vg_status read_labels(table *t)
{
    vg_source *s = t->source;
    for (int64_t i = 0; i < s->count; i++) {
        const label *l = &t->labels[i];
        double value;
        if (vg_read_number(l->text, (size_t)l->length, &value)) {
            VG_TRY(number_label(t, l, value));
            continue;
        }
        if (i == 0 && !t->wanted->regression)
            return number_names(t);
        return vg_fail(VG_EFORMAT, "%s:%lld: label '%.*s': a number is needed%s", t->csv.name,
                       (long long)l->line, (int)(l->length < SHOWN ? l->length : SHOWN), l->text,
                       i ? ", as in the rows before" : " for loss=mse");
    }
    return VG_OK;
}

/* --- the file ------------------------------------------------------------------------------------ */

static vg_status take_memory(table *t, size_t size)
{
    vg_source *s = t->source;
    void *memory;
    int64_t lines = 1;
    for (const char *p = t->csv.at; (p = memchr(p, '\n', (size_t)(t->csv.end - p))); p++)
        lines++;
    t->capacity = (int64_t)(size + 1) / (2 * t->columns) + 1;
    t->capacity = t->capacity < lines + 1 ? t->capacity : lines + 1;
    if (t->wanted->samples && t->capacity > t->wanted->samples)
        t->capacity = t->wanted->samples;
    s->count = t->capacity;
    s->features = t->columns - 1;
    s->classes = t->wanted->regression ? 1 : 0;
    VG_TRY(vg_source_allocate(s, t->wanted));
    VG_TRY(vg_alloc((size_t)t->capacity * sizeof *t->labels, 0, &memory));
    t->labels = memory;
    return VG_OK;
}

static vg_status parse(table *t, size_t size)
{
    bool header;
    if (!vg_csv_more(&t->csv))
        return vg_fail(VG_EFORMAT, "%s: empty", t->csv.name);
    VG_TRY(read_first_row(t));
    VG_TRY(find_label(t, &header));
    VG_TRY(take_memory(t, size));
    VG_TRY(read_rows(t, header));
    return read_labels(t);
}

vg_status vg_csv_parse(const char *name, char *bytes, size_t size, const char *column,
                       const vg_wanted *wanted, vg_source *source)
{
    table t = {.column = column, .wanted = wanted, .source = source};
    *source = (vg_source){0};
    vg_csv_start(&t.csv, name, bytes, size);
    vg_status status = parse(&t, size);
    if (status == VG_OK)
        snprintf(source->origin, sizeof source->origin, "%.200s, %lld x %lld", name,
                 (long long)source->count, (long long)source->features);
    free(t.first);
    vg_free(t.labels);
    return status;
}

/* FILE#COLUMN, unless a file is called so. */
static const char *split_name(const char *word, char *path)
{
    struct stat info;
    snprintf(path, PATH, "%s", word);
    char *mark = strrchr(path, '#');
    if (!mark || stat(path, &info) == 0)
        return NULL;
    *mark = '\0';
    return word + (mark - path) + 1;
}

vg_status vg_source_csv(const char *word, const vg_wanted *wanted, vg_source *source)
{
    char path[PATH];
    uint8_t *bytes;
    size_t size;
    if (strlen(word) >= sizeof path)
        return vg_fail(VG_EINVAL, "a path of more than %d characters", PATH - 1);
    const char *column = split_name(word, path);
    VG_TRY(vg_file_load(path, &bytes, &size));
    vg_status status = vg_csv_parse(path, (char *)bytes, size, column, wanted, source);
    vg_free(bytes);
    return status;
}
