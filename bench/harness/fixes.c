/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/fixes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/results.h"

/* Every activation, initialisation, normalisation and its place, skip, less depth, and the pairs
 * that are used together. Not act=linear: with orthogonal weights its gradient survives exactly, but
 * a product of matrices is one matrix, and a network that can be no more than one layer is not cured
 * of its depth. */
static const vg_fix fixes[] = {
    {"act=relu init=he_normal", "nn.ReLU(); nn.init.kaiming_normal_(w, nonlinearity='relu')",
     "Dense(n, activation='relu', kernel_initializer='he_normal')",
     "slopes are 0 or 1, and He makes up for the half that is 0", false},
    {"act=leaky_relu init=he_normal", "nn.LeakyReLU(0.01); nn.init.kaiming_normal_(w)",
     "LeakyReLU(0.01)", "as ReLU, and no unit is silent for good", false},
    {"act=prelu init=he_normal", "nn.PReLU(n); nn.init.kaiming_normal_(w)", "PReLU()",
     "as leaky ReLU with a learnt slope", false},
    {"act=gelu init=he_normal", "nn.GELU(); nn.init.kaiming_normal_(w)", "activation='gelu'",
     "smooth; keeps the gradient for about ten layers", false},
    {"act=silu init=he_normal", "nn.SiLU(); nn.init.kaiming_normal_(w)", "activation='silu'",
     "smooth; keeps the gradient for about ten layers", false},
    {"act=elu init=xavier_normal", "nn.ELU(); nn.init.xavier_normal_(w)", "activation='elu'",
     "slope 1 above 0, exponential below", false},
    {"act=selu init=lecun_normal", "nn.SELU(); nn.init.kaiming_normal_(w, nonlinearity='linear')",
     "activation='selu', kernel_initializer='lecun_normal'",
     "keeps mean 0 and variance 1 forward; backward it grows by 1.035 per layer", false},
    {"act=tanh init=xavier_normal", "nn.Tanh(); nn.init.xavier_normal_(w)",
     "activation='tanh', kernel_initializer='glorot_normal'",
     "slope 1 at 0: the gradient falls like a power of the depth, not exponentially", false},
    {"act=tanh init=orthogonal", "nn.Tanh(); nn.init.orthogonal_(w)",
     "activation='tanh', kernel_initializer='orthogonal'", "no random growth by the weights",
     false},
    {"init=he_normal", "nn.init.kaiming_normal_(w)", "kernel_initializer='he_normal'",
     "variance 2/fan_in: made for ReLU", false},
    {"init=xavier_normal", "nn.init.xavier_normal_(w)", "kernel_initializer='glorot_normal'",
     "variance 1/width: made for tanh", false},
    {"init=lecun_normal", "nn.init.kaiming_normal_(w, nonlinearity='linear')",
     "kernel_initializer='lecun_normal'", "variance 1/fan_in", false},
    {"init=orthogonal", "nn.init.orthogonal_(w)", "kernel_initializer='orthogonal'",
     "the matrices neither shrink nor grow anything", false},
    {"init=orthogonal gain=4", "nn.init.orthogonal_(w, gain=4)",
     "kernel_initializer=Orthogonal(gain=4)", "weights that make up for slopes of at most 1/4",
     false},
    {"norm=batch", "nn.BatchNorm1d(n) before f", "BatchNormalization() before f",
     "centres the pre-activations; without skips it explodes with depth", false},
    {"norm=batch norm_at=pre", "nn.BatchNorm1d(n) before nn.Linear", "BatchNormalization() first",
     "normalises what a layer reads", false},
    {"norm=batch norm_at=post", "nn.BatchNorm1d(n) after f", "BatchNormalization() after f",
     "normalises what a layer gives", false},
    {"norm=layer", "nn.LayerNorm(n) before f", "LayerNormalization() before f",
     "scale does not matter any more; a mean of the activation still does", false},
    {"norm=layer norm_at=pre", "nn.LayerNorm(n) before nn.Linear", "LayerNormalization() first",
     "normalises what a layer reads", false},
    {"norm=layer norm_at=post", "nn.LayerNorm(n) after f", "LayerNormalization() after f",
     "takes out the mean that sigmoid and ReLU add", false},
    {"norm=group", "nn.GroupNorm(8, n) before f", "GroupNormalization(8) before f",
     "as layer norm, in groups", false},
    {"norm=group norm_at=pre", "nn.GroupNorm(8, n) before nn.Linear", "GroupNormalization(8) first",
     "as layer norm, in groups", false},
    {"norm=group norm_at=post", "nn.GroupNorm(8, n) after f", "GroupNormalization(8) after f",
     "as layer norm, in groups", false},
    {"norm=rms", "nn.RMSNorm(n) before f", "RMSNormalization() before f",
     "as layer norm without the mean: cheaper", false},
    {"norm=rms norm_at=pre", "nn.RMSNorm(n) before nn.Linear", "RMSNormalization() first",
     "as layer norm without the mean: cheaper", false},
    {"norm=rms norm_at=post", "nn.RMSNorm(n) after f", "RMSNormalization() after f",
     "as layer norm without the mean: cheaper", false},
    {"skip=residual", "x + block(x)", "Add()([x, block(x)])",
     "a path of derivative 1; unscaled it may grow", false},
    {"skip=scaled", "x + block(x) / depth**0.5", "Add()([x, block(x) / depth**0.5])",
     "a path of derivative 1 that stays bounded at any depth", false},
    {"skip=rezero", "x + self.alpha * block(x)  # alpha = nn.Parameter(zeros(1))",
     "x + alpha * block(x), alpha from 0", "the identity at the start: survival is exactly 1",
     false},
    {"skip=highway", "t * f(x) + (1 - t) * x", "t * f(x) + (1 - t) * x",
     "a gated path; at bias -2 it still loses a tenth per layer", false},
    {"skip=highway gate_bias=-4", "nn.init.constant_(gate.bias, -4)",
     "bias_initializer=Constant(-4)", "a gated path that starts nearly open", false},
    {"act=relu init=he_normal skip=residual norm=layer norm_at=pre",
     "x + W2 @ relu(W1 @ nn.LayerNorm(n)(x))", "x + Dense(Dense(LayerNormalization()(x)))",
     "the block of today's Transformers", false},
    {"act=gelu init=he_normal skip=residual norm=layer norm_at=pre",
     "x + W2 @ gelu(W1 @ nn.LayerNorm(n)(x))", "x + Dense(Dense(LayerNormalization()(x)))",
     "the block of today's Transformers", false},
    {"act=relu init=he_normal skip=residual norm=batch",
     "x + W2 @ relu(nn.BatchNorm1d(n)(W1 @ x))", "x + Dense(relu(BatchNormalization()(Dense(x))))",
     "the block of ResNets", false},
    {"act=relu init=he_normal skip=scaled", "x + block(x) / depth**0.5",
     "Add()([x, block(x) / depth**0.5])", "no norm, and bounded at any depth", false},
    {"skip=residual norm=layer norm_at=pre", "x + block(nn.LayerNorm(n)(x))",
     "x + block(LayerNormalization()(x))", "keeps the activation, mends the path", false},
    {"skip=residual norm=rms norm_at=pre", "x + block(nn.RMSNorm(n)(x))",
     "x + block(RMSNormalization()(x))", "keeps the activation, mends the path", false},
    {"depth/2", "fewer layers", "fewer layers", "a shorter path", false},
    {"depth/4", "fewer layers", "fewer layers", "a shorter path", false},
    /* depth in time */
    {"model=lstm", "nn.LSTM(i, n); bias_ih of the forget gate to 1", "LSTM(n)",
     "cells whose gradient is multiplied by the forget gate alone, 0.73 a step at bias 1", true},
    {"model=lstm forget_bias=3", "rnn.bias_ih_l0.data[n:2*n].fill_(3)",
     "LSTM(n, bias_initializer=...)  # forget gate 3", "the gate starts at 0.95", true},
    {"model=lstm forget_bias=5", "rnn.bias_ih_l0.data[n:2*n].fill_(5)",
     "LSTM(n, bias_initializer=...)  # forget gate 5",
     "the gate starts at 0.993: a memory of some 150 steps (chrono: ln of the length)",
     true},
    {"model=gru", "nn.GRU(i, n)", "GRU(n)",
     "the update gate carries the state; at bias 0 it halves it at every step", true},
    {"model=gru update_bias=3", "rnn.bias_ih_l0.data[n:2*n].fill_(3)",
     "GRU(n, bias_initializer=...)  # update gate 3", "the gate starts at 0.95", true},
    {"model=gru update_bias=5", "rnn.bias_ih_l0.data[n:2*n].fill_(5)",
     "GRU(n, bias_initializer=...)  # update gate 5",
     "the gate starts at 0.993: a memory of some 150 steps", true},
    {"act=relu init_rec=identity",
     "nn.RNN(i, n, nonlinearity='relu'); nn.init.eye_(rnn.weight_hh_l0)",
     "SimpleRNN(n, activation='relu', recurrent_initializer='identity')",
     "active units pass everything on (IRNN, Le 2015); nothing bounds the state: clip the gradient",
     true},
    {"init_rec=orthogonal", "nn.init.orthogonal_(rnn.weight_hh_l0)",
     "recurrent_initializer='orthogonal'",
     "the matrix neither shrinks nor grows; what is lost is lost by the slopes of f", true},
    {"init_rec=orthogonal gain=1.1", "nn.init.orthogonal_(rnn.weight_hh_l0, gain=1.1)",
     "recurrent_initializer=Orthogonal(gain=1.1)",
     "a little growth against the slopes of tanh: right for one length of sequence", true},
    {"init=normal init_std=0.01", "nn.init.normal_(rnn.weight_ih_l0, std=0.01)",
     "kernel_initializer=RandomNormal(stddev=0.01)",
     "a weak input keeps tanh where its slope is 1", true},
    {"init_rec=identity", "nn.init.eye_(rnn.weight_hh_l0)", "recurrent_initializer='identity'",
     "what an input of constant sign adds up to saturates tanh", true},
    {"seq_len/2", "truncated back-propagation: h = h.detach() every T/2 steps",
     "shorter sequences, stateful=True", "a shorter path; what is further away is not learnt",
     true},
    {"seq_len/4", "truncated back-propagation: h = h.detach() every T/4 steps",
     "shorter sequences, stateful=True", "a shorter path; what is further away is not learnt",
     true},
};

