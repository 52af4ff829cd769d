/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/repro.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vgbench/onednn.h"
#include "vgbench/ops.h"

/* Only words that need no quoting in a shell and cannot leave a code block. */
static bool is_word(const char *s)
{
    for (const char *c = s; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_-.:/", *c))
            return false;
    return *s != '\0';
}

static double extent(const vg_row *row, const char *key)
{
    return vg_doc_num(json_object_get(row->entry, "shape"), key);
}

void vg_repro_ours(const vg_row *row, vg_text *out)
{
    vg_op op = vg_op_by_name(row->op);
    if (op == VG_OP_none || !is_word(row->dir))
        return;
    vg_text_printf(out, "vgbench bench --filter='^%s/%s/' --shapes='%s", row->op, row->dir,
                   row->op);
    for (int i = 0; i < vg_op_extents(op); i++)
        vg_text_printf(out, " %.0f", extent(row, vg_op_key(op, i)));
    static const char *const words[] = {"weights", "act", "norm"};
    for (int i = 0; i < 3; i++) {
        const char *word = vg_doc_str(json_object_get(row->entry, "shape"), words[i]);
        if (word && is_word(word))
            vg_text_printf(out, " %s:%s", words[i], word);
    }
    vg_text_printf(out, "' --threads=%d", row->threads);
    if (is_word(row->max_isa))
        vg_text_printf(out, " --max-isa=%s", row->max_isa);
    if (is_word(row->cold))
        vg_text_printf(out, " --cold-cache=%s", row->cold);
    vg_text_add(out, "\n");
}

/* The form of the oneDNN row that won among those tried, as its implementation names it. */
static bool is_form(const vg_row *row, const char *form)
{
    return strstr(row->impl, form) != NULL;
}

/* y = x W^T + b, dx = dy W, dW = dy^T x with db as a product or a reduction of its own. */
static bool dense_matmul(const vg_row *row, vg_dir dir, vg_text *out)
{
    double batch = extent(row, "batch"), in = extent(row, "in"), width = extent(row, "out");
    bool any = is_form(row, "matmul any");
    vg_text_add(out, "benchdnn --matmul --mode=P ");
    if (dir == VG_DIR_fwd)
        vg_text_printf(out,
                       "--stag=ab --wtag=%s --dtag=ab --bia_dt=f32 --bia_mask=2 "
                       "%.0fx%.0f:%.0fx%.0f\n",
                       any ? "any" : "ba", batch, in, in, width);
    else if (dir == VG_DIR_bwd_data)
        vg_text_printf(out, "--stag=ab --wtag=%s --dtag=ab %.0fx%.0f:%.0fx%.0f\n",
                       any ? "any" : "ab", batch, width, width, in);
    else
        vg_text_printf(out, "--stag=ba --wtag=ab --dtag=ab %.0fx%.0f:%.0fx%.0f", width, batch, batch,
                       in);
    if (dir == VG_DIR_bwd_weights && is_form(row, "db by reduction"))
        vg_text_printf(out,
                       "\nbenchdnn --reduction --mode=P --sdt=f32 --ddt=f32 --alg=sum --stag=ab "
                       "--dtag=ab %.0fx%.0f:1x%.0f\n",
                       batch, width, width);
    else if (dir == VG_DIR_bwd_weights)
        vg_text_printf(out, " --stag=ab 1x%.0f:%.0fx%.0f\n", batch, batch, width);
    return true;
}

static bool dense(const vg_row *row, vg_dir dir, vg_text *out)
{
    const char *word = dir == VG_DIR_fwd           ? is_form(row, "(inference)") ? "FWD_I" : "FWD_B"
                       : dir == VG_DIR_bwd_data    ? "BWD_D"
                       : dir == VG_DIR_bwd_weights ? "BWD_WB"
                                                   : NULL;
    if (!word)
        return false;
    if (is_form(row, ", matmul"))
        return dense_matmul(row, dir, out);
    bool named = is_form(row, ", inner product");
    vg_text_printf(out, "benchdnn --ip --mode=P --dir=%s", word);
    if (named ? is_form(row, ", inner product plain") : !strcmp(row->weights, "plain"))
        vg_text_add(out, " --stag=ab --wtag=ab --dtag=ab");
    vg_text_printf(out, " mb%.0fic%.0foc%.0f\n", extent(row, "batch"), extent(row, "in"),
                   extent(row, "out"));
    return true;
}

static bool activation(const vg_row *row, vg_op op, vg_dir dir, vg_text *out)
{
    static const struct {
        vg_op op;
        const char *alg;
    } algorithms[] = {
        {VG_OP_relu, "relu --alpha=0"}, /* by default benchdnn runs alpha 0, 0.25 and -0.25 */
        {VG_OP_linear, "linear --alpha=1 --beta=0"},
        {VG_OP_sigmoid, "logistic"},
        {VG_OP_tanh, "tanh"},
        {VG_OP_leaky_relu, "relu --alpha=0.01"},
        {VG_OP_gelu, "gelu_erf"},
        {VG_OP_gelu_tanh, "gelu_tanh"},
        {VG_OP_elu, "elu --alpha=1"},
        {VG_OP_silu, "swish --alpha=1"},
    };
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        if (algorithms[i].op != op)
            continue;
        vg_text_printf(out, "benchdnn --eltwise --mode=P --dir=%s --tag=ab --alg=%s %.0fx%.0f\n",
                       dir == VG_DIR_fwd ? "FWD_D" : "BWD_D", algorithms[i].alg,
                       extent(row, "batch"), extent(row, "width"));
        return true;
    }
    return false;
}

