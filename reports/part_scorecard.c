/* SPDX-License-Identifier: Apache-2.0 */
/* Own best against oneDNN by op, direction, size class and layout class. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/parts.h"
#include "vgbench/ops.h"

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
           !strcmp(a->row->max_isa, row->max_isa) && !strcmp(a->row->cold, row->cold);
}

static int by_place(const void *pa, const void *pb)
{
    const card *a = pa, *b = pb;
    int order = vg_row_family(a->row) - vg_row_family(b->row);
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
    if (!order)
        order = strcmp(a->row->cold, b->row->cold);
    return order ? order : (int)a->size - (int)b->size;
}

/* More are no scorecard any more, and finding a card takes time by their number. */
enum { MOST_CARDS = 2000 };

static int collect_cards(const vg_rows *rows, card *cards)
{
    int count = 0;
    for (int i = 0; i < rows->case_count; i++) {
        const vg_problem *c = &rows->cases[i];
        const vg_row *row = vg_problem_row(rows, c);
        int k = 0;
        while (k < count && !same_card(&cards[k], row, c->size))
            k++;
        if (k == MOST_CARDS)
            continue;
        if (k == count)
            cards[count++] = (card){.row = row,
                                    .size = c->size,
                                    .rate_least = NAN,
                                    .rate_most = NAN,
                                    .ulp = NAN,
                                    .roof = NAN};
        double rate = vg_row_rate(row);
        cards[k].rate_least = fmin(cards[k].rate_least, rate);
        cards[k].rate_most = fmax(cards[k].rate_most, rate);
        cards[k].ulp = fmax(cards[k].ulp, row->ulp);
        cards[k].roof = fmax(cards[k].roof, row->roof_fraction);
        vg_tally_add(&cards[k].tally, c);
    }
    qsort(cards, (size_t)count, sizeof *cards, by_place);
    return count;
}

static void class_text(vg_text *out, const card *k)
{
    vg_text_printf(out, "%s, %d thr.", vg_size_class_name(k->size), k->row->threads);
    if (*k->row->weights) {
        vg_text_add(out, ", ");
        vg_text_md(out, k->row->weights);
    }
    if (*k->row->max_isa) {
        vg_text_add(out, ", cap ");
        vg_text_md(out, k->row->max_isa);
    }
    if (*k->row->cold) {
        vg_text_add(out, ", cold ");
        vg_text_md(out, k->row->cold);
    }
}

static void card_row(vg_report *report, const card *k)
{
    char buf[80], lo[VG_NUM], hi[VG_NUM];
    vg_text *out = &report->out;
    vg_row_begin(out);
    vg_cell_md(out, k->row->op);
    vg_cell_md(out, k->row->dir);
    vg_cell(out);
    class_text(out, k);
    vg_estimate mean = vg_tally_mean(&k->tally);
    vg_cell_printf(out, "%s", vg_ratio_text(buf, mean));
    vg_cell_printf(out, "%s", vg_tally_text(buf, &k->tally));
    if (isnan(k->rate_most))
        vg_cell_printf(out, "n/a");
    else if (vg_tally_count(&k->tally) == 1)
        vg_cell_printf(out, "%s %s", vg_num(hi, k->rate_most, 3), vg_row_rate_unit(k->row));
    else
        vg_cell_printf(out, "%s to %s %s", vg_num(lo, k->rate_least, 3),
                       vg_num(hi, k->rate_most, 3), vg_row_rate_unit(k->row));
    if (!isnan(k->roof))
        vg_text_printf(out, ", %s%s", vg_num_percent(lo, k->roof), k->roof > 1 ? " (!)" : "");
    vg_cell_printf(out, "%s", vg_num(lo, k->ulp, 2));
    vg_cell_printf(out, "%s", vg_verdict_name(vg_tally_verdict(&k->tally)));
    vg_row_end(out);
}

