/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader gets without scrolling: which machine and libraries, what is faster, by how much
 * and how sure. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/measure/load.h"
#include "reports/broken.h"
#include "reports/drift.h"
#include "reports/nets.h"
#include "reports/part_claims.h"
#include "reports/parts.h"
#include "reports/train_plot.h"

/* --- head ------------------------------------------------------------------------------------- */

static const char *or_unknown(const char *s, const char *otherwise)
{
    return s ? s : otherwise;
}

static int most_threads(const vg_rows *rows)
{
    int most = 0;
    for (int i = 0; i < rows->count; i++)
        most = rows->rows[i].threads > most ? rows->rows[i].threads : most;
    return most;
}

static const char *const titles[] = {[VG_REPORT_ALL] = "vgbench report",
                                     [VG_REPORT_PERFORMANCE] = "vgbench performance report",
                                     [VG_REPORT_DECAY] = "vgbench gradient-decay report"};

/* "All parts | performance | gradient decay", the others as links. */
static void siblings(vg_report *report)
{
    static const char *const names[] = {"everything", "kernels and machine", "gradient decay"};
    for (int p = VG_REPORT_ALL; p <= VG_REPORT_DECAY; p++) {
        vg_text_add(&report->out, p ? " · " : "");
        if (p == (int)report->options->profile) {
            vg_text_printf(&report->out, "**%s**", names[p]);
            continue;
        }
        vg_text_printf(&report->out, "[%s](", names[p]);
        vg_text_link(&report->out, report->options->siblings);
        vg_text_printf(&report->out, "%s.md)", vg_report_suffix((vg_report_profile)p));
    }
    vg_text_add(&report->out, "\n\n");
}

vg_status vg_part_head(vg_report *report)
{
    vg_text *out = &report->out;
    const char *title = report->options->title;
    vg_text_add(out, "# ");
    vg_text_md(out, title ? title : titles[report->options->profile]);
    vg_text_add(out, "\n\n");
    if (report->options->siblings)
        siblings(report);
    for (int d = 0; d < report->count; d++) {
        const json_t *doc = report->docs[d];
        const char *suite = vg_doc_str(doc, "suite");
        int threads = most_threads(&report->rows[d]);
        if (report->count > 1) {
            vg_text_add(out, "- **");
            vg_text_md(out, report->names[d]);
            vg_text_add(out, "**: ");
        }
        vg_text_md(out, or_unknown(vg_doc_str(doc, "machine.cpu.model"), "CPU not recorded"));
        if (threads)
            vg_text_printf(out, ", at most %d thread%s measured; ", threads,
                           threads == 1 ? "" : "s");
        else
            vg_text_add(out, "; ");
        vg_onednn_name(doc, out);
        vg_text_add(out, "; suite ");
        vg_text_md(out, or_unknown(suite, "not recorded"));
        if (suite && !strcmp(suite, "quick"))
            vg_text_add(out, " (few samples of one process: a first look, not a publication)");
        const vg_rows *rows = &report->rows[d];
        if (rows->count && *rows->rows[0].cold)
            vg_text_add(out, !strcmp(rows->rows[0].cold, "wei") ? "; **timed with cold weights**"
                                                                : "; **timed with cold caches**");
        if (vg_doc_true(doc, "partial"))
            vg_text_add(out, "; **partial: the run was interrupted**");
        const char *date = vg_doc_str(doc, "context.date");
        if (date) {
            vg_text_add(out, "; ");
            vg_text_md(out, date);
        }
        vg_text_add(out, ".\n");
    }
    return VG_OK;
}

/* --- verdict ---------------------------------------------------------------------------------- */

enum { THREAD_COUNTS = 3 };

typedef struct family_tally {
    vg_tally all, of[VG_FAMILIES];
} family_tally;

/* Tallies of the cases with @p threads threads, without those measured under a cap. */
static family_tally tally_families(const vg_rows *rows, int threads)
{
    family_tally t = {0};
    for (int i = 0; i < rows->case_count; i++) {
        const vg_row *row = vg_problem_row(rows, &rows->cases[i]);
        if (row->threads != threads || *row->max_isa)
            continue;
        vg_tally_add(&t.all, &rows->cases[i]);
        vg_tally_add(&t.of[vg_row_family(row)], &rows->cases[i]);
    }
    return t;
}

