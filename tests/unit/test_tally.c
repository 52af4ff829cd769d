/* SPDX-License-Identifier: Apache-2.0 */
/* What a report calls, of cases and of classes of cases. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reports/report.h"
#include "reports/rows.h"

/* A row of its own and oneDNN's, as the program records them. */
static json_t *document(double ratio, double lo, double hi, const char *verdict)
{
    return json_pack(
        "{si s{} s{ss s{ss}} s{sf si} s[{ss ss ss ss ss si sf ss sf sf s[{ss sf s[ff] si ss}]}"
        "{ss ss ss ss ss si sf ss}]}",
        "schema_version", 1, "context", "machine", "host", "here", "cpu", "model", "some CPU",
        "noise", "floor", 0.01, "n", 20, "benchmarks", "name", "relu/fwd/avx2/width:64/threads:1",
        "kernel", "relu/fwd/avx2/width:64/threads:1", "op", "relu", "dir", "fwd", "backend", "avx2",
        "omp_threads", 1, "real_time", 100.0, "time_unit", "ns", "bytes", 512.0, "roof_fraction",
        1.034, "ratios", "base", "onednn", "ratio", ratio, "ci95", lo, hi, "pairs", 11, "verdict",
        verdict, "name", "relu/fwd/onednn/width:64/threads:1", "kernel",
        "relu/fwd/onednn/width:64/threads:1", "op", "relu", "dir", "fwd", "backend", "onednn",
        "omp_threads", 1, "real_time", 100.0 * ratio, "time_unit", "ns");
}

static char *rendered(json_t *doc)
{
    char *text = NULL;
    assert_int_equal(vg_report_render(&doc, 1, NULL, &text), VG_OK);
    assert_non_null(text);
    return text;
}

static void nothing_is_called_without_a_floor(void **state)
{
    json_t *doc = document(1.5, 1.4, 1.6, "FASTER");
    vg_rows rows;
    assert_int_equal(vg_rows_collect(doc, &rows), VG_OK);
    assert_int_equal(rows.cases[0].verdict, VG_FASTER);
    vg_rows_release(&rows);
    json_object_del(doc, "noise");
    assert_int_equal(vg_rows_collect(doc, &rows), VG_OK);
    assert_int_equal(rows.cases[0].verdict, VG_AMBIGUOUS);
    vg_rows_release(&rows);
    char *text = rendered(doc);
    assert_non_null(strstr(text, "none of 1 cases is called, the noise floor is not known"));
    assert_non_null(strstr(text, "**Where oneDNN is faster:** n/a"));
    assert_null(strstr(text, "own kernels are faster in"));
    assert_null(strstr(text, " FASTER |"));
    free(text);
    json_decref(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_called_without_a_floor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
