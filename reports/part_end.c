/* SPDX-License-Identifier: Apache-2.0 */
/* What looks strange, and how to do it again. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/parts.h"
#include "reports/sha256.h"

enum { MOST_LISTED = 40 };

typedef struct anomalies {
    vg_text *out;
    int count;
} anomalies;

static bool begin(anomalies *list)
{
    if (++list->count > MOST_LISTED)
        return false;
    vg_text_add(list->out, "- ");
    return true;
}

static void about_rows(anomalies *list, const vg_rows *rows)
{
    char buf[VG_NUM];
    int unverified = 0, over = 0;
    const vg_row *highest = NULL;
    for (int i = 0; i < rows->count; i++) {
        const vg_row *row = &rows->rows[i];
        if (*row->error && begin(list)) {
            vg_text_code(list->out, row->kernel);
            vg_text_add(list->out, ": no time: ");
            vg_text_md(list->out, row->error);
            vg_text_add(list->out, "\n");
        }
        if (row->roof_fraction > 1) {
            over++;
            highest = !highest || row->roof_fraction > highest->roof_fraction ? row : highest;
        }
        unverified += row->verified < 0 && !*row->error;
    }
    if (over && begin(list)) {
        const char *why = vg_doc_str(highest->entry, "above_roof");
        vg_text_printf(list->out, "%d row%s above the measured roof, at most ", over,
                       over == 1 ? "" : "s");
        vg_text_code(list->out, highest->kernel);
        vg_text_printf(list->out, " with %s: ", vg_num_percent(buf, highest->roof_fraction));
        vg_text_md(list->out, why ? why : "there the roof was measured too low");
        vg_text_add(list->out, "\n");
    }
    if (unverified && begin(list))
        vg_text_printf(list->out, "%d timed row%s without a verification\n", unverified,
                       unverified == 1 ? "" : "s");
    if (rows->duplicates && begin(list))
        vg_text_printf(list->out, "%d duplicate row%s left out; the first of each is shown\n",
                       rows->duplicates, rows->duplicates == 1 ? "" : "s");
}

/* Cases whose two times say another thing than the ratio of their pairs, the widest apart named. */
static void about_contradictions(anomalies *list, const vg_rows *rows)
{
    const vg_problem *worst = NULL;
    double apart = 0;
    char buf[80], number[VG_NUM];
    int count = 0;
    for (int i = 0; i < rows->case_count; i++) {
        const vg_problem *c = &rows->cases[i];
        double medians = vg_problem_contradiction(rows, c);
        if (isnan(medians))
            continue;
        count++;
        if (!worst || fabs(log(medians / c->ratio.mid)) > apart) {
            worst = c;
            apart = fabs(log(medians / c->ratio.mid));
        }
    }
    if (!count || !begin(list))
        return;
    vg_text_printf(list->out, "%d case%s whose medians contradict the ratio of pairs, most of all ",
                   count, count == 1 ? "" : "s");
    vg_text_code(list->out, rows->rows[worst->own].kernel);
    vg_text_printf(list->out,
                   ": medians %s, pairs %s: times jumped between levels during the run; the pairs, "
                   "taken side by side, are what is called\n",
                   vg_num(number, vg_problem_contradiction(rows, worst), 3),
                   vg_ratio_text(buf, worst->ratio));
}