static void family_row(vg_text *out, const char *name, const vg_tally *const *tallies, int count)
{
    char buf[80];
    vg_row_begin(out);
    vg_cell_printf(out, "%s", name);
    for (int t = 0; t < count; t++) {
        bool any = vg_tally_meant(tallies[t]) > 0;
        vg_cell_printf(out, "%s", any ? vg_ratio_text(buf, vg_tally_mean(tallies[t])) : "-");
        vg_cell_printf(out, "%s", any ? vg_tally_text(buf, tallies[t]) : "-");
    }
    vg_row_end(out);
}

/* The least thread count, the most, and one between: more columns are no verdict. */
static int pick_threads(const vg_rows *rows, int list[THREAD_COUNTS])
{
    int count = 0, most = most_threads(rows);
    for (int threads = 0; threads <= most && threads < 4096; threads++) {
        family_tally t = tally_families(rows, threads);
        if (!vg_tally_meant(&t.all))
            continue;
        if (count == THREAD_COUNTS)
            list[count - 1] = threads;
        else
            list[count++] = threads;
    }
    return count;
}

/* Geometric means per family with the counts behind them. */
static void verdict_families(vg_report *report, const vg_rows *rows)
{
    const char *head[1 + 2 * THREAD_COUNTS] = {"oneDNN's time / own time"};
    char names[THREAD_COUNTS][48];
    int list[THREAD_COUNTS], count = pick_threads(rows, list);
    family_tally tallies[THREAD_COUNTS];
    const vg_tally *row[THREAD_COUNTS];
    if (!count)
        return;
    for (int t = 0; t < count; t++) {
        tallies[t] = tally_families(rows, list[t]);
        snprintf(names[t], sizeof names[t], "%d thread%s, geo. mean [95 %% CI]", list[t],
                 list[t] == 1 ? "" : "s");
        head[1 + 2 * t] = names[t];
        head[2 + 2 * t] = "F / S / L / A";
    }
    char align[] = "lrrrrrr";
    align[1 + 2 * count] = '\0';
    vg_text_add(&report->out, "\n");
    vg_table_head(&report->out, align, head);
    for (int f = 0; f < VG_FAMILIES; f++) {
        int n = 0;
        for (int t = 0; t < count; t++) {
            row[t] = &tallies[t].of[f];
            n += vg_tally_count(row[t]);
        }
        if (n)
            family_row(&report->out, vg_row_family_name(f), row, count);
    }
    for (int t = 0; t < count; t++)
        row[t] = &tallies[t].all;
    family_row(&report->out, "**all**", row, count);
    vg_text_add(&report->out, "\nAbove 1 the own kernels are faster. F / S / L / A: cases that are "
                              "FASTER, the SAME, SLOWER (lost), AMBIGUOUS; a case is one shape, "
                              "direction and thread count.\n\n");
}

static void verdict_losses(vg_report *report, const vg_rows *rows)
{
    vg_extreme worst = {.count = 0};
    char buf[80];
    int losses = 0, judged = 0, capped = 0;
    for (int i = 0; i < rows->case_count; i++) {
        bool cap = *vg_problem_row(rows, &rows->cases[i])->max_isa != '\0';
        judged += rows->cases[i].verdict != VG_VERDICT_NONE;
        if (rows->cases[i].verdict != VG_SLOWER)
            continue;
        capped += cap;
        if (cap)
            continue;
        losses++;
        vg_extreme_keep(&worst, &rows->cases[i], 1);
    }
    if (!judged)
        return;
    if (isnan(vg_doc_highest_floor(rows->doc))) {
        vg_text_add(&report->out, "- **Where oneDNN is faster:** n/a (the noise floor is not "
                                  "known: no case is called).\n");
        return;
    }
    if (!losses) {
        vg_text_printf(
            &report->out,
            "- **Where oneDNN is faster:** in no case beyond the noise (with both capped "
            "to a narrower instruction set in %d).\n",
            capped);
        return;
    }
    vg_text_printf(&report->out, "- **Where oneDNN is faster:** %d case%s, worst first:", losses,
                   losses == 1 ? "" : "s");
    for (int i = 0; i < worst.count && i < 3; i++) {
        vg_text_add(&report->out, i ? ", " : " ");
        vg_text_code(&report->out, vg_problem_row(rows, worst.cases[i])->kernel);
        vg_text_printf(&report->out, " %s", vg_ratio_text(buf, worst.cases[i]->ratio));
    }
    if (capped)
        vg_text_printf(&report->out, "; with both capped to a narrower instruction set, %d more",
                       capped);
    vg_text_add(&report->out, ".\n");
}

