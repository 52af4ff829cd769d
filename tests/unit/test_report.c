/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "reports/compare.h"
#include "reports/report.h"
#include "reports/rows.h"
#include "reports/text.h"

/* NOLINTNEXTLINE(misc-misleading-bidirectional): reports must take it away */
static const char hostile[] = "a|b`c<script>&\n\r\x01*_[x](y)\\$~\"'@\xe2\x80\xae@";

/* --- a small document ------------------------------------------------------------------------- */

static json_t *entry(const char *backend, const char *shape, double ns)
{
    char kernel[200];
    snprintf(kernel, sizeof kernel, "relu/fwd/%s/%s/threads:1", backend, shape);
    json_t *samples = json_array();
    for (int i = 0; i < 11; i++)
        json_array_append_new(samples, json_real(ns * (1 + 0.001 * (i % 5 - 2))));
    return json_pack("{ss ss ss ss ss ss s{si si} si ss sb sf so sf sf sf ss}", "name", kernel,
                     "run_type", "iteration", "kernel", kernel, "op", "relu", "dir", "fwd",
                     "backend", backend, "shape", "batch", 32, "width", 64, "omp_threads", 1,
                     "impl", "test", "verified", 1, "ulp_max", 0.5, "samples_ns", samples,
                     "real_time", ns, "flops", 2048.0, "bytes", 16384.0, "time_unit", "ns");
}

static json_t *document(void)
{
    json_t *layers = json_array();
    for (int i = 1; i <= 12; i++)
        json_array_append_new(layers, json_pack("{si sf sf}", "index", i, "delta_l2",
                                                1e-3 / (1 << (12 - i)), "ln_sd", 0.1));
    return json_pack(
        "{si ss s{} s{ss s{ss} s{s{ss si}} s[{si ss si}]} s{sf si} s[oooo] s[{s{ss ss si} s[i,i] "
        "so s{ss sf s[f,f]} sf ss}]}",
        "schema_version", 1, "command", "vgbench test", "context", "machine", "host", "here", "cpu",
        "model", "some CPU", "software", "onednn", "version", "2.6.3", "year", 2022, "caches",
        "level", 1, "type", "Data", "size", 32768, "noise", "floor", 0.01, "n", 20, "benchmarks",
        entry("avx2", "batch:32/width:64", 100), entry("onednn", "batch:32/width:64", 150),
        entry("avx2", "batch:33/width:64", 100), entry("onednn", "batch:33/width:64", 80), "decay",
        "spec", "act", "sigmoid", "init", "xavier_normal", "depth", 12, "seeds", 1, 2, "layers",
        layers, "rate", "signal", "delta", "ln_sq_per_layer", -1.386, "ci95", -1.4, -1.37,
        "survival", 4.9e-4, "verdict", "vanishing");
}

static char *rendered(json_t *doc)
{
    char *text = NULL;
    json_t *docs[] = {doc};
    assert_int_equal(vg_report_render(docs, 1, NULL, &text), VG_OK);
    assert_non_null(text);
    return text;
}

/* --- text ------------------------------------------------------------------------------------- */

static void foreign_text_cannot_become_markup(void **state)
{
    vg_text md = {0}, code = {0}, html = {0}, plot = {0};
    vg_text_md(&md, hostile);
    vg_text_code(&code, hostile);
    vg_text_html(&html, hostile);
    vg_text_gnuplot(&plot, "it's `rm`\n\"x\"");
    assert_null(strpbrk(md.p, "|`<>\n\r\x01*[]\\$~\"@"));
    assert_null(strpbrk(html.p, "<>\"'\n"));
    /* NOLINTNEXTLINE(misc-misleading-bidirectional) */
    assert_null(strstr(md.p, "\xe2\x80\xae"));
    assert_memory_equal(code.p, "<code>", 6);
    assert_null(strpbrk(code.p + 6, "|`\n"));
    assert_string_equal(plot.p, "'it''s ''rm'' \"x\"'");
    code.len = 0;
    vg_text_code(&code, "dense/bwd_weights/avx512");
    assert_string_equal(code.p, "`dense/bwd_weights/avx512`");
    free(md.p);
    free(code.p);
    free(html.p);
    free(plot.p);
}

static void csv_cells_are_quoted_where_needed(void **state)
{
    vg_text csv = {0};
    vg_text_csv(&csv, "plain");
    vg_text_add(&csv, ",");
    vg_text_csv(&csv, "a \"b\", c");
    assert_string_equal(csv.p, "plain,\"a \"\"b\"\", c\"");
    free(csv.p);
}

