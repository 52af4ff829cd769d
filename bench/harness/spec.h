/* SPDX-License-Identifier: Apache-2.0 */
/** @file spec.h
 * Specs: what a network, its data and its run are, as key=value words. One table (spec_keys.c) has
 * every key with its kind, allowed values, default and help; parsing, checks, `help spec` and the
 * JSON of a record all go by it.
 */
#ifndef VG_HARNESS_SPEC_H
#define VG_HARNESS_SPEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vgbench/kernel.h"
#include "vgbench/status.h"

typedef enum vg_model { VG_MODEL_mlp, VG_MODEL_rnn, VG_MODEL_lstm, VG_MODEL_gru } vg_model;

typedef enum vg_init {
    VG_INIT_auto,
    VG_INIT_he_normal,
    VG_INIT_he_uniform,
    VG_INIT_xavier_normal,
    VG_INIT_xavier_uniform,
    VG_INIT_lecun_normal,
    VG_INIT_standard_uniform,
    VG_INIT_torch_default, /**< standard_uniform, and biases from the same range */
    VG_INIT_orthogonal,
    VG_INIT_normal,
    VG_INIT_identity,
    VG_INIT_zeros
} vg_init;

typedef enum vg_norm_at { VG_NORM_AT_inner, VG_NORM_AT_pre, VG_NORM_AT_post } vg_norm_at;

typedef enum vg_skip {
    VG_SKIP_none,
    VG_SKIP_residual,
    VG_SKIP_scaled,
    VG_SKIP_rezero,
    VG_SKIP_highway
} vg_skip;

typedef enum vg_data_kind {
    VG_DATA_teacher,
    VG_DATA_gaussians,
    VG_DATA_spirals,
    VG_DATA_adding,
    VG_DATA_recall,
    VG_DATA_file /**< idx:DIR, csv:FILE, npy:DIR */
} vg_data_kind;

typedef enum vg_schedule {
    VG_SCHEDULE_constant,
    VG_SCHEDULE_cosine,
    VG_SCHEDULE_warmup_cosine,
    VG_SCHEDULE_step
} vg_schedule;

/** The value of every key. Words are stored as the enumerations above or as vg_op. */
typedef struct vg_spec {
    int model;
    int64_t depth, width, batch, in_dim, classes;
    int act; /**< vg_op */
    double slope;
    int prelu_shared;
    int init;
    double init_std, gain, bias_std;
    int init2, init_gate, init_io;
    int norm; /**< vg_op; VG_OP_none */
    int64_t groups;
    int norm_at, final_norm, skip;
    double alpha, gate_bias;
    int64_t block_layers, seq_len;
    double forget_bias, update_bias;
    int init_rec;
    int loss; /**< vg_op */
    double loss_scale;
    char data[256]; /**< as written: a word, or idx:DIR and the like */
    int data_kind;
    int64_t data_seed, seed, seeds;
    int backend; /**< vg_backend; VG_BACKEND_COUNT stands for best until resolved */
    int64_t threads;
    int ftz;
    int optimizer; /**< vg_op */
    double lr, momentum, beta1, beta2, eps, weight_decay;
    int schedule;
    int64_t warmup, epochs, steps;
    double clip_norm;
    double target_loss, target_accuracy; /**< NaN: unset */
    uint64_t given; /**< bit i: key i of the table was set by the user */
} vg_spec;

/** What a spec is for; decides the default of `seeds` and whether training keys make sense. */
typedef enum vg_purpose { VG_FOR_DECAY, VG_FOR_TRAIN } vg_purpose;

typedef enum vg_key_kind {
    VG_KEY_WORD,  /**< one of a list */
    VG_KEY_INT,   /**< whole number in [min, max] */
    VG_KEY_REAL,  /**< finite number in [min, max] */
    VG_KEY_FLAG,  /**< 0 or 1 */
    VG_KEY_DATA   /**< a data source */
} vg_key_kind;

typedef struct vg_word {
    const char *name;
    int value;
    bool alias; /**< accepted on input, not listed */
} vg_word;

typedef struct vg_key {
    const char *name;
    vg_key_kind kind;
    size_t offset; /**< of the field in vg_spec */
    const char *initial; /**< default as text; NULL: unset, or follows from other keys */
    const vg_word *words; /**< for WORD and DATA, ended by a NULL name */
    double min, max;
    const char *unset; /**< how the default reads where it depends on other keys: "width" */
    const char *help;
} vg_key;

/** The table, and its length. */
const vg_key *vg_spec_keys(int *count);

/** Every key at its default; dependent ones unset. */
void vg_spec_init(vg_spec *spec);

/** Sets one key to one value (no comma lists). VG_EINVAL names the key, the allowed values and the
 * nearest valid word. */
vg_status vg_spec_set(vg_spec *spec, const char *key, const char *value);

/** Whether the user set the key at @p field (offsetof in vg_spec). */
bool vg_spec_given(const vg_spec *spec, size_t field);

/** Fills in what follows from other keys (in_dim, slope, block_layers, init=auto, backend=best,
 * threads, seeds) and refuses combinations that make no sense. */
vg_status vg_spec_resolve(vg_spec *spec, vg_purpose purpose);

/** Names of keys that were given and act on nothing in this spec ("lr, momentum") into @p text; how many.
 * Keys that make no sense where they stand are refused by vg_spec_resolve() instead. */
int vg_spec_idle(const vg_spec *spec, vg_purpose purpose, char *text, size_t size);

/** Every key, as the `spec` of a record: {"model":"mlp","depth":32,...}. NULL when out of memory. */
json_t *vg_spec_json(const vg_spec *spec);

/** The words the user gave, "depth=64 act=relu", or "default"; returns @p text. */
char *vg_spec_label(const vg_spec *spec, char *text, size_t size);

/** The word of value @p value in the key's list, or "?". */
const char *vg_key_word(const vg_key *key, int value);

/** The word now stored for the WORD key called @p name: vg_spec_word(s, "init"). */
const char *vg_spec_word(const vg_spec *spec, const char *name);

/** Prints the key table (`vgbench help spec`). */
void vg_spec_help(FILE *out);

#endif