bool vg_fix_concerns(const vg_fix *fix, int model)
{
    return fix->recurrent == (model != VG_MODEL_mlp);
}

bool vg_fix_shortens(const vg_fix *fix)
{
    return strchr(fix->change, '/') != NULL;
}

static double gates_of(const vg_spec *s)
{
    return s->model == VG_MODEL_lstm ? 4 : s->model == VG_MODEL_gru ? 3 : 1;
}

int64_t vg_fix_equal_width(const vg_spec *base, const vg_spec *fixed)
{
    if (base->model == VG_MODEL_mlp || gates_of(base) == gates_of(fixed))
        return 0;
    double width = (double)base->width * sqrt(gates_of(base) / gates_of(fixed));
    int64_t rounded = 4 * (int64_t)(width / 4 + 0.5);
    return rounded > 0 ? rounded : 4;
}

const vg_fix *vg_fixes(int *count)
{
    *count = sizeof fixes / sizeof *fixes;
    return fixes;
}

/* "depth/2" or "seq_len/2" */
static vg_status divide(const vg_spec *base, const char *change, vg_spec *fixed)
{
    char text[32];
    vg_spec resolved = *base;
    VG_TRY(vg_spec_resolve(&resolved, VG_FOR_DECAY));
    const char *key = change[0] == 'd' ? "depth" : "seq_len";
    int64_t length = change[0] == 'd' ? resolved.depth : resolved.seq_len;
    int64_t divisor = atoi(strchr(change, '/') + 1);
    if (length < 2 * divisor)
        return vg_fail(VG_EINVAL, "%s=%lld cannot be divided by %lld", key, (long long)length,
                       (long long)divisor);
    snprintf(text, sizeof text, "%lld", (long long)(length / divisor));
    return vg_spec_set(fixed, key, text);
}