static void numbers_keep_their_digits(void **state)
{
    char b[VG_NUM];
    assert_string_equal(vg_num(b, 9.996, 3), "10.0");
    assert_string_equal(vg_num(b, 0.99996, 3), "1.00");
    assert_string_equal(vg_num(b, 0.012345, 3), "0.0123");
    assert_string_equal(vg_num(b, 123456, 3), "123456");
    assert_string_equal(vg_num(b, 2.91e-40, 3), "2.91e-40");
    assert_string_equal(vg_num(b, 0, 3), "0.00");
    assert_string_equal(vg_num(b, NAN, 3), "n/a");
    assert_string_equal(vg_num_time(b, 999.4), "999 ns");
    assert_string_equal(vg_num_time(b, 999.7), "1.00 us");
    assert_string_equal(vg_num_time(b, 2.5e6), "2.50 ms");
    assert_string_equal(vg_num_bytes(b, 49152), "48 KiB");
    assert_string_equal(vg_num_percent(b, 0.0123), "1.2 %");
}

/* --- documents -------------------------------------------------------------------------------- */

static void verdicts_come_from_the_samples(void **state)
{
    json_t *doc = document();
    vg_rows rows;
    assert_int_equal(vg_rows_collect(doc, &rows), VG_OK);
    assert_int_equal(rows.count, 4);
    assert_int_equal(rows.case_count, 2);
    assert_int_equal(rows.cases[0].verdict, VG_FASTER);
    assert_int_equal(rows.cases[1].verdict, VG_SLOWER);
    assert_true(rows.cases[0].ratio.lo > 1.49 && rows.cases[0].ratio.hi < 1.51);
    assert_int_equal(rows.cases[0].size, VG_SIZE_L1);
    vg_rows_release(&rows);
    json_decref(doc);
}

static void the_head_names_onednn(void **state)
{
    json_t *doc = document();
    char *text = rendered(doc), *line = text;
    for (int i = 0; i < 10 && line; i++)
        line = strchr(line + 1, '\n');
    char *found = strstr(text, "oneDNN 2.6.3 (2022) - **not a current oneDNN**");
    assert_non_null(found);
    assert_true(found < line);
    free(text);
    json_t *software = json_object_get(json_object_get(doc, "machine"), "software");
    json_object_set_new(json_object_get(software, "onednn"), "version", json_string("3.7.2"));
    text = rendered(doc);
    assert_null(strstr(text, "not a current"));
    free(text);
    json_decref(doc);
}

static void all_parts_stand_in_order(void **state)
{
    static const char *const titles[] = {
        "## 1. Verdict",   "## 2. Scorecard", "## 3. Machine",         "## 4. Software",
        "## 5. Noise",     "## 6. Method",    "## 7. Results",         "## 8. Cache",
        "## 9. Roofline",  "## 10. Accuracy", "## 11. Gradient decay", "## 12. Anomalies",
        "## 13. Reproduce"};
    json_t *docs[] = {document(),
                      json_pack("{si s{} s[]}", "schema_version", 1, "context", "benchmarks")};
    for (int d = 0; d < 2; d++) {
        char *text = rendered(docs[d]), *at = text;
        for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
            at = strstr(at, titles[i]);
            assert_non_null(at);
        }
        if (d == 1)
            assert_non_null(strstr(text, "*Not measured in this run: gradient decay"));
        free(text);
        json_decref(docs[d]);
    }
}

/* Every line of a table has as many cells as its header: nothing foreign added or took one. */
static void check_tables(const char *text)
{
    int columns = 0;
    while (text && *text) {
        const char *end = strchr(text, '\n');
        size_t n = end ? (size_t)(end - text) : strlen(text);
        int bars = 0;
        if (*text == '|') {
            for (size_t i = 0; i < n; i++)
                bars += text[i] == '|';
            assert_true(text[n - 1] == '|');
            if (columns)
                assert_int_equal(bars, columns);
            assert_true(bars - 1 <= VG_TABLE_COLUMNS);
        }
        columns = bars;
        text = end ? end + 1 : NULL;
    }
}

static void hostile_names_stay_in_their_cells(void **state)
{
    json_t *doc = document(), *rows = json_object_get(doc, "benchmarks");
    json_t *net = json_array_get(json_object_get(doc, "decay"), 0);
    static const char *const keys[] = {"kernel", "op", "dir", "backend", "impl"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *copy = json_deep_copy(json_array_get(rows, 0));
        json_object_set_new(copy, keys[i], json_string("e|v`i<b>l\nl\"ine\\|"));
        json_array_append_new(rows, copy);
    }
    json_object_set_new(doc, "command", json_string("x`|\n# evil"));
    json_object_set_new(json_object_get(net, "spec"), "act", json_string("<img>|`\n## evil"));
    json_object_set_new(net, "verdict", json_string("|||\n"));
    json_object_set_new(json_object_get(doc, "machine"), "host", json_string("<b>|\n# evil"));
    char *text = rendered(doc);
    assert_null(strstr(text, "<b>"));
    assert_null(strstr(text, "<img>"));
    assert_null(strstr(text, "\n# evil"));
    assert_null(strstr(text, "\n## evil"));
    check_tables(text);
    free(text);
    json_decref(doc);
}

