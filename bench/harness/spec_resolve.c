/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from other keys, and which combinations make no sense. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/spec.h"
#include "measure/binding.h"

static bool recurrent(const vg_spec *s)
{
    return s->model != VG_MODEL_mlp;
}

static bool has_normal_init(const vg_spec *s)
{
    return s->init == VG_INIT_normal || s->init2 == VG_INIT_normal ||
           s->init_gate == VG_INIT_normal || s->init_io == VG_INIT_normal ||
           s->init_rec == VG_INIT_normal;
}

static bool has_slope(const vg_spec *s) { return s->act == VG_OP_leaky_relu || s->act == VG_OP_prelu; }
static bool is_prelu(const vg_spec *s) { return s->act == VG_OP_prelu; }
static bool has_norm(const vg_spec *s) { return s->norm != VG_OP_none; }
static bool is_group(const vg_spec *s) { return s->norm == VG_OP_group_norm; }
static bool is_highway(const vg_spec *s) { return s->skip == VG_SKIP_highway; }
static bool is_lstm(const vg_spec *s) { return s->model == VG_MODEL_lstm; }
static bool is_gru(const vg_spec *s) { return s->model == VG_MODEL_gru; }
static bool two_matrices(const vg_spec *s) { return s->block_layers == 2; }
static bool is_mlp(const vg_spec *s) { return s->model == VG_MODEL_mlp; }

static bool takes_alpha(const vg_spec *s)
{
    return s->skip == VG_SKIP_residual || s->skip == VG_SKIP_rezero;
}

/* A key the user gave must have something to act on. */
static const struct need {
    size_t field;
    const char *key;
    bool (*met)(const vg_spec *);
    const char *text;
} needs[] = {
    {offsetof(vg_spec, norm_at), "norm_at", has_norm, "norm=batch, layer, group or rms"},
    {offsetof(vg_spec, groups), "groups", is_group, "norm=group"},
    {offsetof(vg_spec, gate_bias), "gate_bias", is_highway, "skip=highway"},
    {offsetof(vg_spec, init_gate), "init_gate", is_highway, "skip=highway"},
    {offsetof(vg_spec, alpha), "alpha", takes_alpha,
     "skip=residual or rezero (scaled is 1/sqrt(depth))"},
    {offsetof(vg_spec, slope), "slope", has_slope, "act=leaky_relu or prelu"},
    {offsetof(vg_spec, prelu_shared), "prelu_shared", is_prelu, "act=prelu"},
    {offsetof(vg_spec, init2), "init2", two_matrices, "a block of two matrices"},
    {offsetof(vg_spec, init_std), "init_std", has_normal_init, "an init of normal"},
    {offsetof(vg_spec, seq_len), "seq_len", recurrent, "model=rnn, lstm or gru"},
    {offsetof(vg_spec, init_rec), "init_rec", recurrent, "model=rnn, lstm or gru"},
    {offsetof(vg_spec, forget_bias), "forget_bias", is_lstm, "model=lstm"},
    {offsetof(vg_spec, update_bias), "update_bias", is_gru, "model=gru"},
};

static vg_status check_needs(const vg_spec *s)
{
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (vg_spec_given(s, needs[i].field) && !needs[i].met(s))
            return vg_fail(VG_EINVAL, "%s needs %s", needs[i].key, needs[i].text);
    if (s->final_norm && !has_norm(s))
        return vg_fail(VG_EINVAL, "final_norm=1 needs norm=batch, layer, group or rms");
    return VG_OK;
}

/* The bias correction divides by 1 - beta^t. */
static vg_status check_betas(const vg_spec *s)
{
    double beta = s->beta1 >= 1 ? s->beta1 : s->beta2;
    if (beta >= 1)
        return vg_fail(VG_EINVAL, "%s=%g: a number from 0 to below 1 is needed",
                       s->beta1 >= 1 ? "beta1" : "beta2", beta);
    return VG_OK;
}

/* A gradient that is zero by structure would be called vanishing. */
static vg_status check_passes_gradient(const vg_spec *s)
{
    if (s->loss == VG_OP_softmax_xent && s->classes == 1)
        return vg_fail(VG_EINVAL, "loss=softmax_xent needs classes of at least 2: of one class "
                                  "the gradient is zero");
    if (has_norm(s) && s->norm != VG_OP_batch_norm && s->width == (is_group(s) ? s->groups : 1))
        return vg_fail(VG_EINVAL, "norm=%s of one value passes no gradient: a larger width%s is "
                                  "needed",
                       vg_spec_word(s, "norm"), is_group(s) ? ", or fewer groups," : "");
    return VG_OK;
}

