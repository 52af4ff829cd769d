/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/fixes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/results.h"

/* Every activation, initialisation, normalisation and its place, skip, less depth, and the pairs
 * that are used together. */
static const vg_fix fixes[] = {
    {"act=relu init=he_normal", "nn.ReLU(); nn.init.kaiming_normal_(w, nonlinearity='relu')",
     "Dense(n, activation='relu', kernel_initializer='he_normal')",
     "slopes are 0 or 1, and He makes up for the half that is 0"},
    {"act=leaky_relu init=he_normal", "nn.LeakyReLU(0.01); nn.init.kaiming_normal_(w)",
     "LeakyReLU(0.01)", "as ReLU, and no unit is silent for good"},
    {"act=prelu init=he_normal", "nn.PReLU(n); nn.init.kaiming_normal_(w)", "PReLU()",
     "as leaky ReLU with a learnt slope"},
    {"act=gelu init=he_normal", "nn.GELU(); nn.init.kaiming_normal_(w)", "activation='gelu'",
     "smooth; keeps the gradient for about ten layers"},
    {"act=silu init=he_normal", "nn.SiLU(); nn.init.kaiming_normal_(w)", "activation='silu'",
     "smooth; keeps the gradient for about ten layers"},
    {"act=elu init=xavier_normal", "nn.ELU(); nn.init.xavier_normal_(w)", "activation='elu'",
     "slope 1 above 0, exponential below"},
    {"act=selu init=lecun_normal", "nn.SELU(); nn.init.kaiming_normal_(w, nonlinearity='linear')",
     "activation='selu', kernel_initializer='lecun_normal'",
     "keeps mean 0 and variance 1 forward; backward it grows by 1.035 per layer"},
    {"act=tanh init=xavier_normal", "nn.Tanh(); nn.init.xavier_normal_(w)",
     "activation='tanh', kernel_initializer='glorot_normal'",
     "slope 1 at 0: the gradient falls like a power of the depth, not exponentially"},
    {"act=tanh init=orthogonal", "nn.Tanh(); nn.init.orthogonal_(w)",
     "activation='tanh', kernel_initializer='orthogonal'", "no random growth by the weights"},
    {"act=linear init=orthogonal", "nn.Identity(); nn.init.orthogonal_(w)",
     "activation=None, kernel_initializer='orthogonal'", "an exact isometry, and no network"},
    {"init=he_normal", "nn.init.kaiming_normal_(w)", "kernel_initializer='he_normal'",
     "variance 2/fan_in: made for ReLU"},
    {"init=xavier_normal", "nn.init.xavier_normal_(w)", "kernel_initializer='glorot_normal'",
     "variance 1/width: made for tanh"},
    {"init=lecun_normal", "nn.init.kaiming_normal_(w, nonlinearity='linear')",
     "kernel_initializer='lecun_normal'", "variance 1/fan_in"},
    {"init=orthogonal", "nn.init.orthogonal_(w)", "kernel_initializer='orthogonal'",
     "the matrices neither shrink nor grow anything"},
    {"init=orthogonal gain=4", "nn.init.orthogonal_(w, gain=4)",
     "kernel_initializer=Orthogonal(gain=4)", "weights that make up for slopes of at most 1/4"},
    {"norm=batch", "nn.BatchNorm1d(n) before f", "BatchNormalization() before f",
     "centres the pre-activations; without skips it explodes with depth"},
    {"norm=batch norm_at=pre", "nn.BatchNorm1d(n) before nn.Linear", "BatchNormalization() first",
     "normalises what a layer reads"},
    {"norm=batch norm_at=post", "nn.BatchNorm1d(n) after f", "BatchNormalization() after f",
     "normalises what a layer gives"},
    {"norm=layer", "nn.LayerNorm(n) before f", "LayerNormalization() before f",
     "scale does not matter any more; a mean of the activation still does"},
    {"norm=layer norm_at=pre", "nn.LayerNorm(n) before nn.Linear", "LayerNormalization() first",
     "normalises what a layer reads"},
    {"norm=layer norm_at=post", "nn.LayerNorm(n) after f", "LayerNormalization() after f",
     "takes out the mean that sigmoid and ReLU add"},
    {"norm=group", "nn.GroupNorm(8, n) before f", "GroupNormalization(8) before f",
     "as layer norm, in groups"},
    {"norm=group norm_at=pre", "nn.GroupNorm(8, n) before nn.Linear", "GroupNormalization(8) first",
     "as layer norm, in groups"},
    {"norm=group norm_at=post", "nn.GroupNorm(8, n) after f", "GroupNormalization(8) after f",
     "as layer norm, in groups"},
    {"norm=rms", "nn.RMSNorm(n) before f", "RMSNormalization() before f",
     "as layer norm without the mean: cheaper"},
    {"norm=rms norm_at=pre", "nn.RMSNorm(n) before nn.Linear", "RMSNormalization() first",
     "as layer norm without the mean: cheaper"},
    {"norm=rms norm_at=post", "nn.RMSNorm(n) after f", "RMSNormalization() after f",
     "as layer norm without the mean: cheaper"},
    {"skip=residual", "x + block(x)", "Add()([x, block(x)])",
     "a path of derivative 1; unscaled it may grow"},
    {"skip=scaled", "x + block(x) / depth**0.5", "Add()([x, block(x) / depth**0.5])",
     "a path of derivative 1 that stays bounded at any depth"},
    {"skip=rezero", "x + self.alpha * block(x)  # alpha = nn.Parameter(zeros(1))",
     "x + alpha * block(x), alpha from 0", "the identity at the start: survival is exactly 1"},
    {"skip=highway", "t * f(x) + (1 - t) * x", "t * f(x) + (1 - t) * x",
     "a gated path; at bias -2 it still loses a tenth per layer"},
    {"skip=highway gate_bias=-4", "nn.init.constant_(gate.bias, -4)",
     "bias_initializer=Constant(-4)", "a gated path that starts nearly open"},
    {"act=relu init=he_normal skip=residual norm=layer norm_at=pre",
     "x + W2 @ relu(W1 @ nn.LayerNorm(n)(x))", "x + Dense(Dense(LayerNormalization()(x)))",
     "the block of today's Transformers"},
    {"act=gelu init=he_normal skip=residual norm=layer norm_at=pre",
     "x + W2 @ gelu(W1 @ nn.LayerNorm(n)(x))", "x + Dense(Dense(LayerNormalization()(x)))",
     "the block of today's Transformers"},
    {"act=relu init=he_normal skip=residual norm=batch",
     "x + W2 @ relu(nn.BatchNorm1d(n)(W1 @ x))", "x + Dense(relu(BatchNormalization()(Dense(x))))",
     "the block of ResNets"},
    {"act=relu init=he_normal skip=scaled", "x + block(x) / depth**0.5",
     "Add()([x, block(x) / depth**0.5])", "no norm, and bounded at any depth"},
    {"skip=residual norm=layer norm_at=pre", "x + block(nn.LayerNorm(n)(x))",
     "x + block(LayerNormalization()(x))", "keeps the activation, mends the path"},
    {"skip=residual norm=rms norm_at=pre", "x + block(nn.RMSNorm(n)(x))",
     "x + block(RMSNormalization()(x))", "keeps the activation, mends the path"},
    {"depth/2", "fewer layers", "fewer layers", "a shorter path"},
    {"depth/4", "fewer layers", "fewer layers", "a shorter path"},
};

const vg_fix *vg_fixes(int *count)
{
    *count = sizeof fixes / sizeof *fixes;
    return fixes;
}

static vg_status set_depth(const vg_spec *base, int64_t divisor, vg_spec *fixed)
{
    char text[32];
    int64_t depth = vg_spec_given(base, offsetof(vg_spec, depth)) ? base->depth : 32;
    if (depth < divisor)
        return vg_fail(VG_EINVAL, "depth=%lld cannot be divided by %lld", (long long)depth,
                       (long long)divisor);
    snprintf(text, sizeof text, "%lld", (long long)(depth / divisor));
    return vg_spec_set(fixed, "depth", text);
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
    if (!strncmp(fix->change, "depth/", 6))
        VG_TRY(set_depth(base, atoi(fix->change + 6), fixed));
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
    json_array_foreach((json_t *)records, index, record) {
        if ((int)json_array_size(advice) == most || rank_of_verdict(record) > 0)
            break;
        if (!json_is_true(json_object_get(record, "equal_matrices")) ||
            !strcmp(vg_json_get_text(json_object_get(record, "spec"), "act", ""), "linear"))
            continue; /* without an activation it is no network */
        const vg_fix *fix = &fixes[json_integer_value(json_object_get(record, "fix"))];
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