/* A slope for all columns, or one for each. */
static bool prelu(const vg_row *row, vg_dir dir, vg_text *out)
{
    vg_text_printf(out, "benchdnn --prelu --mode=P --dir=%s --stag=ab:ab %.0fx%.0f:1x%.0f\n",
                   dir == VG_DIR_fwd ? "FWD_D" : "BWD_DW", extent(row, "batch"),
                   extent(row, "width"), extent(row, "slopes"));
    return true;
}

static bool norm(const vg_row *row, vg_op op, vg_dir dir, vg_text *out)
{
    const char *word = dir == VG_DIR_fwd     ? "FWD_D"
                       : dir == VG_DIR_infer ? "FWD_I"
                       : dir == VG_DIR_bwd   ? "BWD_DW"
                                             : NULL;
    double batch = extent(row, "batch"), width = extent(row, "width");
    if (!word)
        return false;
    if (op == VG_OP_layer_norm)
        vg_text_printf(out, "benchdnn --lnorm --mode=P --dir=%s --tag=ab --flags=CH %.0fx%.0f\n",
                       word, batch, width);
    else if (op == VG_OP_batch_norm)
        vg_text_printf(out,
                       "benchdnn --bnorm --mode=P --dir=%s --tag=axb --flags=CH mb%.0fic%.0fih1\n",
                       word, batch, width);
    else if (op == VG_OP_group_norm)
        vg_text_printf(
            out, "benchdnn --gnorm --mode=P --dir=%s --tag=axb --flags=CH g%.0fmb%.0fic%.0fih1\n",
            word, extent(row, "groups"), batch, width);
    return op == VG_OP_layer_norm || op == VG_OP_batch_norm || op == VG_OP_group_norm;
}

static bool recurrent(const vg_row *row, vg_op op, vg_dir dir, vg_text *out)
{
    const char *act = vg_doc_str(json_object_get(row->entry, "shape"), "act");
    bool relu = act && !strcmp(act, "relu");
    vg_text_printf(
        out, "benchdnn --rnn --mode=P --prop=%s --alg=%s l1t%.0fmb%.0fsic%.0fslc%.0fdhc%.0f\n",
        dir == VG_DIR_fwd ? "FWD_D" : "BWD_DW",
        op == VG_OP_rnn    ? relu ? "VANILLA_RNN --activation=RELU" : "VANILLA_RNN --activation=TANH"
        : op == VG_OP_lstm ? "VANILLA_LSTM"
                           : "LBR_GRU",
        extent(row, "seq"), extent(row, "batch"), extent(row, "hidden"), extent(row, "in"),
        extent(row, "hidden"));
    return true;
}

static bool problem(const vg_row *row, vg_text *out)
{
    vg_op op = vg_op_by_name(row->op);
    vg_dir dir = vg_dir_by_name(row->dir);
    if (op == VG_OP_none || dir == VG_DIR_COUNT)
        return false;
    if (op == VG_OP_dense)
        return dense(row, dir, out);
    if (op == VG_OP_prelu)
        return prelu(row, dir, out);
    if (vg_op_is_activation(op))
        return activation(row, op, dir, out);
    if (vg_op_is_norm(op))
        return norm(row, op, dir, out);
    if (op == VG_OP_add) {
        vg_text_printf(out, "benchdnn --binary --mode=P --alg=add %.0fx%.0f:%.0fx%.0f\n",
                       extent(row, "batch"), extent(row, "width"), extent(row, "batch"),
                       extent(row, "width"));
        return true;
    }
    if (vg_op_family(op) == VG_FAMILY_RECURRENT)
        return recurrent(row, op, dir, out);
    return false;
}

bool vg_repro_benchdnn(const vg_row *row, vg_text *out)
{
    const char *cap = vg_onednn_cap_word(row->max_isa);
    vg_text line = {0};
    bool any = problem(row, &line);
    for (const char *at = line.p; any && at && *at; at += strcspn(at, "\n") + 1) {
        if (cap)
            vg_text_printf(out, "ONEDNN_MAX_CPU_ISA=%s ", cap);
        vg_text_printf(out, "%.*s\n", (int)strcspn(at, "\n"), at);
    }
    out->failed |= line.failed;
    free(line.p);
    return any;
}

void vg_repro_lines(vg_report *report, const vg_rows *rows, const char *op, const char *dir)
{
    enum { MOST = 200 };
    vg_text *out = &report->out;
    int lines = 0;
    if (vg_op_by_name(op) == VG_OP_none)
        return;
    vg_text_add(out,
                "\nAgain, with us and with benchdnn (OMP_NUM_THREADS as in the row; the primitive, layouts "
                "and cap of the oneDNN row; reorders and steps beside it are not in benchdnn's time):\n\n```sh\n");
    for (int i = 0; i < rows->case_count && lines < MOST; i++) {
        const vg_row *row = &rows->rows[rows->cases[i].any];
        if (strcmp(row->op, op) != 0 || strcmp(row->dir, dir) != 0)
            continue;
        vg_repro_ours(row, out);
        int dnnl = rows->cases[i].base; /* whose implementation says which form of it won */
        vg_repro_benchdnn(dnnl >= 0 ? &rows->rows[dnnl] : row, out);
        lines++;
    }
    vg_text_add(out, "```\n");
}