static void tables_are_well_formed(void **state)
{
    json_t *doc = document();
    char *text = rendered(doc);
    check_tables(text);
    free(text);
    json_t *many[] = {doc, doc, doc, doc, doc, doc, doc, doc, doc};
    assert_int_equal(vg_report_render(many, 9, NULL, &text), VG_OK);
    check_tables(text);
    free(text);
    json_decref(doc);
}

static void duplicate_rows_are_named(void **state)
{
    json_t *doc = document(), *rows = json_object_get(doc, "benchmarks");
    json_array_append(rows, json_array_get(rows, 0));
    char *text = rendered(doc);
    assert_non_null(strstr(text, "1 duplicate row left out"));
    free(text);
    json_decref(doc);
}

static void malformed_documents_are_refused(void **state)
{
    static const char *const bad[] = {"[]",
                                      "{}",
                                      "{\"schema_version\": 99, \"benchmarks\": []}",
                                      "{\"schema_version\": \"1\"}",
                                      "{\"schema_version\": 0}",
                                      "{\"schema_version\": 1, \"benchmarks\": {}}",
                                      "{\"schema_version\": 1, \"benchmarks\": [3]}",
                                      "{\"schema_version\": 1, \"decay\": [null]}",
                                      "{\"schema_version\": 1, \"noise\": 3}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *doc = json_loads(bad[i], 0, NULL);
        char *text = NULL;
        assert_int_equal(vg_report_render(&doc, 1, NULL, &text), VG_EFORMAT);
        assert_null(text);
        assert_true(*vg_status_message() && !strchr(vg_status_message(), '\n'));
        json_decref(doc);
    }
}

/* --- strange documents ------------------------------------------------------------------------ */

enum { STRANGE = 9 };

static json_t *strange(int kind)
{
    switch (kind) {
    case 0:
        return json_null();
    case 1:
        return json_string("<x>|\n`");
    case 2:
        return json_integer(-9223372036854775807);
    case 3:
        return json_real(1e308);
    case 4:
        return json_real(-0.0);
    case 5:
        return json_pack("[n, i, s, []]", 3, "x");
    case 6:
        return json_pack("{s{}si}", "a", "index", 1);
    case 7:
        return json_true();
    default:
        return NULL; /* taken out */
    }
}

static char folder[] = "/tmp/vg_report_XXXXXX";
static int renders;

static void render_any(json_t *doc, int turn)
{
    char *text = NULL, path[200];
    vg_report_options options = {.gnuplot = "true"};
    vg_compare_options compare = {.min_effect = 0.03};
    json_t *docs[] = {doc, doc};
    vg_comparison k = {0};
    if (vg_report_render(docs, 1 + turn % 2, &options, &text) == VG_OK)
        check_tables(text);
    free(text);
    if (renders++ % 16 == 0 && vg_report_check(doc) == VG_OK) {
        snprintf(path, sizeof path, "%s/S.md", folder);
        assert_int_equal(vg_report_write(docs, 1, &options, path), VG_OK);
    }
    if (vg_report_check(doc) == VG_OK && vg_compare_documents(doc, doc, &compare, &k) == VG_OK) {
        vg_text out = {0};
        assert_int_equal(vg_comparison_markdown(&k, "a", "b", &out), VG_OK);
        check_tables(out.p);
        free(out.p);
        json_decref(vg_comparison_json(&k, "a", "b"));
        vg_comparison_release(&k);
    }
}

/* Puts every kind of strange value in the place of every member, one at a time. Of the items of an
 * array the first speaks for all. */
static void replace_everywhere(json_t *doc, json_t *at)
{
    const char *key;
    json_t *value, *keys = json_array();
    size_t k;
    /* The names first: what is taken out and put back moves to the end of the object. */
    json_object_foreach(at, key, value) {
        json_array_append_new(keys, json_string(key));
    }
    for (k = 0; k < json_array_size(keys); k++) {
        key = json_string_value(json_array_get(keys, k));
        value = json_incref(json_object_get(at, key));
        for (int i = 0; i < STRANGE; i++) {
            json_t *other = strange(i);
            if (other)
                json_object_set_new(at, key, other);
            else
                json_object_del(at, key);
            render_any(doc, i);
        }
        json_object_set_new(at, key, value);
        replace_everywhere(doc, value);
    }
    json_decref(keys);
    value = json_incref(json_array_get(at, 0));
    for (int i = 0; i < STRANGE - 1 && value; i++) {
        json_array_set_new(at, 0, strange(i));
        render_any(doc, i);
    }
    if (value) {
        json_array_set_new(at, 0, value);
        replace_everywhere(doc, value);
    }
}