static void about_cases(anomalies *list, const vg_rows *rows)
{
    int crowded = 0, ambiguous = 0, reference = 0, lonely = 0, judged = 0, wild = 0;
    for (int i = 0; i < rows->case_count; i++) {
        const vg_problem *c = &rows->cases[i];
        if (*c->crowded && c->verdict != VG_VERDICT_NONE) {
            crowded++;
            continue;
        }
        ambiguous += c->verdict == VG_AMBIGUOUS;
        judged += c->verdict != VG_VERDICT_NONE;
        reference += c->base >= 0 && rows->rows[c->base].reference;
        lonely += c->base < 0;
        wild += c->verdict != VG_VERDICT_NONE && (c->ratio.mid > 30 || c->ratio.mid < 1.0 / 30);
    }
    if (crowded && begin(list))
        vg_text_printf(list->out,
                       "%d case%s with more threads than CPUs: AMBIGUOUS, and in no mean, because "
                       "threads that take turns are timed by the scheduler\n",
                       crowded, crowded == 1 ? "" : "s");
    if (ambiguous && begin(list))
        vg_text_printf(list->out,
                       "%d of %d cases are AMBIGUOUS: more samples, or a quieter machine, "
                       "would decide them\n",
                       ambiguous, judged);
    if (wild && begin(list))
        vg_text_printf(
            list->out,
            "%d case%s with a ratio beyond 30: for tensors of a few KiB that is the cost of a "
            "call and of waking threads, for larger ones a side that was disturbed\n",
            wild, wild == 1 ? "" : "s");
    if (reference && begin(list))
        vg_text_printf(list->out,
                       "%d case%s where oneDNN runs reference code: shown, not claimed\n",
                       reference, reference == 1 ? "" : "s");
    if (lonely && begin(list))
        vg_text_printf(list->out, "%d case%s without a oneDNN row to compare with\n", lonely,
                       lonely == 1 ? "" : "s");
}

/* Rows that verify, and whose largest error is many units in the last place all the same. */
static void about_ulps(anomalies *list, const json_t *doc)
{
    enum { MANY = 1000, NAMED = 10 };
    char buf[VG_NUM];
    size_t i;
    json_t *row;
    int count = 0;
    vg_text names = {0};
    json_array_foreach(json_object_get(doc, "verify"), i, row) {
        static const char *const keys[] = {"op", "dir", "backend"};
        if (!(vg_doc_num(row, "ulp_max") > MANY) || vg_doc_num(row, "failures") > 0 ||
            ++count > NAMED)
            continue;
        vg_text_add(&names, count > 1 ? ", " : " ");
        for (int k = 0; k < 3; k++) {
            const char *word = vg_doc_str(row, keys[k]);
            vg_text_md(&names, word ? word : "?");
            vg_text_add(&names, " ");
        }
        vg_text_add(&names, vg_num(buf, vg_doc_num(row, "ulp_max"), 3));
    }
    if (count && begin(list))
        vg_text_printf(list->out,
                       "%d row%s within what is allowed and yet over %d ulp off somewhere:%s%s: "
                       "where terms cancel or results are subnormal, an ulp is tiny; allowed is an error that "
                       "goes by the terms, and part 10 says how much of it was used\n",
                       count, count == 1 ? "" : "s", MANY, names.p ? names.p : "",
                       count > NAMED ? " and others" : "");
    free(names.p);
}

static void about_nets(anomalies *list, const json_t *doc)
{
    size_t i;
    json_t *record;
    char buf[VG_NUM];
    int off = 0, fitted = 0;
    json_array_foreach(json_object_get(doc, "decay"), i, record) {
        const json_t *within = vg_doc_get(record, "theory.within");
        fitted += json_is_boolean(within);
        if (!json_is_false(within))
            continue;
        off++;
        const char *act = vg_doc_str(record, "spec.act"), *init = vg_doc_str(record, "spec.init");
        if (!begin(list))
            continue;
        vg_text_md(list->out, act ? act : "?");
        vg_text_add(list->out, ", ");
        vg_text_md(list->out, init ? init : "?");
        vg_text_printf(list->out,
                       ", depth %.0f: the measured rate is %s standard deviations off the "
                       "theory\n",
                       vg_doc_num(record, "spec.depth"),
                       vg_num(buf, vg_doc_num(record, "theory.deviation_sd"), 2));
    }
    if (off && begin(list))
        vg_text_printf(list->out, "%d of %d nets lie outside their theory's tolerance\n", off,
                       fitted);
}

vg_status vg_part_anomalies(vg_report *report)
{
    vg_part_title(report, 12, "Anomalies");
    for (int d = 0; d < report->count; d++) {
        anomalies list = {.out = &report->out};
        vg_part_document(report, d);
        if (vg_doc_true(report->docs[d], "partial") && begin(&list))
            vg_text_add(&report->out, "the run was interrupted: parts are missing\n");
        if (report->options->profile != VG_REPORT_DECAY) {
            about_cases(&list, &report->rows[d]);
            about_contradictions(&list, &report->rows[d]);
            about_rows(&list, &report->rows[d]);
            about_ulps(&list, report->docs[d]);
        }
        if (report->options->profile != VG_REPORT_PERFORMANCE)
            about_nets(&list, report->docs[d]);
        if (list.count > MOST_LISTED)
            vg_text_printf(&report->out, "- and %d more\n", list.count - MOST_LISTED);
        if (!list.count)
            vg_text_add(&report->out, "None found.\n");
    }
    return VG_OK;
}

