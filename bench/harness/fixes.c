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
     "slopes are 0 or 1, and He makes up for the half that is 0", false, false},
    {"act=leaky_relu init=he_normal", "nn.LeakyReLU(0.01); nn.init.kaiming_normal_(w)",
     "Dense(n, kernel_initializer='he_normal'); LeakyReLU(0.01)",
     "as ReLU, and no unit is silent for good", false, false},
    {"act=prelu init=he_normal", "nn.PReLU(n); nn.init.kaiming_normal_(w)",
     "Dense(n, kernel_initializer='he_normal'); PReLU()",
     "as leaky ReLU with a learnt slope", false, false},
    {"act=gelu init=he_normal", "nn.GELU(); nn.init.kaiming_normal_(w)",
     "activation='gelu', kernel_initializer='he_normal'",
     "smooth; keeps the gradient for about ten layers", false, false},
    {"act=gelu_tanh init=he_normal", "nn.GELU(approximate='tanh'); nn.init.kaiming_normal_(w)",
     "activation=lambda x: keras.activations.gelu(x, approximate=True), "
     "kernel_initializer='he_normal'",
     "GELU by a formula that costs less", false, false},
    {"act=silu init=he_normal", "nn.SiLU(); nn.init.kaiming_normal_(w)",
     "activation='silu', kernel_initializer='he_normal'",
     "smooth; keeps the gradient for about ten layers", false, false},
    {"act=elu init=xavier_normal", "nn.ELU(); nn.init.xavier_normal_(w)",
     "activation='elu', kernel_initializer='glorot_normal'",
     "slope 1 above 0, exponential below", false, false},
    {"act=selu init=lecun_normal", "nn.SELU(); nn.init.kaiming_normal_(w, nonlinearity='linear')",
     "activation='selu', kernel_initializer='lecun_normal'",
     "keeps mean 0 and variance 1 forward; backward it grows by 1.035 per layer", false, false},
    {"act=tanh init=xavier_normal", "nn.Tanh(); nn.init.xavier_normal_(w)",
     "activation='tanh', kernel_initializer='glorot_normal'",
     "slope 1 at 0: the gradient falls like a power of the depth, not exponentially", false, false},
    {"act=tanh init=orthogonal", "nn.Tanh(); nn.init.orthogonal_(w)",
     "activation='tanh', kernel_initializer='orthogonal'", "no random growth by the weights",
     false, false},
    {"init=he_normal", "nn.init.kaiming_normal_(w)", "kernel_initializer='he_normal'",
     "variance 2/fan_in: made for ReLU", false, false},
    {"init=xavier_normal", "nn.init.xavier_normal_(w)", "kernel_initializer='glorot_normal'",
     "variance 1/width: made for tanh", false, false},
    {"init=lecun_normal", "nn.init.kaiming_normal_(w, nonlinearity='linear')",
     "kernel_initializer='lecun_normal'", "variance 1/fan_in", false, false},
    {"init=he_uniform", "nn.init.kaiming_uniform_(w)", "kernel_initializer='he_uniform'",
     "variance 2/fan_in without tails", false, false},
    {"init=xavier_uniform", "nn.init.xavier_uniform_(w)", "kernel_initializer='glorot_uniform'",
     "variance 1/width without tails: Keras's default", false, false},
    {"init=standard_uniform", "nn.init.uniform_(w, -n**-0.5, n**-0.5)",
     "kernel_initializer=RandomUniform(-n**-0.5, n**-0.5)",
     "variance 1/(3 width): a third of the square survives a layer at slope 1", false, false},
    {"init=torch_default", "nn.Linear(n, n) as it comes",
     "kernel_initializer=RandomUniform(-n**-0.5, n**-0.5), "
     "bias_initializer=RandomUniform(-n**-0.5, n**-0.5)",
     "as standard_uniform, with biases of the same range", false, false},
    {"init=orthogonal", "nn.init.orthogonal_(w)", "kernel_initializer='orthogonal'",
     "the matrices neither shrink nor grow anything", false, false},
    {"init=orthogonal gain=4", "nn.init.orthogonal_(w, gain=4)",
     "kernel_initializer=Orthogonal(gain=4)", "weights that make up for slopes of at most 1/4",
     false, true},
    {"norm=batch", "nn.BatchNorm1d(n) before f", "BatchNormalization() before f",
     "centres the pre-activations; without skips it explodes with depth", false, false},
    {"norm=batch norm_at=pre", "nn.BatchNorm1d(n) before nn.Linear", "BatchNormalization() first",
     "normalises what a layer reads", false, false},
    {"norm=batch norm_at=post", "nn.BatchNorm1d(n) after f", "BatchNormalization() after f",
     "normalises what a layer gives", false, false},
    {"norm=layer", "nn.LayerNorm(n) before f", "LayerNormalization() before f",
     "scale does not matter any more; a mean of the activation still does", false, false},
    {"norm=layer norm_at=pre", "nn.LayerNorm(n) before nn.Linear", "LayerNormalization() first",
     "normalises what a layer reads", false, false},
    {"norm=layer norm_at=post", "nn.LayerNorm(n) after f", "LayerNormalization() after f",
     "takes out the mean that sigmoid and ReLU add", false, false},
    {"norm=group", "nn.GroupNorm(8, n) before f", "GroupNormalization(8) before f",
     "as layer norm, in groups", false, false},
    {"norm=group norm_at=pre", "nn.GroupNorm(8, n) before nn.Linear", "GroupNormalization(8) first",
     "as layer norm, in groups", false, false},
    {"norm=group norm_at=post", "nn.GroupNorm(8, n) after f", "GroupNormalization(8) after f",
     "as layer norm, in groups", false, false},
    {"norm=rms", "nn.RMSNorm(n) before f", "RMSNormalization() before f",
     "as layer norm without the mean: cheaper", false, false},
    {"norm=rms norm_at=pre", "nn.RMSNorm(n) before nn.Linear", "RMSNormalization() first",
     "as layer norm without the mean: cheaper", false, false},
    {"norm=rms norm_at=post", "nn.RMSNorm(n) after f", "RMSNormalization() after f",
     "as layer norm without the mean: cheaper", false, false},
    {"skip=residual", "x + block(x)", "Add()([x, block(x)])",
     "a path of derivative 1; unscaled it may grow", false, false},
    {"skip=scaled", "x + block(x) / depth**0.5", "Add()([x, block(x) / depth**0.5])",
     "a path of derivative 1 that stays bounded at any depth", false, false},
    {"skip=rezero", "alpha = nn.Parameter(torch.zeros(1)); x = x + alpha * block(x)",
     "alpha = self.add_weight(shape=(), initializer='zeros'); x = x + alpha * block(x)",
     "the identity at the start: survival is exactly 1", false, false},
    {"skip=highway",
     "gate = nn.Linear(n, n); nn.init.constant_(gate.bias, -2); "
     "t = torch.sigmoid(gate(x)); x = t * f(x) + (1 - t) * x",
     "t = Dense(n, activation='sigmoid', bias_initializer=Constant(-2))(x); "
     "x = t * f(x) + (1 - t) * x",
     "a gated path; at bias -2 it still loses a tenth per layer", false, false},
    {"skip=highway gate_bias=-4",
     "gate = nn.Linear(n, n); nn.init.constant_(gate.bias, -4); "
     "t = torch.sigmoid(gate(x)); x = t * f(x) + (1 - t) * x",
     "t = Dense(n, activation='sigmoid', bias_initializer=Constant(-4))(x); "
     "x = t * f(x) + (1 - t) * x",
     "a gated path that starts nearly open", false, false},
    {"act=relu init=he_normal skip=residual norm=layer norm_at=pre",
     "x + W2 @ relu(W1 @ nn.LayerNorm(n)(x))", "x + Dense(Dense(LayerNormalization()(x)))",
     "the block of today's Transformers", false, false},
    {"act=gelu init=he_normal skip=residual norm=layer norm_at=pre",
     "x + W2 @ gelu(W1 @ nn.LayerNorm(n)(x))", "x + Dense(Dense(LayerNormalization()(x)))",
     "the block of today's Transformers", false, false},
    {"act=relu init=he_normal skip=residual norm=batch",
     "x + W2 @ relu(nn.BatchNorm1d(n)(W1 @ x))", "x + Dense(relu(BatchNormalization()(Dense(x))))",
     "the block of ResNets", false, false},
    {"act=relu init=he_normal skip=scaled", "x + block(x) / depth**0.5",
     "Add()([x, block(x) / depth**0.5])", "no norm, and bounded at any depth", false, false},
    {"skip=residual norm=layer norm_at=pre", "x + block(nn.LayerNorm(n)(x))",
     "x + block(LayerNormalization()(x))", "keeps the activation, mends the path", false, false},
    {"skip=residual norm=rms norm_at=pre", "x + block(nn.RMSNorm(n)(x))",
     "x + block(RMSNormalization()(x))", "keeps the activation, mends the path", false, false},
    {"depth/2", "fewer layers", "fewer layers", "a shorter path", false, false},
    {"depth/4", "fewer layers", "fewer layers", "a shorter path", false, false},
    /* depth in time */
    {"model=lstm", "nn.LSTM(i, n); rnn.bias_ih_l0.data[n:2*n].fill_(1)", "LSTM(n)  # its forget gate starts at 1",
     "cells whose gradient is multiplied by the forget gate alone, 0.73 a step at bias 1", true, false},
    {"model=lstm forget_bias=3", "nn.LSTM(i, n); rnn.bias_ih_l0.data[n:2*n].fill_(3)",
     "w = lstm.get_weights(); w[2][n:2*n] = 3; lstm.set_weights(w)", "the gate starts at 0.95", true, false},
    {"model=lstm forget_bias=5", "nn.LSTM(i, n); rnn.bias_ih_l0.data[n:2*n].fill_(5)",
     "w = lstm.get_weights(); w[2][n:2*n] = 5; lstm.set_weights(w)",
     "the gate starts at 0.993: a memory of some 150 steps (chrono: ln of the length)",
     true, false},
    {"model=gru", "nn.GRU(i, n)", "GRU(n)",
     "the update gate carries the state; at bias 0 it halves it at every step", true, false},
    {"model=gru update_bias=3", "nn.GRU(i, n); rnn.bias_ih_l0.data[n:2*n].fill_(3)",
     "w = gru.get_weights(); w[2][0, :n] = 3; gru.set_weights(w)", "the gate starts at 0.95", true, false},
    {"model=gru update_bias=5", "nn.GRU(i, n); rnn.bias_ih_l0.data[n:2*n].fill_(5)",
     "w = gru.get_weights(); w[2][0, :n] = 5; gru.set_weights(w)",
     "the gate starts at 0.993: a memory of some 150 steps", true, false},
    {"act=relu init_rec=identity",
     "nn.RNN(i, n, nonlinearity='relu'); nn.init.eye_(rnn.weight_hh_l0)",
     "SimpleRNN(n, activation='relu', recurrent_initializer='identity')",
     "active units pass everything on (IRNN, Le 2015); nothing bounds the state: clip_norm=1",
     true, false},
    {"init_rec=orthogonal", "nn.init.orthogonal_(rnn.weight_hh_l0)",
     "recurrent_initializer='orthogonal'",
     "the matrix neither shrinks nor grows; what is lost is lost by the slopes of f", true, false},
    {"init_rec=orthogonal gain=1.1", "nn.init.orthogonal_(rnn.weight_hh_l0, gain=1.1)",
     "recurrent_initializer=Orthogonal(gain=1.1)",
     "a little growth against the slopes of tanh: right for one length of sequence", true, true},
    {"init=normal init_std=0.01", "nn.init.normal_(rnn.weight_ih_l0, std=0.01)",
     "kernel_initializer=RandomNormal(stddev=0.01)",
     "a weak input keeps tanh where its slope is 1: until the weights have grown", true, true},
    {"init_rec=identity", "nn.init.eye_(rnn.weight_hh_l0)", "recurrent_initializer='identity'",
     "keeps the state as long as tanh is not saturated by what an input of constant sign adds up to", true, true},
    {"seq_len/2", "truncated back-propagation: h = h.detach() every T/2 steps",
     "shorter sequences, stateful=True", "a shorter path; what is further away is not learnt",
     true, false},
    {"seq_len/4", "truncated back-propagation: h = h.detach() every T/4 steps",
     "shorter sequences, stateful=True", "a shorter path; what is further away is not learnt",
     true, false},
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