static vg_status set_words(const char *change, vg_spec *fixed)
{
    char copy[128], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", change);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        *equals = '\0';
        VG_TRY(vg_spec_set(fixed, word, equals + 1));
    }
    return VG_OK;
}

/* The user's word for a key of the base goes when the fix is about what it modified. */
static void forget(vg_spec *s, size_t field)
{
    int count;
    const vg_key *keys = vg_spec_keys(&count);
    vg_spec initial;
    vg_spec_init(&initial);
    for (int i = 0; i < count; i++)
        if (keys[i].offset == field) {
            s->given &= ~(UINT64_C(1) << i);
            size_t size = keys[i].kind == VG_KEY_WORD || keys[i].kind == VG_KEY_FLAG ? sizeof(int)
                                                                                       : 8;
            memcpy((char *)s + field, (const char *)&initial + field, size);
        }
}

vg_status vg_fix_apply(const vg_fix *fix, const vg_spec *base, vg_spec *fixed, bool *same)
{
    *fixed = *base;
    if (strstr(fix->change, "act="))
        forget(fixed, offsetof(vg_spec, slope));
    if (strstr(fix->change, "init="))
        forget(fixed, offsetof(vg_spec, gain));
    if (strstr(fix->change, "norm="))
        forget(fixed, offsetof(vg_spec, norm_at));
    if (strstr(fix->change, "skip="))
        forget(fixed, offsetof(vg_spec, block_layers));
    if (strstr(fix->change, "model=")) {
        forget(fixed, offsetof(vg_spec, act));
        forget(fixed, offsetof(vg_spec, forget_bias));
        forget(fixed, offsetof(vg_spec, update_bias));
    }
    if (strstr(fix->change, "init_rec="))
        forget(fixed, offsetof(vg_spec, gain));
    if (vg_fix_shortens(fix))
        VG_TRY(divide(base, fix->change, fixed));
    else
        VG_TRY(set_words(fix->change, fixed));
    vg_spec a = *base, b = *fixed;
    VG_TRY(vg_spec_resolve(&a, VG_FOR_DECAY));
    VG_TRY(vg_spec_resolve(&b, VG_FOR_DECAY));
    json_t *x = vg_spec_json(&a), *y = vg_spec_json(&b);
    *same = json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return VG_OK;
}

