/* SPDX-License-Identifier: Apache-2.0 */
/** @file net.h
 * The measured network: parameters, activations, and one plan that is a whole forward and backward
 * pass, on any backend. The architecture is that of the design's section 4; a resolved vg_spec says
 * which.
 */
#ifndef VG_HARNESS_NET_H
#define VG_HARNESS_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/data.h"
#include "harness/monitor.h"
#include "harness/spec.h"
#include "vgbench/memory.h"
#include "vgbench/plan.h"

typedef struct vg_net vg_net;

typedef struct vg_net_options {
    bool keep;    /**< every gradient keeps a buffer of its own, for dumps and tests */
    bool monitor; /**< statistics of every block are phases of the plan */
    bool infer;   /**< forward pass only; batch norm by its running statistics */
    /** Parameters, gradients, running statistics and the memory of the batch are those of this
     * network, which outlives the new one and differs from it by a batch at least as large. The two
     * run in turn. */
    vg_net *share;
} vg_net_options;

/** What a step of a plan is for (vg_step.part); vg_step.layer is the block, 0 outside the blocks.
 * Steps of VG_PART_statistics can be left out of a plan: nothing depends on them. */
typedef enum vg_part {
    VG_PART_data,
    VG_PART_forward,
    VG_PART_loss,
    VG_PART_backward,
    VG_PART_statistics,
    VG_PART_clip,
    VG_PART_optimizer,
    VG_PARTS
} vg_part;

/** Bytes that vg_net_create() will need, from closed formulas (no overflow: a double). */
double vg_net_bytes(const vg_spec *spec, const vg_net_options *options);

/** VG_ENOMEM, with the numbers, where the network does not fit into the memory that is free. */
vg_status vg_net_check_memory(const vg_spec *spec, const vg_net_options *options);

/** Builds the network of a resolved spec for @p team, which must outlive it. A backend without a
 * row for an op that the network needs is VG_EUNSUPPORTED, naming both: nothing falls back. (With
 * backend=onednn the glue, which is the loss, runs on `best`.) */
vg_status vg_net_create(const vg_spec *spec, const vg_net_options *options, vg_team *team,
                        vg_net **net);
void vg_net_destroy(vg_net *net);

/** Fills the parameters for @p seed: a function of the spec and the seed alone. */
vg_status vg_net_init(vg_net *net, int64_t seed);

/** Copies the first `batch` samples. */
vg_status vg_net_load(vg_net *net, const vg_data *data);

/** Makes the data of the network's spec and loads its first batch, whatever the model. */
vg_status vg_net_load_own(vg_net *net);

/** vg_net_create() with vg_net_load_own() and vg_net_init() for the spec's seed: a network that can
 * run. *net is NULL after a failure. */
vg_status vg_net_make(const vg_spec *spec, const vg_net_options *options, vg_team *team,
                      vg_net **net);

/** One forward and backward pass. */
vg_status vg_net_run(vg_net *net);

/** Loss of the last run, unscaled; mean over the batch. */
double vg_net_loss(const vg_net *net);

const vg_spec *vg_net_spec(const vg_net *net);
int64_t vg_net_params(const vg_net *net);
/** Square matrices in blocks: 1 or 2 each. */
int64_t vg_net_matrices(const vg_net *net);
/** Of one forward and backward pass, by the op models. */
double vg_net_flops(const vg_net *net);
double vg_net_traffic(const vg_net *net);

/** Entries of the record's layers[]: blocks, or steps in time of recurrent models. */
int64_t vg_net_entries(const vg_net *net);

/** Whether its backend leaves what the statistics need: oneDNN's recurrent cells keep the gradients of
 * the states to themselves. */
bool vg_net_watchable(const vg_spec *spec);

/** Statistics of entry @p index (1 .. entries) after a run; with options.monitor only. Gradients are
 * unscaled. */
void vg_net_stats(const vg_net *net, int64_t index, vg_block_stats *stats);

/** Spectral radius of the top layer's recurrent matrix (of gated cells: of its first gate); NaN
 * without one. */
double vg_net_spectral_radius(const vg_net *net);

/** E |x|^2 over the samples (and steps) of the batch, and |E x|^2 in @p of_mean: what drives the top
 * recurrent layer, and what part of it always does. Of stacked layers x is the state of the layer
 * below in the last run. */
double vg_net_input_power(const vg_net *net, double *of_mean);

/** Mean correlation (cosine) of two different samples at the output of entry @p index. */
double vg_net_correlation(const vg_net *net, int64_t index);

/** Parameters and their gradients share the segment table. */
const vg_arena *vg_net_arena(const vg_net *net);
float *vg_net_values(vg_net *net);
float *vg_net_grads(vg_net *net);
const vg_plan *vg_net_plan(const vg_net *net);

/* For the trainer (net_train.c). */

/** Where the samples of the next run go: inputs (recurrent models: [step][sample][feature]), labels,
 * targets. */
typedef struct vg_net_batch {
    float *x, *target;
    int32_t *labels;
} vg_net_batch;
vg_net_batch vg_net_batch_memory(vg_net *net);

/** [batch][classes], of the last run. */
const float *vg_net_logits(const vg_net *net);

/** As vg_net_stats(), without weight_l2. */
void vg_net_gradient_stats(const vg_net *net, int64_t index, vg_block_stats *stats);

/** Running statistics of batch norm by @p index (0, 1, ...): name, length and memory; false past
 * the last. */
bool vg_net_running(vg_net *net, int index, char name[64], int64_t *count, float **p);

/** Running statistics as they were before the first run. */
void vg_net_reset_running(vg_net *net);

/** A tensor by its dump name ("layer003.grad_pre"); NULL where there is none or it was not kept.
 * Gradients are scaled by loss_scale. @p cols is set; rows are the batch, or those of the
 * parameter. */
typedef struct vg_named {
    char name[64];
    const float *p;
    int64_t rows, cols; /**< rows 0: a vector of cols */
    int64_t steps;      /**< 0, or steps of a sequence: [steps][rows][cols] */
} vg_named;

/** All tensors of a dump, in order; the caller frees the list. Needs options.keep. */
vg_status vg_net_tensors(const vg_net *net, vg_named **list, int *count);

#endif
