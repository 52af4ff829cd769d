/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader gets without scrolling: which machine and libraries, what is faster by how much and
 * how sure, and the scorecard. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/nets.h"
#include "reports/parts.h"
#include "vgbench/ops.h"

void vg_part_title(vg_report *report, int number, const char *title)
{
    vg_text_printf(&report->out, "\n## %d. %s\n\n", number, title);
}

void vg_part_missing(vg_report *report, const char *what, const char *how)
{
    vg_text_printf(&report->out, "*Missing: %s (%s).*\n", what, how);
}

void vg_part_document(vg_report *report, int index)
{
    if (report->count == 1)
        return;
    vg_text_add(&report->out, "\n### ");
    vg_text_md(&report->out, report->names[index]);
    vg_text_add(&report->out, "\n\n");
}

void vg_onednn_name(const json_t *doc, vg_text *out)
{
    const json_t *onednn = vg_doc_get(doc, "machine.software.onednn");
    const char *version = vg_doc_str(onednn, "version"), *reason = vg_doc_str(onednn, "reason");
    double year = vg_doc_num(onednn, "year");
    int major = 0, minor = 0;
    if (!version) {
        vg_text_add(out, "no oneDNN (");
        vg_text_md(out, reason ? reason : "none recorded");
        vg_text_add(out, ")");
        return;
    }
    vg_text_add(out, "oneDNN ");
    vg_text_md(out, version);
    if (isnan(year))
        vg_text_add(out, " (year unknown)");
    else
        vg_text_printf(out, " (%.0f)", year);
    /* sscanf takes "v3.12", too */
    if (sscanf(version + (*version == 'v'), "%d.%d", &major, &minor) == 2 &&
        (major < 3 || (major == 3 && minor < 7)))
        vg_text_add(out, " - **not a current oneDNN**");
}

const char *vg_ratio_text(char buf[80], vg_estimate ratio)
{
    /* One number of decimals for all three, more where the ratio is near 1 and they decide. */
    double mid = ratio.mid;
    int decimals = mid >= 100 ? 0 : mid >= 10 ? 1 : mid >= 1.25 ? 2 : mid >= 0.1 ? 3 : 4;
    if (!isfinite(mid))
        snprintf(buf, 80, "n/a");
    else if (!isfinite(ratio.lo) || !isfinite(ratio.hi) || ratio.hi > 1e9)
        snprintf(buf, 80, "%.*fx [no interval]", decimals, fmin(mid, 1e30));
    else
        snprintf(buf, 80, "%.*fx [%.*f, %.*f]", decimals, mid, decimals, ratio.lo, decimals, ratio.hi);
    return buf;
}

const char *vg_tally_text(char buf[80], const vg_tally *tally)
{
    snprintf(buf, 80, "%d / %d / %d / %d", tally->faster, tally->same, tally->slower,
             tally->ambiguous);
    return buf;
}

static bool by_flops(const char *op_name)
{
    vg_op op = vg_op_by_name(op_name);
    if (op == VG_OP_none)
        return false;
    vg_family family = vg_op_family(op);
    return family == VG_FAMILY_DENSE || family == VG_FAMILY_RECURRENT;
}

const char *vg_throughput_text(char buf[64], const vg_row *row)
{
    char number[VG_NUM];
    double work = by_flops(row->op) ? row->flops : row->bytes;
    if (!isfinite(work / row->ns.mid))
        snprintf(buf, 64, "n/a");
    else
        snprintf(buf, 64, "%s %s", vg_num(number, work / row->ns.mid, 3),
                 by_flops(row->op) ? "GFLOP/s" : "GB/s");
    return buf;
}

/* --- head ---------------------------------------------------------------------------------- */

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