/* The raw data by name and sum: what was quoted can be told from what was changed since. */
static vg_status raw_data(vg_report *report, int document)
{
    const char *path = report->options->files ? report->options->files[document] : NULL;
    char sum[VG_SHA256_TEXT];
    if (!path || !strcmp(path, "-")) /* standard input cannot be read again */
        return VG_OK;
    VG_TRY(vg_sha256_file(path, sum));
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    vg_text_add(&report->out, "\nRaw data, with every sample: [");
    vg_text_md(&report->out, name);
    vg_text_add(&report->out, "](");
    vg_text_link(&report->out, name);
    vg_text_printf(&report->out, "), SHA-256 `%s`.\n", sum);
    return VG_OK;
}

/* How long it takes, where this oneDNN is had, and what to call these numbers. */
static void once_more(vg_report *report, int document)
{
    const json_t *doc = report->docs[document];
    const char *dnnl = vg_doc_str(doc, "machine.software.onednn.version"),
               *version = vg_doc_str(doc, "generator.version"),
               *commit = vg_doc_str(doc, "generator.commit"), *date = vg_doc_str(doc, "context.date"),
               *cpu = vg_doc_str(doc, "machine.cpu.model");
    char buf[VG_NUM];
    double seconds = vg_doc_num(doc, "elapsed_s");
    vg_text *out = &report->out;
    if (isfinite(seconds))
        vg_text_printf(out, "\nTime of the run: %s s.", vg_num(buf, seconds, 3));
    else
        vg_text_add(out, "\nTime of the run: n/a (not recorded).");
    if (dnnl) {
        vg_text_add(out, " This oneDNN: tag `v");
        vg_text_md(out, dnnl);
        vg_text_add(out, "` of its repository, built and installed with `-DONEDNN_CPU_RUNTIME=OMP`; "
                         "then `cmake --preset release -DONEDNN_ROOT=PREFIX` for vgbench.");
    }
    vg_text_add(out, " To cite: vgbench ");
    vg_text_md(out, version ? version : "n/a");
    vg_text_add(out, ", commit ");
    vg_text_md(out, commit ? commit : "n/a (not recorded)");
    vg_text_add(out, ", run of ");
    vg_text_md(out, date ? date : "n/a (not recorded)");
    vg_text_add(out, " on ");
    vg_text_md(out, cpu ? cpu : "n/a (not recorded)");
    vg_text_add(out, ", and the sum of the raw data.\n");
}

static void source_revision(vg_report *report, int document)
{
    const json_t *generator = json_object_get(report->docs[document], "generator");
    const char *commit = vg_doc_str(generator, "commit");
    if (!commit)
        return;
    vg_text_add(&report->out, " Source: commit ");
    vg_text_code(&report->out, commit);
    vg_text_add(&report->out,
                json_is_true(json_object_get(generator, "dirty")) ? ", **changed since**." : ".");
}

vg_status vg_part_reproduce(vg_report *report)
{
    vg_part_title(report, 13, "Reproduce");
    for (int d = 0; d < report->count; d++) {
        const char *command = vg_doc_str(report->docs[d], "command");
        vg_part_document(report, d);
        if (!command) {
            vg_part_absent(report, "the command line", "the results file does not record it");
            continue;
        }
        vg_text_add(&report->out, "Measured with ");
        vg_text_code(&report->out, command);
        vg_text_add(&report->out, "; rendered from its results file with `vgbench report`.");
        source_revision(report, d);
        vg_text_printf(&report->out, " Results are schema version %.0f.\n",
                       vg_doc_num(report->docs[d], "schema_version"));
        VG_TRY(raw_data(report, d));
        once_more(report, d);
    }
    vg_text_add(&report->out,
                "\nTo compare a run of yours: `vgbench compare OLD.json NEW.json`. Ratios "
                "carry over between machines of a kind; absolute times do not.\n");
    return VG_OK;
}
