/* SPDX-License-Identifier: Apache-2.0 */
/* What a run without timed kernels has measured, for the verdict: counted bytes, roofs, scaling. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure/stats.h"
#include "reports/parts.h"

bool vg_doc_measured_other(const json_t *doc)
{
    static const char *const parts[] = {"profile", "roofline.roofs", "race", "train"};
    if (json_array_size(json_object_get(doc, "benchmarks")))
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (json_array_size(vg_doc_get(doc, parts[i])))
            return true;
    return false;
}

/* "- **Roofs:** 128 GFLOP/s on 1 thread, 495 on 2 (37 roofs)". */
static void roofs(vg_text *out, const json_t *list)
{
    enum { MOST_THREADS = 1024 };
    double best[MOST_THREADS + 1] = {0};
    char buf[VG_NUM];
    size_t i;
    json_t *roof;
    const char *join = "- **Roofs:** arithmetic at most ";
    json_array_foreach(list, i, roof) {
        const char *kind = vg_doc_str(roof, "kind");
        double threads = vg_doc_num(roof, "threads"), value = vg_doc_num(roof, "value");
        if (kind && !strcmp(kind, "flops") && threads >= 1 && threads <= MOST_THREADS)
            best[(int)threads] = fmax(best[(int)threads], value);
    }
    for (int t = 1; t <= MOST_THREADS; t++) {
        if (!(best[t] > 0))
            continue;
        vg_text_printf(out, "%s%s GFLOP/s on %d thread%s", join, vg_num(buf, best[t] / 1e9, 3), t,
                       t == 1 ? "" : "s");
        join = ", ";
    }
    if (*join == ',')
        vg_text_printf(out, "; all %zu, with their intervals, are in part 9.\n",
                       json_array_size(list));
}

/* Of the rows of a record the least, middle and most of one number. */
static void spread_of(vg_text *out, const json_t *rows, double (*number)(const json_t *row))
{
    double *values = calloc(json_array_size(rows) + 1, sizeof *values);
    char a[VG_NUM], b[VG_NUM], c[VG_NUM];
    vg_samples s = {0};
    size_t i;
    int n = 0;
    json_t *row;
    json_array_foreach(rows, i, row) {
        double value = values ? number(row) : NAN;
        if (isfinite(value))
            values[n++] = value;
    }
    if (n && vg_samples_init(&s, values, NULL, n) == VG_OK)
        vg_text_printf(out, "%sx in the middle, %sx to %sx (n=%d row%s)",
                       vg_num(a, vg_stat_median_sorted(s.sorted, n), 3), vg_num(b, s.sorted[0], 3),
                       vg_num(c, s.sorted[n - 1], 3), n, n == 1 ? "" : "s");
    else
        vg_text_add(out, "n/a (not in the record)");
    vg_samples_release(&s);
    free(values);
}

static double traffic(const json_t *row)
{
    return vg_doc_num(row, "hot.l1_bytes") / vg_doc_num(row, "bytes");
}

static double speedup(const json_t *row)
{
    const json_t *points = json_object_get(row, "points");
    return vg_doc_num(json_array_get(points, json_array_size(points) - 1), "speedup");
}

static void profile(vg_text *out, const json_t *record)
{
    const char *kind = vg_doc_str(record, "kind"), *source = vg_doc_str(record, "source");
    const json_t *rows = json_object_get(record, "rows");
    if (!kind)
        return;
    if (!strcmp(kind, "kernels")) {
        vg_text_add(out, "- **Bytes** that kernels with hot caches bring into L1 (");
        vg_text_md(out, source ? source : "source not recorded");
        vg_text_add(out, "), to those they must: ");
        spread_of(out, rows, traffic);
    } else if (!strcmp(kind, "scaling")) {
        vg_text_add(out, "- **Scaling:** on the most threads measured, speed to that on the fewest: ");
        spread_of(out, rows, speedup);
    } else if (!strcmp(kind, "working_set")) {
        vg_text_printf(out, "- **Working sets:** %zu rows timed on tensors that outgrow one cache "
                            "after the other",
                       json_array_size(rows));
    } else if (!strcmp(kind, "steps")) {
        vg_text_printf(out, "- **Steps:** instructions and cache misses of %zu training steps",
                       json_array_size(rows));
    } else {
        return;
    }
    vg_text_printf(out, "; part %d.\n", strcmp(kind, "scaling") ? 8 : 7);
}

void vg_measured_lines(vg_text *out, const json_t *doc)
{
    const json_t *records = json_object_get(doc, "profile");
    size_t i;
    json_t *record;
    if (!vg_doc_measured_other(doc))
        return;
    roofs(out, vg_doc_get(doc, "roofline.roofs"));
    json_array_foreach(records, i, record)
        profile(out, record);
    vg_text_add(out, "- Kernels were not timed against oneDNN in this run, so nothing is said of who "
                     "is faster.\n");
}
