/* SPDX-License-Identifier: Apache-2.0 */
/* Part 6: how it was measured, and by what work it is judged. */
#include <stdio.h>
#include <string.h>

#include "bench/measure/load.h"
#include "reports/parts.h"
#include "vgbench/ops.h"

/* "layer_norm fwd 8, bwd 13": FLOP of one element, as the program counts them. */
static void per_element(vg_text *out, vg_family family)
{
    const char *join = "";
    vg_shape one = {.n = {1, 1}};
    for (int op = VG_OP_none + 1; op < VG_OP_COUNT; op++) {
        bool named = false;
        if (vg_op_family((vg_op)op) != family || vg_op_has_act((vg_op)op) ||
            vg_op_has_norm((vg_op)op))
            continue;
        for (int dir = 0; dir < VG_DIR_COUNT; dir++) {
            if (!vg_op_has_dir((vg_op)op, (vg_dir)dir))
                continue;
            vg_text_printf(out, "%s%s %s %.0f", named ? "," : join,
                           named ? "" : vg_op_name((vg_op)op), vg_dir_name((vg_dir)dir),
                           vg_op_flops((vg_op)op, (vg_dir)dir, &one));
            named = true;
            join = "; ";
        }
    }
}

/* "rnn fwd 3, bwd 6": what a unit and step costs beside the products, as the program counts it. */
static void per_unit(vg_text *out)
{
    static const vg_op cells[] = {VG_OP_rnn, VG_OP_lstm, VG_OP_gru};
    static const vg_shape one = {.n = {1, 1, 0, 1}}; /* no input: each gate has one product */
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        double products = 2 * vg_op_gates(cells[i]);
        vg_text_printf(out, "%s%s fwd %.0f, bwd %.0f", i ? "; " : "", vg_op_name(cells[i]),
                       vg_op_flops(cells[i], VG_DIR_fwd, &one) - products,
                       vg_op_flops(cells[i], VG_DIR_bwd, &one) - 2 * products);
    }
}

static void work(vg_text *out)
{
    static const struct {
        vg_family family;
        const char *of;
    } lists[] = {{VG_FAMILY_NORM, "Norms, an element: "},
                 {VG_FAMILY_RESIDUAL, "Residuals, an element: "},
                 {VG_FAMILY_LOSS, "Losses, an element: "},
                 {VG_FAMILY_OPTIMIZER, "Optimizers, a parameter: "}};
    vg_text_add(out,
                "- **Work:** an FMA is 2 FLOP. dense: 2 batch in out, and batch out for the bias or "
                "its gradient (not in bwd_data). rnn, lstm, gru: 2 batch steps gates hidden (in + hidden) "
                "forward, twice that backward, and a unit and step: ");
    per_unit(out);
    vg_text_add(out, ". Activations: 1 an element. ");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        vg_text_add(out, lists[i].of);
        per_element(out, lists[i].family);
        vg_text_add(out, ". ");
    }
    vg_text_add(out, "Fused ops add theirs up. Bytes are compulsory traffic: 4 for each number of "
                     "each tensor that is read or written, once; twice for one updated in place. "
                     "GB/s = 1e9 bytes/s. oneDNN is charged the same work.\n");
}

/* One line where a document has rows with cold caches. */
static void cold_method(vg_report *report, int document)
{
    const vg_rows *rows = &report->rows[document];
    int cold = 0, shown = 0;
    for (int i = 0; i < rows->count; i++) {
        if (!*rows->rows[i].cold || *rows->rows[i].error)
            continue;
        cold++;
        shown += vg_doc_true(rows->rows[i].entry, "cold_check.cold");
    }
    if (!cold)
        return;
    vg_text_add(&report->out, "- **Cold caches** (");
    vg_text_md(&report->out, report->names[document]);
    vg_text_printf(
        &report->out,
        "): %d of %d rows have one call per sample, and before it, outside the time, "
        "weights (`cold wei`) or all tensors (`cold all`) are flushed from every cache, "
        "what a library packed of them included. For %d of them dependent reads after the "
        "flush were seen to take at least twice as long as reads again; the others have "
        "no weights or a note. Roofs are those of hot caches.\n",
        cold, rows->count, shown);
}

vg_status vg_part_method(vg_report *report)
{
    vg_part_title(report, 6, "Method");
    vg_text_add(
        &report->out,
        "- **Time** is wall time of one call; allocation, packing, primitive creation and reorders "
        "that can be done once are outside it and have their own column (`weights:packed`), or are "
        "inside on both sides (`weights:plain`).\n"
        "- **Warm-up:** every row is run and checked against the oracle, then run in growing "
        "batches until one takes about 0.3 ms, which finds the length of a batch; none of that is "
        "in a sample.\n"
        "- **Interleaved:** the backends of a case take turns in one process, in random order, drawn "
        "anew for each round: by Google Benchmark's random interleaving, which has no seed, or, "
        "built without it and with cold caches, from `--seed` (1 unless the command below says "
        "another). The k-th samples stand side by side.\n"
        "- **Stop:** as many rounds as fit the time of a case (`--seconds`, 0.25 s in `bench`), at "
        "least 15 and at most 400, decided before the first; with plain C, or tasks over 0.25 s, at "
        "least 9. No look at the results ends a case.\n"
        "- **Statistic:** the median of all samples, nothing is removed as an outlier; its "
        "interval by "
        "order statistics. A ratio is the median of the ratios of pairs with a 95 % bootstrap "
        "interval "
        "(over processes where there are several, else within the process, which hides what "
        "differs "
        "between processes). Geometric means combine the intervals of their cases, and are no narrower "
        "than the A/A floor either side: what moves all ratios of a run is not averaged away by "
        "more of them. Without a floor they have no interval. A class is called by its mean before "
        "that widening.\n"
        "- **Verdict:** FASTER or SLOWER when the whole 95 % interval lies beyond the A/A floor; "
        "SAME when it lies within the floor, and within 5 % where the floor is wider; AMBIGUOUS "
        "otherwise, and always where a row has more threads than CPUs, which no mean counts.\n"
        "- **Grade:** A: at least 5 processes, 20 A/A pairs and a floor under 1.5 %; B: a floor "
        "under 3 %; "
        "C: fewer processes or pairs, a floor under 5 %, a clock rate or bandwidth that moved by "
        "10 % "
        "over the run, or a load average over ");
    vg_text_printf(&report->out,
                   "%g per CPU as the run began (what it did to the samples is in the floor, what "
                   "differs from run to run is not); D: a higher floor, none, a load average over "
                   "%g per CPU, or more threads than CPUs.\n",
                   VG_LOAD_BUSY, VG_LOAD_FULL);
    vg_text_add(
        &report->out,
        "- **oneDNN** runs the best of the ways it offers, with its own layouts where the class "
        "allows, "
        "strict fp32, same threads. Where it runs reference code or failed verification nobody "
        "wins.\n"
        "- **Verified first:** a row that fails against the float64 oracle has no time.\n");
    work(&report->out);
    for (int d = 0; d < report->count; d++)
        cold_method(report, d);
    return VG_OK;
}
