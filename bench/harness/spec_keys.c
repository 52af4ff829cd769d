/* SPDX-License-Identifier: Apache-2.0 */
/* The key table, and everything that is read off it. */
#include <float.h>
#include <string.h>

#include "harness/spec.h"

#define END {NULL, 0, false}
#define INIT_WORDS(...)                                                                            \
    {__VA_ARGS__ {"he_normal", VG_INIT_he_normal, false},                                          \
     {"he_uniform", VG_INIT_he_uniform, false},                                                    \
     {"xavier_normal", VG_INIT_xavier_normal, false},                                              \
     {"xavier_uniform", VG_INIT_xavier_uniform, false},                                            \
     {"lecun_normal", VG_INIT_lecun_normal, false},                                                \
     {"standard_uniform", VG_INIT_standard_uniform, false},                                        \
     {"torch_default", VG_INIT_torch_default, false},                                              \
     {"orthogonal", VG_INIT_orthogonal, false},                                                    \
     {"normal", VG_INIT_normal, false},                                                            \
     {"identity", VG_INIT_identity, false},                                                        \
     {"zeros", VG_INIT_zeros, false},                                                              \
     {"kaiming_normal", VG_INIT_he_normal, true},                                                  \
     {"kaiming_uniform", VG_INIT_he_uniform, true},                                                \
     {"glorot_normal", VG_INIT_xavier_normal, true},                                               \
     {"glorot_uniform", VG_INIT_xavier_uniform, true},                                             \
     END}

static const vg_word models[] = {{"mlp", VG_MODEL_mlp, false},
                                 {"rnn", VG_MODEL_rnn, false},
                                 {"lstm", VG_MODEL_lstm, false},
                                 {"gru", VG_MODEL_gru, false},
                                 END};
static const vg_word acts[] = {{"relu", VG_OP_relu, false},
                               {"linear", VG_OP_linear, false},
                               {"sigmoid", VG_OP_sigmoid, false},
                               {"tanh", VG_OP_tanh, false},
                               {"leaky_relu", VG_OP_leaky_relu, false},
                               {"prelu", VG_OP_prelu, false},
                               {"gelu", VG_OP_gelu, false},
                               {"gelu_tanh", VG_OP_gelu_tanh, false},
                               {"elu", VG_OP_elu, false},
                               {"selu", VG_OP_selu, false},
                               {"silu", VG_OP_silu, false},
                               {"swish", VG_OP_silu, true},
                               END};
static const vg_word inits[] = INIT_WORDS({"auto", VG_INIT_auto, false}, );
static const vg_word fixed_inits[] = INIT_WORDS();
static const vg_word norms[] = {{"none", VG_OP_none, false},
                                {"batch", VG_OP_batch_norm, false},
                                {"layer", VG_OP_layer_norm, false},
                                {"group", VG_OP_group_norm, false},
                                {"rms", VG_OP_rms_norm, false},
                                END};
static const vg_word norm_ats[] = {{"inner", VG_NORM_AT_inner, false},
                                   {"pre", VG_NORM_AT_pre, false},
                                   {"post", VG_NORM_AT_post, false},
                                   END};
static const vg_word skips[] = {{"none", VG_SKIP_none, false},
                                {"residual", VG_SKIP_residual, false},
                                {"scaled", VG_SKIP_scaled, false},
                                {"rezero", VG_SKIP_rezero, false},
                                {"highway", VG_SKIP_highway, false},
                                END};
static const vg_word losses[] = {{"softmax_xent", VG_OP_softmax_xent, false},
                                 {"mse", VG_OP_mse, false},
                                 {"cross_entropy", VG_OP_softmax_xent, true},
                                 END};
static const vg_word data_words[] = {{"teacher", VG_DATA_teacher, false},
                                     {"gaussians", VG_DATA_gaussians, false},
                                     {"spirals", VG_DATA_spirals, false},
                                     {"adding", VG_DATA_adding, false},
                                     {"recall", VG_DATA_recall, false},
                                     {"idx:DIR", VG_DATA_file, false},
                                     {"csv:FILE", VG_DATA_file, false},
                                     {"npy:DIR", VG_DATA_file, false},
                                     END};
static const vg_word backends[] = {{"best", VG_BACKEND_COUNT, false},
                                   {"scalar", VG_BACKEND_scalar, false},
                                   {"auto_avx2", VG_BACKEND_auto_avx2, false},
                                   {"auto_avx512", VG_BACKEND_auto_avx512, false},
                                   {"auto_neon", VG_BACKEND_auto_neon, false},
                                   {"avx2", VG_BACKEND_avx2, false},
                                   {"avx512", VG_BACKEND_avx512, false},
                                   {"neon", VG_BACKEND_neon, false},
                                   {"onednn", VG_BACKEND_onednn, false},
                                   END};
