/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/train/step.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/first_touch.h"
#include "harness/train/glue.h"
#include "harness/train/lean.h"
#include "harness/train/onednn_step.h"
#include "kernels/base/partition.h"

enum { WITHOUT, WITH, KINDS }; /* statistics */

/* A batch size: the full one, or that of the rest of an epoch. */
typedef struct batch_side {
    vg_net *net;
    vg_gather gather;
    vg_scorer scorer;
    vg_lean lean;
    vg_joined_list joined;
    vg_plan plan[KINDS];
} batch_side;

struct vg_stepper {
    vg_spec spec;
    const vg_dataset *data;
    vg_team *team;
    bool monitor;
    batch_side full, rest;
    vg_net *infer;
    vg_gather infer_gather;
    vg_scorer infer_scorer;
    vg_plan infer_plan;
    vg_params params;  /* of optimizer and clip */
    vg_task optimizer, clip;
    void *optimizer_workspace, *clip_workspace;
    vg_update update;
    vg_unscale unscale;
    float *moment[2];
    float clip_stats[2]; /* norm before, factor */
    vg_layer_step *layers; /* [entries] */
    int64_t entries;
};

/* --- creation ------------------------------------------------------------------------------ */

static vg_backend glue_backend(const vg_spec *spec)
{
    return spec->backend == VG_BACKEND_onednn ? vg_backend_best() : (vg_backend)spec->backend;
}

static vg_status make_task(const vg_stepper *s, vg_op op, vg_task *task, void **workspace)
{
    const vg_arena *arena = vg_net_arena(s->full.net);
    const vg_kernel *kernel = vg_kernel_find(op, VG_DIR_step, glue_backend(&s->spec));
    if (!kernel)
        return vg_fail(VG_EUNSUPPORTED, "op %s/step has no row on backend=%s", vg_op_name(op),
                       vg_backend_name(glue_backend(&s->spec)));
    vg_shape shape = {.n = {arena->floats}};
    VG_TRY(vg_task_init(task, kernel, &shape, &s->params));
    size_t bytes = vg_task_workspace_bytes(task);
    if (bytes)
        VG_TRY(vg_alloc(bytes, 0, workspace));
    task->workspace = *workspace;
    task->t[VG_PARAM].p = vg_net_values(s->full.net);
    task->t[VG_GRAD].p = vg_net_grads(s->full.net);
    return vg_task_prepare(task, vg_team_threads(s->team));
}

static vg_status make_optimizer(vg_stepper *s)
{
    const vg_spec *spec = &s->spec;
    const vg_arena *arena = vg_net_arena(s->full.net);
    vg_op op = (vg_op)spec->optimizer;
    int moments = op == VG_OP_sgd ? 0 : op == VG_OP_momentum ? 1 : 2;
    for (int i = 0; i < moments; i++)
        VG_TRY(vg_touch_arena(s->team, 2 + (unsigned)i, arena, &s->moment[i]));
    s->params = vg_params_default;
    s->params.eps = (float)spec->eps;
    s->params.momentum = (float)spec->momentum;
    s->params.beta1 = (float)spec->beta1;
    s->params.beta2 = (float)spec->beta2;
    s->params.weight_decay = (float)spec->weight_decay;
    s->params.clip_norm = spec->clip_norm > 0 ? (float)spec->clip_norm : INFINITY;
    VG_TRY(make_task(s, op, &s->optimizer, &s->optimizer_workspace));
    s->optimizer.t[VG_M1].p = s->moment[0];
    s->optimizer.t[VG_M2].p = s->moment[1];
    VG_TRY(make_task(s, VG_OP_clip, &s->clip, &s->clip_workspace));
    s->clip.t[VG_STATS].p = s->clip_stats;
    s->unscale = (vg_unscale){.grads = vg_net_grads(s->full.net),
                              .count = arena->floats,
                              .scale = (float)spec->loss_scale};
    return VG_OK;
}