static int processes_of(const vg_rows *rows)
{
    int most = 0;
    for (int i = 0; i < rows->count; i++) {
        int processes = 1;
        const char *how = vg_doc_str(rows->rows[i].entry, "comparison");
        if (how && sscanf(how, "processes:%d", &processes) != 1)
            processes = 1;
        most = processes > most ? processes : most;
    }
    for (int i = 0; i < rows->case_count; i++)
        most = rows->cases[i].processes > most ? rows->cases[i].processes : most;
    return most;
}

static void by_threads(vg_report *report, const vg_rows *rows)
{
    const char *key, *join = ": ";
    char buf[VG_NUM];
    json_t *value;
    const json_t *by = vg_doc_get(rows->doc, "noise.by_threads");
    if (json_object_size(by) < 2)
        return;
    json_object_foreach((json_t *)by, key, value) {
        vg_text_add(&report->out, join);
        vg_text_md(&report->out, key);
        vg_text_printf(&report->out, " thr. %s",
                       vg_num_percent(buf, json_is_number(value) ? json_number_value(value) : NAN));
        join = ", ";
    }
}

static bool was_busy(const vg_rows *rows)
{
    return vg_load_grade(vg_doc_load(rows->doc)) > 'A';
}

static bool has_drifted(const vg_rows *rows)
{
    return vg_doc_drift(rows->doc) >= VG_DRIFT_LIMIT;
}

/* Of the first case whose threads had too few CPUs; "" where there is none. */
static const char *crowd_in(const vg_rows *rows)
{
    for (int i = 0; i < rows->count; i++)
        if (*rows->rows[i].crowded)
            return rows->rows[i].crowded;
    return "";
}

/* A: what may be published; D: nothing may be concluded. The rule is printed under Method. */
static char grade_of(const vg_rows *rows)
{
    double worst = vg_doc_highest_floor(rows->doc), pairs = vg_doc_num(rows->doc, "noise.n");
    if (!(worst < 0.05) || *crowd_in(rows) || vg_load_grade(vg_doc_load(rows->doc)) == 'D')
        return 'D';
    if (processes_of(rows) < 5 || worst >= 0.03 || !(pairs >= 20) || was_busy(rows) ||
        has_drifted(rows))
        return 'C';
    return worst >= 0.015 ? 'B' : 'A';
}

static void verdict_grade(vg_report *report, const vg_rows *rows)
{
    char buf[VG_NUM], count[VG_NUM];
    int processes = processes_of(rows);
    double floor = rows->floor, pairs = vg_doc_num(rows->doc, "noise.n");
    vg_text_printf(&report->out, "- **How sure:** grade %c: ", grade_of(rows));
    if (isnan(floor))
        vg_text_add(&report->out, "the noise floor was not measured");
    else
        vg_text_printf(&report->out, "A/A noise floor %s (n=%s pairs%s)",
                       vg_num_percent(buf, floor), vg_num(count, pairs, 1),
                       pairs >= 20 ? "" : ", too few to know it well");
    by_threads(report, rows);
    if (processes > 1)
        vg_text_printf(&report->out, ", intervals over %d processes", processes);
    else
        vg_text_add(&report->out, ", intervals within one process");
    if (*crowd_in(rows)) {
        vg_text_add(&report->out, ", **threads outnumbered CPUs** (");
        vg_text_md(&report->out, crowd_in(rows));
        vg_text_add(&report->out, ": not called, in no mean)");
    }
    if (was_busy(rows))
        vg_text_printf(&report->out,
                       ", **the machine was busy** (load average %s per CPU as the run began)",
                       vg_num(count, vg_doc_load(rows->doc), 2));
    if (has_drifted(rows))
        vg_text_printf(&report->out, ", **the machine drifted** (clock or bandwidth by %s)",
                       vg_num_percent(count, vg_doc_drift(rows->doc)));
    vg_text_add(&report->out, "; differences below the floor are never called.\n");
}

