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

static vg_problem a_case(double mid, double lo, double hi, vg_verdict verdict)
{
    vg_problem c = {.ratio = {mid, lo, hi}, .floor = 0.01, .crowded = "", .verdict = verdict};
    c.sd = (log(hi) - log(lo)) / (2 * 1.96);
    return c;
}

static void a_class_of_one_case_is_called_as_the_case(void **state)
{
    /* beyond the floor by its interval, yet recorded as ambiguous: with the floor of then */
    vg_problem c = a_case(0.984, 0.983, 0.985, VG_AMBIGUOUS);
    vg_tally one = {0}, two = {0};
    vg_tally_add(&one, &c);
    assert_int_equal(vg_tally_verdict(&one), VG_AMBIGUOUS);
    vg_tally_add(&two, &c);
    vg_tally_add(&two, &c);
    assert_int_equal(vg_tally_verdict(&two), VG_SLOWER);
    vg_tally none = {0};
    assert_int_equal(vg_tally_verdict(&none), VG_VERDICT_NONE);
}

static void means_are_no_narrower_than_the_floor(void **state)
{
    vg_problem c = a_case(2, 1.999, 2.001, VG_FASTER), wide = a_case(2, 1.9, 2.1, VG_FASTER);
    vg_tally many = {0}, few = {0};
    for (int i = 0; i < 100; i++)
        vg_tally_add(&many, &c);
    vg_estimate mean = vg_tally_mean(&many);
    assert_true(fabs(mean.lo * 1.01 - 2) < 1e-9 && fabs(mean.hi / 1.01 - 2) < 1e-9);
    vg_tally_add(&few, &wide);
    mean = vg_tally_mean(&few);
    assert_true(mean.lo < 1.91 && mean.hi > 2.09);
    c.floor = NAN; /* one unknown makes the whole unknown, wherever it stands */
    vg_tally_add(&many, &c);
    c.floor = 0.01;
    vg_tally_add(&many, &c);
    mean = vg_tally_mean(&many);
    assert_true(fabs(mean.mid - 2) < 1e-9 && isnan(mean.lo) && isnan(mean.hi));
    assert_int_equal(vg_tally_verdict(&many), VG_AMBIGUOUS);
}

static void the_scorecard_agrees_with_its_cases_and_marks_what_is_above_a_roof(void **state)
{
    json_t *doc = document(0.984, 0.983, 0.985, "AMBIGUOUS");
    char *text = rendered(doc), *card = strstr(text, "| relu | fwd |");
    assert_non_null(card);
    *strchr(card, '\n') = '\0';
    assert_non_null(strstr(card, "| 0 / 0 / 0 / 1 |"));
    assert_non_null(strstr(card, "| AMBIGUOUS |"));
    assert_non_null(strstr(card, "103 % (!)"));
    free(text);
    json_decref(doc);
}

static void medians_that_contradict_the_pairs_are_marked(void **state)
{
    const vg_estimate pairs = {0.89, 0.88, 0.90};
    assert_true(vg_medians_contradict(0.57, pairs, 0.01));
    assert_true(vg_medians_contradict(0.95, pairs, NAN));
    assert_false(vg_medians_contradict(0.905, pairs, 0.01)); /* within the floor */
    assert_false(vg_medians_contradict(NAN, pairs, 0.01));
    json_t *doc = document(0.89, 0.88, 0.90, "SLOWER");
    char *text = rendered(doc);
    assert_null(strstr(text, "contradict"));
    free(text);
    json_t *onednn = json_array_get(json_object_get(doc, "benchmarks"), 1);
    json_object_set_new(onednn, "real_time", json_real(57));
    text = rendered(doc);
    assert_non_null(strstr(text, "SLOWER; medians 0.570 (!) |"));
    assert_non_null(strstr(text, "- 1 case whose medians contradict the ratio of pairs, most of all "
                                 "`relu/fwd/avx2/width:64/threads:1`: medians 0.570, pairs 0.890x"));
    free(text);
    json_decref(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_called_without_a_floor),
        cmocka_unit_test(a_class_of_one_case_is_called_as_the_case),
        cmocka_unit_test(means_are_no_narrower_than_the_floor),
        cmocka_unit_test(medians_that_contradict_the_pairs_are_marked),
        cmocka_unit_test(the_scorecard_agrees_with_its_cases_and_marks_what_is_above_a_roof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