static void extremes_table(vg_report *report, const vg_rows *rows, const vg_extreme *list,
                           const char *title)
{
    static const char *const head[] = {"row", "own", "oneDNN", "ratio [95 % CI]", "n", "verdict"};
    char buf[80];
    vg_text *out = &report->out;
    vg_text_printf(out, "\n**%s**\n\n", title);
    vg_table_head(out, "lrrrrl", head);
    for (int i = 0; i < list->count; i++) {
        const vg_problem *c = list->cases[i];
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
    static const char *const head[] = {"op",
                                       "direction",
                                       "class",
                                       "oneDNN time / own time, geo. mean",
                                       "F / S / L / A",
                                       "rate, best % of roof",
                                       "max ulp",
                                       "verdict"};
    card *cards = calloc(MOST_CARDS, sizeof *cards);
    if (!cards)
        return vg_fail(VG_ENOMEM, "no memory for %d rows", rows->case_count);
    int count = collect_cards(rows, cards);
    vg_extreme worst = {.count = 0}, best = {.count = 0};
    for (int i = 0; i < rows->case_count; i++) {
        if (rows->cases[i].verdict != VG_VERDICT_NONE && !*rows->cases[i].crowded) {
            vg_extreme_keep(&worst, &rows->cases[i], 1);
            vg_extreme_keep(&best, &rows->cases[i], -1);
        }
    }
    if (worst.count) {
        extremes_table(report, rows, &worst,
                       "The worst five (avx2 in a name: both sides held to AVX2)");
        extremes_table(report, rows, &best,
                       "The best five (avx2 in a name: both sides held to AVX2)");
    }
    for (int first = 0; first < count;) {
        int family = vg_row_family(cards[first].row), end = first;
        while (end < count && vg_row_family(cards[end].row) == family)
            end++;
        bool fold = end - first > 24;
        vg_text_printf(&report->out, "\n**%s**\n\n", vg_row_family_name(family));
        if (fold)
            vg_details_begin(&report->out, "%d lines", end - first);
        vg_table_head(&report->out, "lllrrrrl", head);
        for (; first < end; first++)
            card_row(report, &cards[first]);
        if (fold)
            vg_details_end(&report->out);
    }
    free(cards);
    return VG_OK;
}

/* --- documents beside each other -------------------------------------------------------------- */

static void beside_head(vg_report *report, int first, int last)
{
    const char *head[VG_TABLE_COLUMNS] = {"op", "direction", "class"};
    vg_text names[VG_TABLE_COLUMNS] = {{0}};
    char align[VG_TABLE_COLUMNS + 1] = "lllrrrrr";
    for (int d = first; d < last; d++) {
        vg_text_md(&names[d - first], report->names[d]);
        head[3 + d - first] = names[d - first].p ? names[d - first].p : "";
    }
    align[3 + last - first] = '\0';
    vg_table_head(&report->out, align, head);
    for (int i = 0; i < VG_TABLE_COLUMNS; i++)
        free(names[i].p);
}

/* One line per card that any document has, one column per document. */
static void beside_table(vg_report *report, card *const cards[], const int counts[], int first,
                         int last)
{
    vg_text *out = &report->out;
    char buf[80];
    beside_head(report, first, last);
    for (int d = 0; d < report->count; d++) {
        for (int i = 0; i < counts[d]; i++) {
            const card *key = &cards[d][i];
            bool earlier = false;
            for (int e = 0; e < d && !earlier; e++)
                for (int j = 0; j < counts[e] && !earlier; j++)
                    earlier = same_card(&cards[e][j], key->row, key->size);
            if (earlier)
                continue;
            vg_row_begin(out);
            vg_cell_md(out, key->row->op);
            vg_cell_md(out, key->row->dir);
            vg_cell(out);
            class_text(out, key);
            for (int e = first; e < last; e++) {
                int j = 0;
                while (j < counts[e] && !same_card(&cards[e][j], key->row, key->size))
                    j++;
                if (j == counts[e] || !vg_tally_count(&cards[e][j].tally)) {
                    vg_cell_printf(out, "n/a");
                    continue;
                }
                vg_estimate mean = vg_tally_mean(&cards[e][j].tally);
                vg_cell_printf(out, "%s %s", vg_ratio_text(buf, mean),
                               vg_verdict_name(vg_tally_verdict(&cards[e][j].tally)));
            }
            vg_row_end(out);
        }
    }
}

static vg_status beside(vg_report *report)
{
    enum { AT_ONCE = VG_TABLE_COLUMNS - 3 };
    card **cards = calloc((size_t)report->count, sizeof *cards);
    int *counts = calloc((size_t)report->count, sizeof *counts);
    bool failed = !cards || !counts;
    for (int d = 0; d < report->count && !failed; d++) {
        cards[d] = calloc(MOST_CARDS, sizeof **cards);
        failed = !cards[d];
        if (!failed)
            counts[d] = collect_cards(&report->rows[d], cards[d]);
    }
    vg_text_add(&report->out, "\n**Side by side**, time of oneDNN / own time in each file, geometric mean\n");
    for (int first = 0; first < report->count && !failed; first += AT_ONCE) {
        int last = first + AT_ONCE < report->count ? first + AT_ONCE : report->count;
        vg_text_add(&report->out, "\n");
        beside_table(report, cards, counts, first, last);
    }
    for (int d = 0; d < report->count && cards; d++)
        free(cards[d]);
    free(cards);
    free(counts);
    return failed ? vg_fail(VG_ENOMEM, "no memory for the scorecards") : VG_OK;
}

/* --- what the intrinsics buy ------------------------------------------------------------------ */

typedef struct gain {
    const char *op, *dir;
    vg_tally automatic, scalar;
} gain;

/* Own best against another row of the case, as a case of its own. */
static void add_gain(vg_tally *tally, const vg_rows *rows, const vg_problem *c, int other)
{
    if (other < 0 || c->own < 0 || other == c->own || *rows->rows[other].error ||
        *rows->rows[c->own].error)
        return;
    const vg_row *own = &rows->rows[c->own];
    vg_problem pair = {.ratio = vg_row_ratio(own, &rows->rows[other], true, NULL),
                       .floor = vg_rows_floor(rows, own),
                       .crowded = own->crowded};
    pair.sd = (log(pair.ratio.hi) - log(pair.ratio.lo)) / (2 * 1.96);
    pair.verdict = vg_verdict_of(pair.ratio, pair.floor);
    vg_tally_add(tally, &pair);
}

static int automatic_row(const vg_rows *rows, const vg_problem *c)
{
    switch (c->own >= 0 ? rows->rows[c->own].index : VG_BACKEND_COUNT) {
    case VG_BACKEND_avx512:
        return c->rows[VG_BACKEND_auto_avx512];
    case VG_BACKEND_avx2:
        return c->rows[VG_BACKEND_auto_avx2];
    case VG_BACKEND_neon:
        return c->rows[VG_BACKEND_auto_neon];
    default:
        return -1;
    }
}

static void gains(vg_report *report, const vg_rows *rows)
{
    enum { MOST_GAINS = 200, MOST_CASES = 5000 };
    static const char *const head[] = {
        "op",           "direction", "over the compiler's best", "F / S / L / A", "over scalar C",
        "F / S / L / A"};
    static gain list[MOST_GAINS];
    vg_text *out = &report->out;
    char buf[80];
    int count = 0;
    for (int i = 0; i < rows->case_count && i < MOST_CASES; i++) {
        const vg_problem *c = &rows->cases[i];
        const vg_row *row = vg_problem_row(rows, c);
        int k = 0;
        if (automatic_row(rows, c) < 0 &&
            (c->rows[VG_BACKEND_scalar] < 0 || c->rows[VG_BACKEND_scalar] == c->own))
            continue;
        while (k < count &&
               (strcmp(list[k].op, row->op) != 0 || strcmp(list[k].dir, row->dir) != 0))
            k++;
        if (k == MOST_GAINS)
            continue;
        if (k == count)
            list[count++] = (gain){.op = row->op, .dir = row->dir};
        add_gain(&list[k].automatic, rows, c, automatic_row(rows, c));
        add_gain(&list[k].scalar, rows, c, c->rows[VG_BACKEND_scalar]);
    }
    if (!count)
        return;
    vg_details_begin(
        out,
        "What the hand-written kernels buy over the same C, vectorised by the compiler or "
        "not (%d lines)",
        count);
    vg_table_head(out, "llrrrr", head);
    for (int k = 0; k < count; k++) {
        vg_row_begin(out);
        vg_cell_md(out, list[k].op);
        vg_cell_md(out, list[k].dir);
        vg_cell_printf(out, "%s", vg_ratio_text(buf, vg_tally_mean(&list[k].automatic)));
        vg_cell_printf(out, "%s", vg_tally_text(buf, &list[k].automatic));
        vg_cell_printf(out, "%s", vg_ratio_text(buf, vg_tally_mean(&list[k].scalar)));
        vg_cell_printf(out, "%s", vg_tally_text(buf, &list[k].scalar));
        vg_row_end(out);
    }
    vg_details_end(out);
}

vg_status vg_part_scorecard(vg_report *report)
{
    vg_part_title(report, 2, "Scorecard");
    vg_text_add(
        &report->out,
        "Ratio = time of oneDNN / time of the own best row: above 1 the own row is faster. "
        "F / S / L / A = cases that are FASTER, the SAME, SLOWER (lost), AMBIGUOUS. Own best "
        "is the first usable of avx512, avx2, neon, scalar, never picked by its time. Sizes "
        "are classed by the smallest cache that holds all tensors of the op. A class of one case "
        "has the verdict of that case. (!) marks a row above its roof: Anomalies say why.\n");
    int measured = 0;
    for (int d = 0; d < report->count; d++)
        measured += report->rows[d].count > 0;
    if (report->count > 1 && measured)
        VG_TRY(beside(report));
    for (int d = 0; d < report->count; d++) {
        vg_part_document(report, d);
        if (!report->rows[d].count) {
            vg_part_missing(report, "timed kernels", "vgbench run --only=kernels");
            continue;
        }
        VG_TRY(scorecard(report, &report->rows[d]));
        gains(report, &report->rows[d]);
    }
    return VG_OK;
}