/* The answer in one sentence, for who reads ten lines. */
static void verdict_sentence(vg_report *report, const vg_rows *rows)
{
    int list[THREAD_COUNTS], count = pick_threads(rows, list), cases = 0, own = 0, theirs = 0;
    vg_text *out = &report->out;
    char buf[80];
    for (int t = 0; t < count; t++) {
        family_tally tally = tally_families(rows, list[t]);
        vg_text_printf(out,
                       t ? ", %s on %d" : "- **oneDNN takes %s the time of the own kernels on %d",
                       vg_ratio_text(buf, vg_tally_mean(&tally.all)), list[t]);
        vg_text_add(out, t ? "" : list[t] == 1 ? " thread" : " threads");
        cases += vg_tally_count(&tally.all);
        own += tally.all.faster;
        theirs += tally.all.slower;
    }
    if (!count)
        return;
    vg_text_printf(out, "** (geometric mean%s; ", count > 1 ? "s" : "");
    if (isnan(vg_doc_highest_floor(rows->doc)))
        vg_text_printf(out, "none of %d cases is called, the noise floor is not known", cases);
    else
        vg_text_printf(out, "of %d cases own kernels are faster in %d, oneDNN in %d", cases, own,
                       theirs);
    vg_text_printf(out, "; grade %c).\n", grade_of(rows));
}

/* Before anything that is fast: what is wrong. */
static vg_status verdict_broken(vg_report *report, const json_t *doc)
{
    enum { NAMED = 5 };
    json_t *names = vg_doc_broken(doc);
    size_t count = json_array_size(names);
    if (!names)
        return vg_fail(VG_ENOMEM, "no memory for the verdict");
    if (count)
        vg_text_printf(&report->out, "- **%zu row%s failed verification** and ha%s no time:", count,
                       count == 1 ? "" : "s", count == 1 ? "s" : "ve");
    for (size_t i = 0; i < count && i < NAMED; i++) {
        vg_text_add(&report->out, i ? ", " : " ");
        vg_text_code(&report->out, json_string_value(json_array_get(names, i)));
    }
    if (count)
        vg_text_printf(&report->out, "%s; part 10 says where.\n",
                       count > NAMED ? " and others" : "");
    json_decref(names);
    return VG_OK;
}

static void answer_of_nets(vg_report *report, int d)
{
    vg_nets_sentence(report, d);
    vg_race_sentences(&report->out, json_object_get(report->docs[d], "race"));
}

vg_status vg_part_verdict(vg_report *report)
{
    vg_part_title(report, 1, "Verdict");
    for (int d = 0; d < report->count; d++) {
        const vg_rows *rows = &report->rows[d];
        vg_part_document(report, d);
        if (report->options->profile != VG_REPORT_DECAY) {
            VG_TRY(verdict_broken(report, report->docs[d]));
            vg_measured_lines(&report->out, report->docs[d]);
            if (!rows->count && !vg_doc_measured_other(report->docs[d]))
                vg_part_missing(report, "timed kernels", "vgbench run --only=kernels");
            verdict_sentence(report, rows);
        }
        if (report->options->profile != VG_REPORT_PERFORMANCE) {
            vg_claims_verdict(report, d);
            answer_of_nets(report, d);
        }
        if (report->options->profile != VG_REPORT_DECAY) {
            verdict_families(report, rows);
            verdict_losses(report, rows);
            if (rows->count)
                verdict_grade(report, rows);
        }
        if (report->options->profile != VG_REPORT_PERFORMANCE)
            vg_nets_verdict(report, d);
    }
    return VG_OK;
}