/* The first matrix of every layer is the one whose change is watched. */
static vg_status watch_updates(vg_stepper *s)
{
    const vg_arena *arena = vg_net_arena(s->full.net);
    bool recurrent = s->spec.model != VG_MODEL_mlp;
    int layers = recurrent ? 1 : (int)s->spec.depth;
    int *segment = calloc((size_t)layers, sizeof *segment);
    s->entries = vg_net_entries(s->full.net);
    s->layers = calloc((size_t)s->entries, sizeof *s->layers);
    s->update.optimizer = &s->optimizer;
    vg_status status = VG_OK;
    if (!segment || !s->layers)
        status = vg_fail(VG_ENOMEM, "out of memory for the statistics of %d layers", layers);
    for (int l = 0; l < layers && status == VG_OK; l++) {
        char name[48];
        if (recurrent)
            snprintf(name, sizeof name, "layer%03d.weight_hh", (int)s->spec.depth);
        else
            snprintf(name, sizeof name, "layer%03d.weight", l + 1);
        const vg_segment *found = vg_arena_find(arena, name);
        if (!found)
            status = vg_fail(VG_EUNSUPPORTED, "no segment is called %s", name);
        else
            segment[l] = (int)(found - arena->segments);
    }
    if (status == VG_OK)
        status = vg_update_prepare(&s->update, arena, segment, layers);
    free(segment);
    return status;
}

static void aim(const vg_stepper *s, vg_net *net, int64_t rows, vg_gather *gather,
                vg_scorer *scorer)
{
    vg_net_batch memory = vg_net_batch_memory(net);
    bool squares = s->spec.loss == VG_OP_mse;
    bool labels = s->data->labels && (!squares || s->spec.classes > 1);
    bool recurrent = s->spec.model != VG_MODEL_mlp;
    *gather = (vg_gather){.data = s->data,
                          .most = rows,
                          .to = {.x = memory.x,
                                 .ld = s->data->in_dim * (recurrent ? 1 : s->data->steps),
                                 .rows = rows,
                                 .time_major = recurrent,
                                 .labels = labels ? memory.labels : NULL,
                                 .target = squares ? memory.target : NULL}};
    *scorer = (vg_scorer){.logits = vg_net_logits(net),
                          .target = memory.target,
                          .labels = labels ? memory.labels : NULL,
                          .most = rows,
                          .classes = s->spec.classes,
                          .squares = squares};
}

static vg_status append_marked(vg_plan *plan, const vg_step *step)
{
    plan->part = step->part;
    plan->layer = step->layer;
    return vg_plan_append_phase(plan, step->task, &step->phase, 0);
}

static vg_status append_net(vg_plan *plan, const vg_plan *net, bool statistics)
{
    if (net->scratch > plan->scratch)
        plan->scratch = net->scratch;
    for (int i = 0; i < net->count; i++)
        if (statistics || net->steps[i].part != VG_PART_statistics)
            VG_TRY(append_marked(plan, &net->steps[i]));
    return VG_OK;
}

static void mark(vg_plan *plan, vg_part part)
{
    plan->part = part;
    plan->layer = 0;
}

static vg_status make_plan(vg_stepper *s, batch_side *side, bool statistics)
{
    vg_plan *plan = &side->plan[statistics];
    mark(plan, VG_PART_data);
    VG_TRY(vg_gather_append(&side->gather, plan));
    if (!statistics && s->spec.loss_scale == 1 && !(s->spec.clip_norm > 0)) {
        vg_lean_parts parts = {.net = vg_net_plan(side->net),
                               .arena = vg_net_arena(s->full.net),
                               .values = vg_net_values(s->full.net),
                               .grads = vg_net_grads(s->full.net),
                               .optimizer = &s->optimizer,
                               .team = s->team,
                               .by_layer = s->spec.backend == VG_BACKEND_onednn};
        VG_TRY(vg_lean_append(&side->lean, &parts, plan));
        if (s->spec.backend == VG_BACKEND_onednn)
            VG_TRY(vg_onednn_step_join(plan, &side->joined));
        return vg_team_reserve(s->team, plan->scratch);
    }
    VG_TRY(append_net(plan, vg_net_plan(side->net), statistics));
    mark(plan, VG_PART_statistics);
    if (statistics)
        VG_TRY(vg_scorer_append(&side->scorer, plan));
    mark(plan, VG_PART_clip);
    if (s->spec.loss_scale != 1)
        VG_TRY(vg_unscale_append(&s->unscale, plan));
    if (s->spec.clip_norm > 0 || statistics)
        VG_TRY(vg_plan_append(plan, &s->clip));
    mark(plan, VG_PART_optimizer);
    VG_TRY(statistics ? vg_update_append(&s->update, plan) : vg_plan_append(plan, &s->optimizer));
    return vg_team_reserve(s->team, plan->scratch);
}

static vg_status make_side(vg_stepper *s, batch_side *side, int64_t rows)
{
    vg_spec spec = s->spec;
    vg_net_options options = {.monitor = s->monitor,
                              .share = side == &s->full ? NULL : s->full.net};
    spec.batch = rows;
    VG_TRY(vg_net_create(&spec, &options, s->team, &side->net));
    aim(s, side->net, rows, &side->gather, &side->scorer);
    if (side == &s->full) {
        VG_TRY(make_optimizer(s));
        VG_TRY(watch_updates(s));
    }
    VG_TRY(make_plan(s, side, false));
    return s->monitor ? make_plan(s, side, true) : VG_OK;
}