vg_status vg_part_head(vg_report *report)
{
    vg_text *out = &report->out;
    const char *title = report->options->title;
    vg_text_add(out, "# ");
    vg_text_md(out, title ? title : "vgbench report");
    vg_text_add(out, "\n\n");
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
            vg_text_printf(out, ", at most %d thread%s measured; ", threads, threads == 1 ? "" : "s");
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

static const char *const family_names[] = {"dense", "activation", "norm", "residual",
                                           "loss", "optimizer", "recurrent", "other"};
enum { FAMILIES = 8 };

static int family_of(const char *op_name)
{
    vg_op op = vg_op_by_name(op_name);
    return op == VG_OP_none ? FAMILIES - 1 : (int)vg_op_family(op);
}

static const vg_row *row_of(const vg_rows *rows, const vg_case *c)
{
    return &rows->rows[c->own >= 0 ? c->own : c->any];
}

typedef struct extreme {
    const vg_case *cases[5];
    int count;
} extreme;

/* Keeps the five smallest (sign 1) or largest (sign -1) ratios, in that order. */
static void keep(extreme *list, const vg_case *c, double sign)
{
    int at = list->count;
    while (at > 0 && sign * c->ratio.mid < sign * list->cases[at - 1]->ratio.mid)
        at--;
    if (at == 5)
        return;
    int last = list->count < 5 ? list->count++ : 4;
    for (int i = last; i > at; i--)
        list->cases[i] = list->cases[i - 1];
    list->cases[at] = c;
}

static void verdict_threads(vg_report *report, const vg_rows *rows, int threads)
{
    vg_tally all = {0}, family[FAMILIES] = {{0}};
    char buf[80];
    for (int i = 0; i < rows->case_count; i++) {
        const vg_row *row = row_of(rows, &rows->cases[i]);
        if (row->threads != threads || *row->max_isa)
            continue;
        vg_tally_add(&all, &rows->cases[i]);
        vg_tally_add(&family[family_of(row->op)], &rows->cases[i]);
    }
    int n = vg_tally_count(&all);
    if (!n)
        return;
    vg_text_printf(&report->out,
                   "- **%d thread%s:** of %d cases the own kernels are faster than oneDNN in %d, the "
                   "same in %d, slower in %d, undecided in %d. Geometric means, above 1 is faster:",
                   threads, threads == 1 ? "" : "s", n, all.faster, all.same, all.slower,
                   all.ambiguous);
    const char *join = " ";
    for (int f = 0; f < FAMILIES; f++) {
        if (!vg_tally_count(&family[f]))
            continue;
        vg_text_printf(&report->out, "%s%s %s (n=%d)", join, family_names[f],
                       vg_ratio_text(buf, vg_tally_mean(&family[f])), vg_tally_count(&family[f]));
        join = ", ";
    }
    vg_text_add(&report->out, ".\n");
}

static void verdict_losses(vg_report *report, const vg_rows *rows)
{
    extreme worst = {.count = 0};
    char buf[80];
    int losses = 0, judged = 0;
    for (int i = 0; i < rows->case_count; i++) {
        judged += rows->cases[i].verdict != VG_VERDICT_NONE;
        if (rows->cases[i].verdict != VG_SLOWER)
            continue;
        losses++;
        keep(&worst, &rows->cases[i], 1);
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
        vg_text_code(&report->out, row_of(rows, worst.cases[i])->kernel);
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

/* A: what may be published; D: nothing may be concluded. The rule is printed under Method. */
static void verdict_grade(vg_report *report, const vg_rows *rows)
{
    char buf[VG_NUM], count[VG_NUM];
    int processes = processes_of(rows);
    double floor = rows->floor, pairs = vg_doc_num(rows->doc, "noise.n");
    char grade = !(floor < 0.05) ? 'D' : processes < 5 || floor >= 0.03 || !(pairs >= 20) ? 'C'
                 : floor >= 0.015 ? 'B' : 'A';
    vg_text_printf(&report->out, "- **How sure:** grade %c: ", grade);
    if (isnan(floor))
        vg_text_add(&report->out, "the noise floor was not measured");
    else
        vg_text_printf(&report->out, "A/A noise floor %s (n=%s pairs%s)", vg_num_percent(buf, floor),
                       vg_num(count, pairs, 1), pairs >= 20 ? "" : ", too few to know it well");
    if (processes > 1)
        vg_text_printf(&report->out, ", intervals over %d processes", processes);
    else
        vg_text_add(&report->out, ", intervals within one process");
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
                vg_part_missing(report, "timed kernels", "`vgbench run --only=kernels` measures them");
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

/* --- scorecard ---------------------------------------------------------------------------------- */

typedef struct card {
    const vg_row *row;
    vg_size_class size;
    vg_tally tally;
    double rate_least, rate_most, ulp, roof;
} card;

static bool same_card(const card *a, const vg_row *row, vg_size_class size)
{
    return a->size == size && a->row->threads == row->threads && !strcmp(a->row->op, row->op) &&
           !strcmp(a->row->dir, row->dir) && !strcmp(a->row->weights, row->weights) &&
           !strcmp(a->row->max_isa, row->max_isa);
}

static int by_place(const void *pa, const void *pb)
{
    const card *a = pa, *b = pb;
    int order = family_of(a->row->op) - family_of(b->row->op);
    if (!order)
        order = (int)vg_op_by_name(a->row->op) - (int)vg_op_by_name(b->row->op);
    if (!order)
        order = strcmp(a->row->op, b->row->op);
    if (!order)
        order = (int)vg_dir_by_name(a->row->dir) - (int)vg_dir_by_name(b->row->dir);
    if (!order)
        order = a->row->threads - b->row->threads;
    if (!order)
        order = strcmp(b->row->weights, a->row->weights);
    if (!order)
        order = strcmp(a->row->max_isa, b->row->max_isa);
    return order ? order : (int)a->size - (int)b->size;
}

static int collect_cards(const vg_rows *rows, card *cards)
{
    int count = 0;
    for (int i = 0; i < rows->case_count; i++) {
        const vg_case *c = &rows->cases[i];
        const vg_row *row = row_of(rows, c);
        int k = 0;
        while (k < count && !same_card(&cards[k], row, c->size))
            k++;
        if (k == count)
            cards[count++] = (card){.row = row, .size = c->size, .rate_least = NAN,
                                    .rate_most = NAN, .ulp = NAN, .roof = NAN};
        double rate = (by_flops(row->op) ? row->flops : row->bytes) / row->ns.mid;
        cards[k].rate_least = fmin(cards[k].rate_least, rate);
        cards[k].rate_most = fmax(cards[k].rate_most, rate);
        cards[k].ulp = fmax(cards[k].ulp, row->ulp);
        cards[k].roof = fmax(cards[k].roof, row->roof_fraction);
        vg_tally_add(&cards[k].tally, c);
    }
    qsort(cards, (size_t)count, sizeof *cards, by_place);
    return count;
}

static void card_row(vg_report *report, const vg_rows *rows, const card *k)
{
    char buf[80], lo[VG_NUM], hi[VG_NUM];
    vg_text *out = &report->out;
    vg_row_begin(out);
    vg_cell_md(out, k->row->op);
    vg_cell_md(out, k->row->dir);
    vg_cell_printf(out, "%s, %d thr.", vg_size_class_name(k->size), k->row->threads);
    if (*k->row->weights) {
        vg_text_add(out, ", ");
        vg_text_md(out, k->row->weights);
    }
    if (*k->row->max_isa) {
        vg_text_add(out, ", cap ");
        vg_text_md(out, k->row->max_isa);
    }
    vg_estimate mean = vg_tally_mean(&k->tally);
    vg_cell_printf(out, "%s", vg_ratio_text(buf, mean));
    vg_cell_printf(out, "%s", vg_tally_text(buf, &k->tally));
    if (isnan(k->rate_most))
        vg_cell_printf(out, "n/a");
    else if (vg_tally_count(&k->tally) == 1)
        vg_cell_printf(out, "%s %s", vg_num(hi, k->rate_most, 3),
                       by_flops(k->row->op) ? "GFLOP/s" : "GB/s");
    else
        vg_cell_printf(out, "%s to %s %s", vg_num(lo, k->rate_least, 3), vg_num(hi, k->rate_most, 3),
                       by_flops(k->row->op) ? "GFLOP/s" : "GB/s");
    if (!isnan(k->roof))
        vg_text_printf(out, ", %s", vg_num_percent(lo, k->roof));
    vg_cell_printf(out, "%s", vg_num(lo, k->ulp, 2));
    vg_verdict verdict = vg_tally_count(&k->tally)
                             ? vg_verdict_of(mean, vg_rows_floor(rows, k->row->threads))
                             : VG_VERDICT_NONE;
    vg_cell_printf(out, "%s", vg_verdict_name(verdict));
    vg_row_end(out);
}

static void extremes_table(vg_report *report, const vg_rows *rows, const extreme *list,
                           const char *title)
{
    static const char *const head[] = {"row", "own", "oneDNN", "ratio [95 % CI]", "n", "verdict"};
    char buf[80];
    vg_text *out = &report->out;
    vg_text_printf(out, "\n**%s**\n\n", title);
    vg_table_head(out, "lrrrrl", head);
    for (int i = 0; i < list->count; i++) {
        const vg_case *c = list->cases[i];
        vg_row_begin(out);
        vg_cell_code(out, rows->rows[c->own].kernel);
        vg_cell_printf(out, "%s", vg_num_time(buf, rows->rows[c->own].ns.mid));
        vg_cell_printf(out, "%s", vg_num_time(buf, rows->rows[c->base].ns.mid));
        vg_cell_printf(out, "%s", vg_ratio_text(buf, c->ratio));
        vg_cell_printf(out, "%d", c->pairs);
        vg_cell_printf(out, "%s", vg_verdict_name(c->verdict));
        vg_row_end(out);
    }
}

static vg_status scorecard(vg_report *report, const vg_rows *rows)
{
    static const char *const head[] = {"op", "direction", "class", "own / oneDNN, geo. mean",
                                       "F / S / L / A", "rate, best % of roof", "max ulp", "verdict"};
    card *cards = calloc((size_t)rows->case_count + 1, sizeof *cards);
    if (!cards)
        return vg_fail(VG_ENOMEM, "no memory for %d rows", rows->case_count);
    int count = collect_cards(rows, cards);
    extreme worst = {.count = 0}, best = {.count = 0};
    for (int i = 0; i < rows->case_count; i++) {
        if (rows->cases[i].verdict != VG_VERDICT_NONE) {
            keep(&worst, &rows->cases[i], 1);
            keep(&best, &rows->cases[i], -1);
        }
    }
    if (worst.count) {
        extremes_table(report, rows, &worst, "The worst five");
        extremes_table(report, rows, &best, "The best five");
    }
    for (int first = 0; first < count;) {
        int family = family_of(cards[first].row->op), end = first;
        while (end < count && family_of(cards[end].row->op) == family)
            end++;
        bool fold = end - first > 24;
        vg_text_printf(&report->out, "\n**%s**\n\n", family_names[family]);
        if (fold)
            vg_details_begin(&report->out, "%d lines", end - first);
        vg_table_head(&report->out, "lllrrrrl", head);
        for (; first < end; first++)
            card_row(report, rows, &cards[first]);
        if (fold)
            vg_details_end(&report->out);
    }
    free(cards);
    return VG_OK;
}

vg_status vg_part_scorecard(vg_report *report)
{
    vg_part_title(report, 2, "Scorecard");
    vg_text_add(&report->out,
                "Ratio = time of oneDNN / time of the own best row: above 1 the own row is faster. "
                "F / S / L / A = cases that are FASTER, the SAME, SLOWER (lost), AMBIGUOUS. Own best "
                "is the first usable of avx512, avx2, neon, scalar, never picked by its time. Sizes "
                "are classed by the smallest cache that holds all tensors of the op.\n");
    for (int d = 0; d < report->count; d++) {
        vg_part_document(report, d);
        if (!report->rows[d].count)
            vg_part_missing(report, "timed kernels", "`vgbench run --only=kernels` measures them");
        else
            VG_TRY(scorecard(report, &report->rows[d]));
    }
    return VG_OK;
}