static vg_status check_mlp(const vg_spec *s)
{
    bool branch = s->skip == VG_SKIP_residual || s->skip == VG_SKIP_scaled ||
                  s->skip == VG_SKIP_rezero;
    if (s->block_layers == 2 && !branch)
        return vg_fail(VG_EINVAL, "block_layers=2 needs skip=residual, scaled or rezero");
    if (is_highway(s) && has_norm(s) && s->norm_at != VG_NORM_AT_inner)
        return vg_fail(VG_EINVAL, "skip=highway takes norm_at=inner only");
    if (is_group(s) && s->width % s->groups)
        return vg_fail(VG_EINVAL, "groups=%lld does not divide width=%lld", (long long)s->groups,
                       (long long)s->width);
    if (s->norm == VG_OP_batch_norm && s->batch == 1)
        return vg_fail(VG_EINVAL, "norm=batch needs batch of at least 2");
    if (s->data_kind == VG_DATA_adding || s->data_kind == VG_DATA_recall)
        return vg_fail(VG_EINVAL, "data=%s needs model=rnn, lstm or gru", s->data);
    if (s->data_kind == VG_DATA_spirals && s->in_dim < 2)
        return vg_fail(VG_EINVAL, "data=spirals needs in_dim of at least 2");
    return VG_OK;
}

static vg_status check_recurrent(const vg_spec *s)
{
    if (has_norm(s) || s->skip != VG_SKIP_none)
        return vg_fail(VG_EINVAL, "model=%s takes neither norm nor skip",
                       vg_spec_word(s, "model"));
    if (s->model != VG_MODEL_rnn && vg_spec_given(s, offsetof(vg_spec, act)))
        return vg_fail(VG_EINVAL, "model=%s has its own activations: act is for mlp and rnn",
                       vg_spec_word(s, "model"));
    if (s->model == VG_MODEL_rnn && s->act != VG_OP_tanh && s->act != VG_OP_relu)
        return vg_fail(VG_EINVAL, "act=%s: model=rnn takes tanh and relu", vg_spec_word(s, "act"));
    return VG_OK;
}

static vg_init automatic_init(const vg_spec *s)
{
    switch (s->act) {
    case VG_OP_relu:
    case VG_OP_leaky_relu:
    case VG_OP_prelu:
    case VG_OP_gelu:
    case VG_OP_gelu_tanh:
    case VG_OP_silu:
        return VG_INIT_he_normal;
    case VG_OP_selu:
        return VG_INIT_lecun_normal;
    default:
        return VG_INIT_xavier_normal;
    }
}

static int64_t default_threads(void)
{
    const char *text = getenv("OMP_NUM_THREADS");
    int64_t wanted = text ? strtoll(text, NULL, 10) : 0;
    if (wanted >= 1 && wanted <= 4096)
        return wanted;
    return vg_binding_allowed();
}

static void fill_network(vg_spec *s)
{
    bool branch = s->skip == VG_SKIP_residual || s->skip == VG_SKIP_scaled ||
                  s->skip == VG_SKIP_rezero;
    if (!vg_spec_given(s, offsetof(vg_spec, depth)))
        s->depth = recurrent(s) ? 1 : 32;
    if (s->data_kind == VG_DATA_adding) { /* one number, the sum of the two that are marked */
        if (!vg_spec_given(s, offsetof(vg_spec, classes)))
            s->classes = 1;
        if (!vg_spec_given(s, offsetof(vg_spec, loss)))
            s->loss = VG_OP_mse;
    }
    if (!vg_spec_given(s, offsetof(vg_spec, in_dim)))
        s->in_dim = recurrent(s) ? (s->data_kind == VG_DATA_recall ? s->classes : 2) : s->width;
    if (!vg_spec_given(s, offsetof(vg_spec, slope)))
        s->slope = s->act == VG_OP_prelu ? 0.25 : 0.01;
    if (!vg_spec_given(s, offsetof(vg_spec, block_layers)))
        s->block_layers = branch ? 2 : 1;
    if (!vg_spec_given(s, offsetof(vg_spec, alpha)))
        s->alpha = s->skip == VG_SKIP_scaled   ? 1 / sqrt((double)s->depth)
                   : s->skip == VG_SKIP_rezero ? 0
                                               : 1;
    if (s->data_kind == VG_DATA_adding) { /* one number is to be told, not a class */
        if (!vg_spec_given(s, offsetof(vg_spec, loss)))
            s->loss = VG_OP_mse;
        if (s->loss == VG_OP_mse && !vg_spec_given(s, offsetof(vg_spec, classes)))
            s->classes = 1;
    }
    if (s->model == VG_MODEL_rnn && !vg_spec_given(s, offsetof(vg_spec, act)))
        s->act = VG_OP_tanh;
    if (s->init == VG_INIT_auto)
        s->init = recurrent(s) ? VG_INIT_xavier_normal : automatic_init(s);
}

vg_status vg_spec_resolve(vg_spec *s, vg_purpose purpose)
{
    if (!s->data[0]) {
        s->data_kind = recurrent(s) ? VG_DATA_adding : VG_DATA_teacher;
        strcpy(s->data, recurrent(s) ? "adding" : "teacher");
    }
    fill_network(s);
    if (!vg_spec_given(s, offsetof(vg_spec, seeds)))
        s->seeds = purpose == VG_FOR_DECAY ? 8 : 1;
    if (!vg_spec_given(s, offsetof(vg_spec, threads)))
        s->threads = default_threads();
    if (s->backend == VG_BACKEND_COUNT)
        s->backend = (int)vg_backend_best();
    VG_TRY(vg_backend_usable((vg_backend)s->backend));
    VG_TRY(check_needs(s));
    VG_TRY(check_betas(s));
    VG_TRY(check_passes_gradient(s));
    return is_mlp(s) ? check_mlp(s) : check_recurrent(s);
}