static void any_member_may_be_anything(void **state)
{
    json_t *doc = document();
    json_object_set_new(doc, "verify",
                        json_pack("[{ss ss ss si si sf}]", "op", "relu", "dir", "fwd", "backend",
                                  "avx2", "cases", 3, "failures", 1, "ulp_max", 3.0));
    json_object_set_new(doc, "train",
                        json_pack("[{s{ss} s[{si sf}{si sf}]}]", "spec", "act", "relu", "steps",
                                  "step", 0, "loss", 2.0, "step", 1, "loss", 1.0));
    json_object_set_new(doc, "roofline",
                        json_pack("{s[{ss ss sf si}]}", "roofs", "name", "fma", "kind", "flops",
                                  "value", 1e11, "threads", 1));
    replace_everywhere(doc, doc);
    print_message("%d documents rendered or refused\n", renders);
    assert_true(renders > 700);
    json_decref(doc);
}

/* --- files and plots -------------------------------------------------------------------------- */

static const char *in_folder(const char *name)
{
    static char path[2][200];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static char *slurp(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    long n = ftell(file);
    rewind(file);
    char *text = calloc((size_t)n + 1, 1);
    assert_int_equal(fread(text, 1, (size_t)n, file), n);
    fclose(file);
    return text;
}

static void write_script(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    chmod(path, 0755);
}

static char *report_with(const char *gnuplot, double timeout)
{
    json_t *doc = document();
    vg_report_options options = {.gnuplot = gnuplot, .plot_timeout_s = timeout};
    const char *path = in_folder("R.md");
    assert_int_equal(vg_report_write(&doc, 1, &options, path), VG_OK);
    json_decref(doc);
    return slurp(path);
}

static void a_missing_gnuplot_is_said(void **state)
{
    char *text = report_with("/nowhere/gnuplot", 1);
    assert_non_null(strstr(text, "*Plot missing: /nowhere/gnuplot cannot be run"));
    assert_null(strstr(text, "!["));
    assert_int_equal(access(in_folder("plots/decay_1_1.dat"), F_OK), 0);
    assert_int_equal(access(in_folder("plots/decay_1_1.gp"), F_OK), 0);
    free(text);
}

static void a_dying_or_hanging_gnuplot_is_said(void **state)
{
    write_script(in_folder("dies"), "#!/bin/sh\necho half > decay_1_1.svg.part\nkill -SEGV $$\n");
    char *text = report_with(in_folder("dies"), 5);
    assert_non_null(strstr(text, "gnuplot died of signal 11"));
    free(text);
    write_script(in_folder("fails"), "#!/bin/sh\nprintf '\\n  ^\\nline 3: no such thing\\nmore\\n' >&2\nexit 3\n");
    text = report_with(in_folder("fails"), 5);
    assert_non_null(strstr(text, "gnuplot failed with exit code 3: line 3: no such thing."));
    free(text);
    write_script(in_folder("hangs"), "#!/bin/sh\nexec sleep 60\n");
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    text = report_with(in_folder("hangs"), 0.2);
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_true(end.tv_sec - begin.tv_sec < 10);
    assert_non_null(strstr(text, "gnuplot did not end within 0.2 s"));
    free(text);
    assert_int_not_equal(access(in_folder("plots/decay_1_1.svg"), F_OK), 0);
    assert_int_not_equal(access(in_folder("plots/decay_1_1.svg.part"), F_OK), 0);
}

static void same_input_same_bytes(void **state)
{
    char *first = report_with(NULL, 0), *second = report_with(NULL, 0);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static void an_unwritable_place_leaves_nothing(void **state)
{
    json_t *doc = document();
    assert_int_equal(vg_report_write(&doc, 1, NULL, in_folder("no/such/folder/R.md")), VG_EIO);
    json_decref(doc);
}

static int make_folder(void **state)
{
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[300];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command); /* NOLINT(cert-env33-c): a folder that mkdtemp() named */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_text_cannot_become_markup),
        cmocka_unit_test(csv_cells_are_quoted_where_needed),
        cmocka_unit_test(numbers_keep_their_digits),
        cmocka_unit_test(verdicts_come_from_the_samples),
        cmocka_unit_test(the_head_names_onednn),
        cmocka_unit_test(all_parts_stand_in_order),
        cmocka_unit_test(hostile_names_stay_in_their_cells),
        cmocka_unit_test(tables_are_well_formed),
        cmocka_unit_test(duplicate_rows_are_named),
        cmocka_unit_test(malformed_documents_are_refused),
        cmocka_unit_test(any_member_may_be_anything),
        cmocka_unit_test(a_missing_gnuplot_is_said),
        cmocka_unit_test(a_dying_or_hanging_gnuplot_is_said),
        cmocka_unit_test(same_input_same_bytes),
        cmocka_unit_test(an_unwritable_place_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
