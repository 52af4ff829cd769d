/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/part_signal.h"

#include <math.h>
#include <string.h>

/* --- weight gradients ------------------------------------------------------------------------- */

/* log10 of a norm at the first layer over that at the last */
static double decades(const json_t *record, const char *key)
{
    const json_t *layers = json_object_get(record, "layers");
    size_t depth = json_array_size(layers);
    return log10(vg_doc_num(json_array_get(layers, 0), key) /
                 vg_doc_num(json_array_get(layers, depth ? depth - 1 : 0), key));
}

/* The rule of AutoTrainer (ICSE 2021) and others of its kind: first over last weight gradient. */
static const double WEIGHT_RULE = -3;

void vg_part_weight_gradients(vg_report *report, const vg_nets *nets)
{
    static const char *const head[] = {"net",
                                       "depth",
                                       "signal, decades",
                                       "weight gradient, decades",
                                       "by weight gradients it is",
                                       "it is"};
    vg_text *out = &report->out;
    char a[VG_NUM], b[VG_NUM];
    int lines = 0;
    for (int i = 0; i < nets->count; i++) {
        const vg_net *net = &nets->nets[i];
        const char *verdict = vg_doc_str(net->record, "verdict");
        double weight = decades(net->record, "grad_weight_l2");
        double signal = log10(vg_doc_num(net->record, "survival"));
        if (!net->deepest || net->kind == VG_NET_FIX || !verdict || strcmp(verdict, "vanishing") ||
            !isfinite(weight))
            continue;
        if (!lines++) {
            vg_text_add(out, "\n### What weight gradients would say\n\n"
                             "||dL/dW|| of a layer is the signal there times the activations that "
                             "enter it: where the signal falls towards the input by what the "
                             "activations fall towards the output, it is the same in every layer. A "
                             "tool that judges by the ratio of weight gradients (here below 1e-3) "
                             "calls such a net healthy.\n\n");
            vg_table_head(out, "lrrrll", head);
        }
        vg_row_begin(out);
        vg_cell_md(out, net->label);
        vg_cell_printf(out, "%d", net->depth);
        vg_cell_printf(out, "%s", isfinite(signal) ? vg_num(a, signal, 3) : "all gone");
        vg_cell_printf(out, "%s", vg_num(b, weight, 3));
        vg_cell_md(out, weight < WEIGHT_RULE ? "vanishing" : "healthy");
        vg_cell_md(out, verdict);
        vg_row_end(out);
    }
}

/* --- number format ---------------------------------------------------------------------------- */

static void layer_cell(vg_text *out, const json_t *object, const char *key)
{
    double layer = vg_doc_num(object, key);
    if (isfinite(layer))
        vg_cell_printf(out, "%.0f", layer);
    else
        vg_cell_md(out, "nowhere");
}

/* "fp16: 75, scaled 67" */
static void format_cell(vg_text *out, const json_t *formats, const char *name)
{
    size_t i;
    json_t *format;
    int count = 0;
    vg_cell(out);
    json_array_foreach(formats, i, format) {
        const char *word = vg_doc_str(format, "format");
        double layer = vg_doc_num(format, "half_from"), scale = vg_doc_num(format, "loss_scale");
        if (!word || strcmp(word, name))
            continue;
        vg_text_printf(out, count++ ? ", scaled by %.0f: " : "", scale);
        if (isfinite(layer))
            vg_text_printf(out, "%.0f", layer);
        else
            vg_text_add(out, "nowhere");
    }
}

static void precision_row(vg_text *out, const vg_net *net)
{
    char a[VG_NUM], b[VG_NUM], c[VG_NUM];
    const json_t *ftz = vg_doc_get(net->record, "precision.ftz"),
                 *formats = vg_doc_get(net->record, "precision.formats"),
                 *ci = json_object_get(ftz, "slowdown_ci95");
    vg_row_begin(out);
    vg_cell_md(out, net->label);
    vg_cell_printf(out, "%d", net->depth);
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(ftz, "backward_ms"), 3));
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(ftz, "backward_ms_ftz"), 3));
    vg_cell_printf(out, "%sx [%s, %s]", vg_num(a, vg_doc_num(ftz, "slowdown"), 3),
                   vg_num(b, json_number_value(json_array_get(ci, 0)), 3),
                   vg_num(c, json_number_value(json_array_get(ci, 1)), 3));
    layer_cell(out, ftz, "subnormal_from");
    layer_cell(out, ftz, "zero_from");
    layer_cell(out, ftz, "zero_from_ftz");
    format_cell(out, formats, "fp16");
    format_cell(out, formats, "bf16");
    vg_row_end(out);
}

void vg_part_precision(vg_report *report, const vg_nets *nets)
{
    static const char *const head[] = {"net",
                                       "depth",
                                       "backward, ms",
                                       "flushed, ms",
                                       "slower [95 % CI]",
                                       "half subnormal from",
                                       "all zero from",
                                       "flushed, all zero from",
                                       "fp16: half gone from",
                                       "bf16: half gone from"};
    vg_text *out = &report->out;
    int lines = 0;
    vg_text_add(out, "\n### Number format\n");
    for (int i = 0; i < nets->count; i++) {
        if (!json_is_object(json_object_get(nets->nets[i].record, "precision")))
            continue;
        if (!lines++) {
            vg_text_add(out, "\nThe backward pass with IEEE subnormals and with FTZ and DAZ on, "
                             "timed in turn; and the layer, counted from the input, from which on "
                             "down the signal is lost. Loss scaling shifts every layer alike: it "
                             "buys layers, it does not mend the decay.\n\n");
            vg_table_head(out, "lrrrrrrrrr", head);
        }
        precision_row(out, &nets->nets[i]);
    }
    if (!lines)
        vg_part_missing(report, "subnormals and narrow formats",
                        "vgbench decay depth=64 act=sigmoid init=xavier_normal --precision");
}