/* --- ranking ------------------------------------------------------------------------------- */

static int rank_of_verdict(const json_t *record)
{
    static const char *const order[] = {"healthy", "growing", "vanishing", "exploding"};
    const char *verdict = vg_json_get_text(record, "verdict", "");
    int i = 0;
    while (i < 4 && strcmp(verdict, order[i]))
        i++;
    return i;
}

/* Half decades between the survival and 1. */
static double distance(const json_t *record)
{
    double survival = vg_json_get_number(record, "survival");
    return survival > 0 && isfinite(survival) ? floor(2 * fabs(log10(survival))) : 1e9;
}

static double step_ms(const json_t *record)
{
    double ms = vg_json_get_number(json_object_get(record, "cost"), "step_ms");
    return isnan(ms) ? 1e9 : ms;
}

int vg_fix_compare(const json_t *a, const json_t *b)
{
    int verdict = rank_of_verdict(a) - rank_of_verdict(b);
    double far = distance(a) - distance(b), ms = step_ms(a) - step_ms(b);
    return verdict ? verdict : far < 0 ? -1 : far > 0 ? 1 : ms < 0 ? -1 : ms > 0;
}

json_t *vg_fix_advice(const json_t *base, const json_t *records, int most)
{
    json_t *advice = json_array();
    double base_ms = vg_json_get_number(json_object_get(base, "cost"), "step_ms");
    size_t index;
    json_t *record;
    json_array_foreach(records, index, record) {
        const vg_fix *fix = &fixes[json_integer_value(json_object_get(record, "fix"))];
        if ((int)json_array_size(advice) == most)
            break;
        if (rank_of_verdict(record) > 0 ||
            !json_is_true(json_object_get(record, "equal_matrices")) ||
            !strcmp(vg_json_get_text(json_object_get(record, "spec"), "act", ""), "linear"))
            continue; /* without an activation it is no network */
        double ms = vg_json_get_number(json_object_get(record, "cost"), "step_ms");
        json_t *one = json_object();
        vg_json_set_text(one, "change", fix->change);
        vg_json_set_number(one, "survival", vg_json_get_number(record, "survival"));
        vg_json_set_number(one, "step_ratio", ms / base_ms);
        vg_json_set_text(one, "torch", fix->torch);
        vg_json_set_text(one, "keras", fix->keras);
        vg_json_set_text(one, "why", fix->why);
        json_array_append_new(advice, one);
    }
    return advice;
}