static vg_status make_infer(vg_stepper *s)
{
    vg_spec spec = s->spec;
    vg_net_options options = {.infer = true, .share = s->full.net};
    VG_TRY(vg_net_create(&spec, &options, s->team, &s->infer));
    aim(s, s->infer, spec.batch, &s->infer_gather, &s->infer_scorer);
    VG_TRY(vg_gather_append(&s->infer_gather, &s->infer_plan));
    VG_TRY(append_net(&s->infer_plan, vg_net_plan(s->infer), false));
    VG_TRY(vg_scorer_append(&s->infer_scorer, &s->infer_plan));
    return vg_team_reserve(s->team, s->infer_plan.scratch);
}

static vg_status make(vg_stepper *s)
{
    int64_t count = s->data->train_count;
    if (count < 1)
        return vg_fail(VG_EINVAL, "data=%s: no samples to train on", s->spec.data);
    if (s->spec.loss == VG_OP_softmax_xent && !s->data->labels)
        return vg_fail(VG_EINVAL, "data=%s has no labels: loss=mse is needed", s->spec.data);
    s->spec.batch = vg_min64(s->spec.batch, count);
    VG_TRY(make_side(s, &s->full, s->spec.batch));
    int64_t rest = count % s->spec.batch;
    if (rest && !(rest == 1 && s->spec.norm == VG_OP_batch_norm))
        VG_TRY(make_side(s, &s->rest, rest));
    return make_infer(s);
}

vg_status vg_stepper_create(const vg_spec *spec, const vg_dataset *data, vg_team *team,
                            bool monitor, vg_stepper **out)
{
    *out = NULL;
    vg_stepper *s = calloc(1, sizeof *s);
    if (!s)
        return vg_fail(VG_ENOMEM, "out of memory for a trainer");
    s->spec = *spec;
    s->data = data;
    s->team = team;
    s->monitor = monitor;
    vg_status status = make(s);
    if (status != VG_OK) {
        vg_stepper_destroy(s);
        return status;
    }
    *out = s;
    return VG_OK;
}

static void destroy_side(batch_side *side)
{
    vg_net_destroy(side->net);
    vg_scorer_release(&side->scorer);
    vg_onednn_step_release(&side->joined);
    vg_lean_release(&side->lean);
    for (int k = 0; k < KINDS; k++)
        vg_plan_release(&side->plan[k]);
}

void vg_stepper_destroy(vg_stepper *s)
{
    if (!s)
        return;
    vg_net_destroy(s->infer);
    vg_scorer_release(&s->infer_scorer);
    vg_plan_release(&s->infer_plan);
    destroy_side(&s->rest);
    vg_task_release(&s->optimizer);
    vg_task_release(&s->clip);
    destroy_side(&s->full);
    vg_free(s->optimizer_workspace);
    vg_free(s->clip_workspace);
    vg_free(s->moment[0]);
    vg_free(s->moment[1]);
    vg_update_release(&s->update);
    free(s->layers);
    free(s);
}

vg_status vg_stepper_reset(vg_stepper *s, int64_t seed)
{
    for (int i = 0; i < 2 && s->moment[i]; i++)
        memset(s->moment[i], 0, (size_t)vg_net_arena(s->full.net)->floats * sizeof(float));
    vg_net_reset_running(s->full.net);
    return vg_net_init(s->full.net, seed);
}

/* --- a step -------------------------------------------------------------------------------- */

/* Sums of the pieces in the order of the arena. */
static void collect_updates(vg_stepper *s)
{
    const vg_update *u = &s->update;
    for (int i = 0, end; i < u->count; i = end) {
        double abs_dw = 0, dw_sq = 0, w_sq = 0, grad_sq = 0, count = 0;
        int l = u->pieces[i].layer;
        for (end = i; end < u->count && u->pieces[end].layer == l; end++) {
            abs_dw += u->pieces[end].abs_dw;
            dw_sq += u->pieces[end].dw_sq;
            w_sq += u->pieces[end].w_sq;
            grad_sq += u->pieces[end].grad_sq;
            count += (double)u->pieces[end].count;
        }
        s->layers[l].mean_abs_dw = abs_dw / count;
        s->layers[l].update_ratio = w_sq > 0 ? sqrt(dw_sq / w_sq) : (double)NAN;
        s->layers[l].grad_norm_post = sqrt(grad_sq);
        s->layers[l].block.weight_l2 = sqrt(w_sq);
    }
}