static const vg_word optimizers[] = {{"adamw", VG_OP_adamw, false},
                                     {"sgd", VG_OP_sgd, false},
                                     {"momentum", VG_OP_momentum, false},
                                     {"adam", VG_OP_adam, false},
                                     END};
static const vg_word schedules[] = {{"constant", VG_SCHEDULE_constant, false},
                                    {"cosine", VG_SCHEDULE_cosine, false},
                                    {"warmup_cosine", VG_SCHEDULE_warmup_cosine, false},
                                    {"step", VG_SCHEDULE_step, false},
                                    END};

/* Extents: 2^31 - 1 keeps every index of a row in an int; memory is checked apart. */
#define EXTENT_MAX 2147483647.0
#define SEED_MAX 9007199254740991.0 /* 2^53 - 1: exact in JSON and JavaScript */

#define WORD(field, value, list, text) WORD_OR(field, value, list, NULL, text)
#define WORD_OR(field, value, list, from, text)                                                    \
    {#field, VG_KEY_WORD, offsetof(vg_spec, field), value, list, 0, 0, from, text}
#define INT(field, value, low, high, from, text)                                                   \
    {#field, VG_KEY_INT, offsetof(vg_spec, field), value, NULL, low, high, from, text}
#define REAL(field, value, low, high, from, text)                                                  \
    {#field, VG_KEY_REAL, offsetof(vg_spec, field), value, NULL, low, high, from, text}
#define FLAG(field, text)                                                                          \
    {#field, VG_KEY_FLAG, offsetof(vg_spec, field), "0", NULL, 0, 1, NULL, text}

static const vg_key keys[] = {
    WORD(model, "mlp", models, "kind of network"),
    INT(depth, NULL, 1, EXTENT_MAX, "32; recurrent: 1", "blocks; recurrent: stacked layers"),
    INT(width, "256", 1, EXTENT_MAX, NULL, "units per layer"),
    INT(batch, "256", 1, EXTENT_MAX, NULL, "samples per step"),
    INT(in_dim, NULL, 1, EXTENT_MAX,
        "width; adding: 2, recall: classes; a file: what it has", "features of a sample; a projection where not width"),
    INT(classes, "10", 1, EXTENT_MAX, "10; adding: 1; a file: what it has", "outputs of the head"),
    WORD_OR(act, "relu", acts, "relu; rnn: tanh", "activation f"),
    REAL(slope, NULL, -1e6, 1e6, "leaky_relu 0.01, prelu 0.25",
         "slope for negative inputs: leaky_relu; start of prelu"),
    FLAG(prelu_shared, "prelu: one slope for all units of a layer"),
    WORD(init, "auto", inits,
         "weights of a block; auto: He for relu, leaky_relu, prelu, gelu, gelu_tanh, silu; LeCun "
         "for selu; Xavier else"),
    REAL(init_std, "0.01", 0, 1e6, NULL, "standard deviation of init=normal"),
    REAL(gain, "1", 0, 1e6, NULL, "factor of the weights' standard deviation"),
    REAL(bias_std, "0", 0, 1e6, NULL, "standard deviation of Gaussian biases"),
    WORD(init2, "lecun_normal", fixed_inits, "second matrix of a block"),
    WORD(init_gate, "lecun_normal", fixed_inits, "highway gate"),
    WORD(init_io, "lecun_normal", fixed_inits, "input projection and head"),
    WORD(norm, "none", norms, "normalisation N"),
    INT(groups, "8", 1, EXTENT_MAX, NULL, "groups of norm=group; must divide width"),
    WORD(norm_at, "inner", norm_ats, "where N stands in a block"),
    FLAG(final_norm, "one N before the head"),
    WORD(skip, "none", skips, "path round the block"),
    REAL(alpha, NULL, -1e6, 1e6, "residual 1, scaled 1/sqrt(depth), rezero 0",
         "branch factor; rezero: where the learnt factor starts"),
    REAL(gate_bias, "-2", -1e6, 1e6, NULL, "highway: bias of the gate"),
    INT(block_layers, NULL, 1, 2, "2 with residual, scaled, rezero; else 1",
        "matrices in a block's branch"),
    INT(seq_len, "100", 1, EXTENT_MAX, NULL, "recurrent: time steps"),
    REAL(forget_bias, "1", -1e6, 1e6, NULL, "lstm: bias of the forget gate"),
    REAL(update_bias, "0", -1e6, 1e6, NULL, "gru: bias of the update gate"),
    WORD(init_rec, "orthogonal", fixed_inits, "recurrent matrices"),
    WORD_OR(loss, "softmax_xent", losses, "softmax_xent; adding: mse", "loss, mean over the batch"),
    REAL(loss_scale, "1", FLT_MIN, FLT_MAX, NULL, "factor of the loss; records are unscaled"),
    {"data", VG_KEY_DATA, offsetof(vg_spec, data), NULL, data_words, 0, 0,
     "teacher; recurrent: adding",
     "where samples come from; recurrent: adding, recall or a file"},
    INT(data_seed, "1", 0, SEED_MAX, NULL, "seed of generated data"),
    INT(seed, "1", 0, SEED_MAX, NULL, "first seed of the weights"),
    INT(seeds, NULL, 1, 100000, "8; train: 1", "number of seeds: seed, seed+1, ..."),
    WORD(backend, "best", backends,
         "kernels; best: first usable of avx512, avx2, neon, scalar"),
    INT(threads, NULL, 1, 4096, "OMP_NUM_THREADS, else the allowed cores", "threads"),
    FLAG(ftz, "flush subnormals to zero"),
    WORD(optimizer, "adamw", optimizers, "train: optimizer"),
    REAL(lr, "0.001", 0, 1e6, NULL, "train: learning rate"),
    REAL(momentum, "0.9", 0, 1, NULL, "train: momentum"),
    REAL(beta1, "0.9", 0, 1, NULL, "train: adam, adamw"),
    REAL(beta2, "0.999", 0, 1, NULL, "train: adam, adamw"),
    REAL(eps, "1e-08", 0, 1, NULL, "train: adam, adamw"),
    REAL(weight_decay, "0.01", 0, 1e6, NULL, "train: adamw"),
    WORD(schedule, "constant", schedules, "train: learning-rate schedule"),
    INT(warmup, "0", 0, EXTENT_MAX, NULL, "train: steps of warm-up"),
    INT(epochs, NULL, 1, EXTENT_MAX, "unset", "train: passes over the data"),
    INT(steps, NULL, 1, EXTENT_MAX, "unset", "train: steps"),
    REAL(clip_norm, "0", 0, FLT_MAX, NULL, "train: limit of the global gradient norm; 0: off"),
    REAL(target_loss, NULL, -DBL_MAX, DBL_MAX, "unset", "train: stop when reached"),
    REAL(target_accuracy, NULL, 0, 1, "unset", "train: stop when reached"),
};

enum { KEYS = sizeof keys / sizeof *keys };
_Static_assert(KEYS <= 64, "vg_spec.given has a bit per key");

const vg_key *vg_spec_keys(int *count)
{
    *count = KEYS;
    return keys;
}

const char *vg_key_word(const vg_key *key, int value)
{
    for (const vg_word *w = key->words; w && w->name; w++)
        if (w->value == value && !w->alias)
            return w->name;
    return "?";
}

const char *vg_spec_word(const vg_spec *spec, const char *name)
{
    for (int i = 0; i < KEYS; i++)
        if (!strcmp(keys[i].name, name)) {
            int value;
            memcpy(&value, (const char *)spec + keys[i].offset, sizeof value);
            return vg_key_word(&keys[i], value);
        }
    return "?";
}

static void print_values(FILE *out, const vg_key *key)
{
    if (key->kind == VG_KEY_INT && key->max >= EXTENT_MAX)
        fprintf(out, "whole number from %.0f", key->min);
    else if (key->kind == VG_KEY_INT)
        fprintf(out, "whole number %.0f to %.0f", key->min, key->max);
    else if (key->kind == VG_KEY_FLAG)
        fprintf(out, "0 1");
    else if (key->kind == VG_KEY_REAL && key->max < 1e6)
        fprintf(out, "number %g to %g", key->min, key->max);
    else if (key->kind == VG_KEY_REAL)
        fprintf(out, key->min >= 0 ? "number from %g" : "number", key->min);
    for (const vg_word *w = key->words; w && w->name; w++)
        if (!w->alias)
            fprintf(out, "%s%s", w == key->words ? "" : " ", w->name);
}

void vg_spec_help(FILE *out)
{
    fprintf(out,
            "A spec is key=value words. A comma list multiplies: depth=8,32 act=relu,tanh is four "
            "points.\n`vs` starts a variant that inherits the words before the first `vs`. A word "
            "ending in .yaml is\na file of the same keys (and a list `variants:`); later words "
            "override. Defaults are in [brackets].\n\n");
    for (int i = 0; i < KEYS; i++) {
        const vg_key *key = &keys[i];
        fprintf(out, "%-16s ", key->name);
        print_values(out, key);
        fprintf(out, "\n%-16s [%s] %s\n", "", key->unset ? key->unset : key->initial, key->help);
    }
    fprintf(out, "\nAlso accepted: kaiming_* = he_*, glorot_* = xavier_*, swish = silu, "
                 "cross_entropy = softmax_xent,\non = 1 and off = 0; --threads, --backend and "
                 "--seed are synonyms of their keys.\n");
}
