/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader gets without scrolling: which machine and libraries, what is faster, by how much
 * and how sure. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/nets.h"
#include "reports/parts.h"

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

static void verdict_threads(vg_report *report, const vg_rows *rows, int threads)
{
    vg_tally all = {0}, family[VG_FAMILIES] = {{0}};
    char buf[80];
    for (int i = 0; i < rows->case_count; i++) {
        const vg_row *row = vg_problem_row(rows, &rows->cases[i]);
        if (row->threads != threads || *row->max_isa)
            continue;
        vg_tally_add(&all, &rows->cases[i]);
        vg_tally_add(&family[vg_row_family(row)], &rows->cases[i]);
    }
    int n = vg_tally_count(&all);
    if (!n)
        return;
    vg_text_printf(
        &report->out,
        "- **%d thread%s:** of %d cases the own kernels are faster than oneDNN in %d, the "
        "same in %d, slower in %d, undecided in %d. Geometric means, above 1 is faster:",
        threads, threads == 1 ? "" : "s", n, all.faster, all.same, all.slower, all.ambiguous);
    const char *join = " ";
    for (int f = 0; f < VG_FAMILIES; f++) {
        if (!vg_tally_count(&family[f]))
            continue;
        vg_text_printf(&report->out, "%s%s %s (n=%d)", join, vg_row_family_name(f),
                       vg_ratio_text(buf, vg_tally_mean(&family[f])), vg_tally_count(&family[f]));
        join = ", ";
    }
    vg_text_add(&report->out, ".\n");
}

static void verdict_losses(vg_report *report, const vg_rows *rows)
{
    vg_extreme worst = {.count = 0};
    char buf[80];
    int losses = 0, judged = 0;
    for (int i = 0; i < rows->case_count; i++) {
        judged += rows->cases[i].verdict != VG_VERDICT_NONE;
        if (rows->cases[i].verdict != VG_SLOWER)
            continue;
        losses++;
        vg_extreme_keep(&worst, &rows->cases[i], 1);
    }
    if (!judged)
        return;
    if (!losses) {
        vg_text_add(&report->out, "- **Where oneDNN is faster:** in no case beyond the noise.\n");
        return;
    }
    vg_text_printf(&report->out, "- **Where oneDNN is faster:** %d case%s, worst first:", losses,
                   losses == 1 ? "" : "s");
    for (int i = 0; i < worst.count && i < 3; i++) {
        vg_text_add(&report->out, i ? ", " : " ");
        vg_text_code(&report->out, vg_problem_row(rows, worst.cases[i])->kernel);
        vg_text_printf(&report->out, " %s", vg_ratio_text(buf, worst.cases[i]->ratio));
    }
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

/* Load average over the CPUs at the start of the run; NaN where not recorded. */
static double load_of(const json_t *doc)
{
    const json_t *load = json_array_get(vg_doc_get(doc, "context.load_avg"), 0);
    double cpus = vg_doc_num(doc, "context.num_cpus");
    return json_is_number(load) && cpus > 0 ? json_number_value(load) / cpus : NAN;
}

/* A: what may be published; D: nothing may be concluded. The rule is printed under Method. */
static void verdict_grade(vg_report *report, const vg_rows *rows)
{
    char buf[VG_NUM], count[VG_NUM];
    int processes = processes_of(rows);
    double floor = rows->floor, pairs = vg_doc_num(rows->doc, "noise.n");
    double load = load_of(rows->doc);
    bool busy = load > 0.75;
    char grade = !(floor < 0.05) || busy                            ? 'D'
                 : processes < 5 || floor >= 0.03 || !(pairs >= 20) ? 'C'
                 : floor >= 0.015                                   ? 'B'
                                                                    : 'A';
    vg_text_printf(&report->out, "- **How sure:** grade %c: ", grade);
    if (isnan(floor))
        vg_text_add(&report->out, "the noise floor was not measured");
    else
        vg_text_printf(&report->out, "A/A noise floor %s (n=%s pairs%s)",
                       vg_num_percent(buf, floor), vg_num(count, pairs, 1),
                       pairs >= 20 ? "" : ", too few to know it well");
    if (processes > 1)
        vg_text_printf(&report->out, ", intervals over %d processes", processes);
    else
        vg_text_add(&report->out, ", intervals within one process");
    if (busy)
        vg_text_printf(&report->out,
                       ", **the machine was busy** (load average %s per CPU as the run began)",
                       vg_num(count, load, 2));
    vg_text_add(&report->out, "; differences below the floor are never called.\n");
}

vg_status vg_part_verdict(vg_report *report)
{
    vg_part_title(report, 1, "Verdict");
    for (int d = 0; d < report->count; d++) {
        const vg_rows *rows = &report->rows[d];
        vg_part_document(report, d);
        if (report->options->profile != VG_REPORT_DECAY) {
            if (!rows->count)
                vg_part_missing(report, "timed kernels", "vgbench run --only=kernels");
            for (int threads = 0; threads <= most_threads(rows) && threads < 4096; threads++)
                verdict_threads(report, rows, threads);
            verdict_losses(report, rows);
            if (rows->count)
                verdict_grade(report, rows);
        }
        if (report->options->profile != VG_REPORT_PERFORMANCE)
            vg_nets_verdict(report, d);
    }
    return VG_OK;
}