/* Every step in time has the same recurrent weights. */
static void share_updates(vg_stepper *s)
{
    double factor = s->clip_stats[1];
    for (int64_t t = 0; t < s->entries; t++) {
        vg_layer_step *step = &s->layers[t];
        step->grad_norm_post = s->layers[0].grad_norm_post;
        step->mean_abs_dw = s->layers[0].mean_abs_dw;
        step->update_ratio = s->layers[0].update_ratio;
        step->block.weight_l2 = s->layers[0].block.weight_l2;
        step->block.grad_weight_l2 = factor > 0 ? step->grad_norm_post / factor : (double)NAN;
    }
}

static void collect(vg_stepper *s, const batch_side *side, vg_step_result *r)
{
    double loss, hits;
    for (int64_t l = 0; l < s->entries; l++)
        vg_net_gradient_stats(side->net, l + 1, &s->layers[l].block);
    collect_updates(s);
    if (s->spec.model != VG_MODEL_mlp)
        share_updates(s);
    r->entries = s->entries;
    vg_scorer_total(&side->scorer, &loss, &hits);
    r->layers = s->layers;
    r->accuracy = side->scorer.labels ? hits / (double)side->scorer.rows : (double)NAN;
    r->correlation = vg_net_correlation(side->net, s->entries);
}

vg_status vg_stepper_run(vg_stepper *s, int64_t step, const int32_t *index, int64_t rows, double lr,
                         bool statistics, vg_step_result *r)
{
    batch_side *side = rows == s->full.gather.most ? &s->full : &s->rest;
    if (!side->net || rows != side->gather.most || (statistics && !s->monitor))
        return vg_fail(VG_EINVAL, "a batch of %lld samples was not prepared", (long long)rows);
    side->gather.index = index;
    side->gather.rows = side->scorer.rows = rows;
    s->params.lr = (float)lr;
    s->params.step = step + 1;
    VG_TRY(vg_team_run(s->team, &side->plan[statistics], NULL));
    bool clipped = s->spec.clip_norm > 0 || statistics;
    *r = (vg_step_result){.loss = vg_net_loss(side->net),
                          .grad_norm = clipped ? s->clip_stats[0] : NAN,
                          .clip_factor = clipped ? s->clip_stats[1] : NAN,
                          .accuracy = NAN,
                          .correlation = NAN};
    if (statistics)
        collect(s, side, r);
    return VG_OK;
}

vg_status vg_stepper_run_timed(vg_stepper *s, const int32_t *index, bool statistics,
                               vg_plan_times *times)
{
    batch_side *side = &s->full;
    side->gather.index = index;
    side->gather.rows = side->scorer.rows = side->gather.most;
    s->params.lr = 0;
    s->params.step = 1;
    return vg_team_run_timed(s->team, &side->plan[statistics], times);
}

vg_status vg_stepper_score(vg_stepper *s, const int32_t *index, int64_t count, vg_score *score)
{
    double loss = 0, hits = 0;
    for (int64_t at = 0; at < count; at += s->spec.batch) {
        double more_loss, more_hits;
        s->infer_gather.index = index + at;
        s->infer_gather.rows = s->infer_scorer.rows = vg_min64(s->spec.batch, count - at);
        VG_TRY(vg_team_run(s->team, &s->infer_plan, NULL));
        vg_scorer_total(&s->infer_scorer, &more_loss, &more_hits);
        loss += more_loss;
        hits += more_hits;
    }
    score->count = count;
    score->loss = count ? loss / (double)count : (double)NAN;
    score->accuracy = count && s->infer_scorer.labels ? hits / (double)count : (double)NAN;
    return VG_OK;
}

vg_net *vg_stepper_net(vg_stepper *s) { return s->full.net; }
float *vg_stepper_moment(vg_stepper *s, int which) { return s->moment[which]; }

const vg_plan *vg_stepper_plan(const vg_stepper *s, bool statistics)
{
    return &s->full.plan[statistics];
}

json_t *vg_stepper_placement(vg_stepper *s)
{
    size_t bytes = (size_t)vg_net_arena(s->full.net)->floats * sizeof(float);
    json_t *json = json_object();
    json_object_set_new(json, "parameters", vg_touch_placement(vg_net_values(s->full.net), bytes));
    json_object_set_new(json, "gradients", vg_touch_placement(vg_net_grads(s->full.net), bytes));
    if (s->moment[0])
        json_object_set_new(json, "moments", vg_touch_placement(s->moment[0], bytes));
    return json;
}