static bool two_matrices(const vg_spec *s)
{
    return s->block_layers == 2 || s->skip == VG_SKIP_highway;
}

bool vg_fix_doubles(const vg_spec *base, const vg_spec *fixed)
{
    return base->model == VG_MODEL_mlp && two_matrices(fixed) && !two_matrices(base);
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

json_t *vg_fix_network(const vg_spec *resolved)
{
    static const char *const square[] = {"init", "init2", "init_gate"};
    json_t *network = vg_spec_json(resolved);
    for (size_t i = 0; resolved->model == VG_MODEL_mlp && i < sizeof square / sizeof *square; i++)
        if (!strcmp(vg_json_get_text(network, square[i], ""), "lecun_normal"))
            vg_json_set_text(network, square[i], "xavier_normal");
    return network;
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
    json_t *x = vg_fix_network(&a), *y = vg_fix_network(&b);
    *same = json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return VG_OK;
}

/* --- ranking ------------------------------------------------------------------------------- */

static bool is_healthy(const json_t *record)
{
    return !strcmp(vg_json_get_text(record, "verdict", ""), "healthy");
}

/* Half decades between the survival and 1. */
static double distance(const json_t *record)
{
    double survival = vg_json_get_number(record, "survival");
    return survival > 0 && isfinite(survival) ? floor(2 * fabs(log10(survival))) : 1e9;
}

/* Keys that the change sets. */
static int words_of(const json_t *record)
{
    int words = 0;
    for (const char *p = vg_json_get_text(record, "name", ""); *p; p++)
        words += *p == '=';
    return words;
}

int vg_fix_compare(const json_t *a, const json_t *b)
{
    int verdict = is_healthy(b) - is_healthy(a), words = words_of(a) - words_of(b);
    double far = distance(a) - distance(b);
    json_int_t place = json_integer_value(json_object_get(a, "fix")) -
                       json_integer_value(json_object_get(b, "fix"));
    return verdict ? verdict : far < 0 ? -1 : far > 0 ? 1 : words ? words : place < 0 ? -1 : place > 0;
}

enum { ADVICE_MOST = 16 };

/* --- advice -------------------------------------------------------------------------------- */

static json_t *advice_json(const vg_fix *fix, double survival, double step_ratio,
                           const char *source)
{
    json_t *one = json_object();
    vg_json_set_text(one, "change", fix->change);
    vg_json_set_number(one, "survival", survival);
    vg_json_set_text(one, "source", source);
    vg_json_set_number(one, "step_ratio", step_ratio);
    vg_json_set_text(one, "torch", fix->torch);
    vg_json_set_text(one, "keras", fix->keras);
    vg_json_set_text(one, "why", fix->why);
    return one;
}

/* Key and value that equal matrix count changed: the depth, or a cell's width. */
static void set_place(json_t *one, const json_t *base, const json_t *fixed, const vg_fix *fix)
{
    static const char *const keys[] = {"depth", "width"};
    for (int i = 0; i < 2; i++) {
        char text[48];
        double value = vg_json_get_number(fixed, keys[i]);
        if (value == vg_json_get_number(base, keys[i]) || vg_fix_shortens(fix))
            continue;
        snprintf(text, sizeof text, "%s=%.0f", keys[i], value);
        vg_json_set_text(one, "at", text);
    }
}

/* Healthy with no more than a decade lost or gained, at the work of the base, and a network: without an
 * activation it is none. */
static bool is_advisable(const json_t *record)
{
    double decades = fabs(log10(vg_json_get_number(record, "survival")));
    return is_healthy(record) && decades <= 1 &&
           json_is_true(json_object_get(record, "equal_matrices")) &&
           strcmp(vg_json_get_text(json_object_get(record, "spec"), "act", ""), "linear");
}

/* Three turns: the best of each kind (by the first key it changes), the others, the fragile ones. */
static bool comes_in_turn(int turn, const vg_fix *fix, const vg_fix *const taken[], size_t count)
{
    size_t key = strcspn(fix->change, "=");
    bool new_kind = true;
    for (size_t i = 0; i < count; i++) {
        if (taken[i] == fix)
            return false;
        new_kind = new_kind && strncmp(taken[i]->change, fix->change, key + 1) != 0;
    }
    return turn == 2 ? fix->fragile : !fix->fragile && (turn == 1 || new_kind);
}

json_t *vg_fix_advice(const json_t *base, const json_t *records, int most)
{
    const vg_fix *taken[ADVICE_MOST];
    json_t *advice = json_array(), *record;
    size_t index, count = 0;
    for (int turn = 0; turn < 3; turn++)
        json_array_foreach(records, index, record) {
            const vg_fix *fix = &fixes[json_integer_value(json_object_get(record, "fix"))];
            if ((int)count == most || count == ADVICE_MOST)
                return advice;
            if (!is_advisable(record) || !comes_in_turn(turn, fix, taken, count))
                continue;
            const json_t *cost = json_object_get(record, "cost");
            json_t *one = advice_json(fix, vg_json_get_number(record, "survival"),
                                      vg_json_get_number(cost, "step_ratio"), "measured");
            json_object_set(one, "step_ratio_ci95", json_object_get(cost, "step_ratio_ci95"));
            set_place(one, json_object_get(base, "spec"), json_object_get(record, "spec"), fix);
            json_array_append_new(advice, one);
            taken[count++] = fix;
        }
    return advice;
}

/* Predicted survival of a fix at the work of its base; NaN where nothing is known. */
static double predicted(const vg_fix *fix, const vg_spec *base, const vg_theory_measured *measured)
{
    vg_spec fixed;
    vg_theory theory;
    bool same;
    if (vg_fix_apply(fix, base, &fixed, &same) != VG_OK || same ||
        vg_spec_resolve(&fixed, VG_FOR_DECAY) != VG_OK)
        return NAN;
    if (vg_fix_doubles(base, &fixed) && fixed.depth > 1)
        fixed.depth /= 2;
    if (fixed.skip == VG_SKIP_scaled)
        fixed.alpha = 1 / sqrt((double)fixed.depth);
    int64_t width = vg_fix_equal_width(base, &fixed);
    fixed.width = width ? width : fixed.width;
    if (vg_theory_predict_with(&fixed, measured, &theory) != VG_OK)
        return NAN;
    double survival = theory.valid ? exp(theory.ln_sq[1] / 2) : (double)NAN;
    vg_theory_release(&theory);
    return survival;
}

json_t *vg_fix_predict(const vg_spec *base, const vg_theory_measured *measured, int most)
{
    /* what one would try first, cheapest change first */
    static const char *const tried[] = {
        "act=relu init=he_normal",
        "act=relu init=he_normal skip=residual norm=layer norm_at=pre",
        "skip=residual norm=layer norm_at=pre",
        "act=relu init=he_normal skip=scaled",
        "skip=rezero",
        "init=xavier_normal",
        "model=gru update_bias=5",
        "model=lstm forget_bias=5",
        "init_rec=orthogonal",
        "model=gru update_bias=3",
        "model=lstm forget_bias=3",
    };
    json_t *advice = json_array();
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++)
        for (size_t k = 0; k < sizeof fixes / sizeof *fixes; k++) {
            if (strcmp(fixes[k].change, tried[i]) || !vg_fix_concerns(&fixes[k], base->model) ||
                (int)json_array_size(advice) == most)
                continue;
            double survival = predicted(&fixes[k], base, measured);
            if (fabs(log10(survival)) < 1) /* NaN: not */
                json_array_append_new(advice, advice_json(&fixes[k], survival, NAN, "theory"));
        }
    return advice;
}
