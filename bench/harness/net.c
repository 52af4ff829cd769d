/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/init.h"
#include "harness/net_internal.h"

/* --- creation ------------------------------------------------------------------------------ */

enum { WORKSPACES = sizeof((vg_net *)0)->workspace / sizeof((vg_net *)0)->workspace[0] };

/* Whether the step begins behind a barrier, with the statistics in the plan as without. */
static bool after_barrier(const vg_net *net, int step)
{
    const vg_step *s = net->plan.steps;
    int before = step - 1;
    while (before >= 0 && s[before].part == VG_PART_statistics)
        before--;
    return s[step].part != VG_PART_statistics && vg_phase_barrier(&s[step - 1].phase, &s[step].phase) &&
           (before < 0 || vg_phase_barrier(&s[before].phase, &s[step].phase));
}

/* Tasks run one after the other and can share a workspace, but for neighbours that the executor
 * does not separate by a barrier: those take turns. Returns the workspace of each task. */
static vg_status assign_workspaces(vg_net *net, const int *first_step, int *slot_of)
{
    int slot = 0;
    for (int i = 0; i < net->tasks; i++) {
        int step = first_step[i];
        if (step > 0 && after_barrier(net, step))
            slot = 0;
        size_t bytes = vg_task_workspace_bytes(net->task[i]);
        slot_of[i] = VG_NONE;
        if (!bytes)
            continue;
        if (slot == WORKSPACES)
            return vg_fail(VG_EUNSUPPORTED, "more than %d tasks in a row without a barrier",
                           WORKSPACES);
        if (bytes > net->workspace_bytes[slot])
            net->workspace_bytes[slot] = bytes;
        slot_of[i] = slot++;
    }
    return VG_OK;
}

static void find_first_steps(const vg_net *net, int *first_step)
{
    for (int i = 0, step = 0; i < net->tasks; i++) {
        while (net->plan.steps[step].task != net->task[i])
            step++;
        first_step[i] = step;
    }
}

static vg_status bind_workspaces(vg_net *net)
{
    int *index = calloc((size_t)net->tasks * 2, sizeof *index);
    if (!index)
        return vg_fail(VG_ENOMEM, "out of memory for the tasks of the network");
    find_first_steps(net, index);
    vg_status status = assign_workspaces(net, index, index + net->tasks);
    for (int s = 0; s < WORKSPACES && status == VG_OK; s++)
        if (net->workspace_bytes[s])
            status = vg_alloc(net->workspace_bytes[s], (unsigned)s, &net->workspace[s]);
    for (int i = 0; i < net->tasks && status == VG_OK; i++)
        if (index[net->tasks + i] != VG_NONE)
            net->task[i]->workspace = net->workspace[index[net->tasks + i]];
    free(index);
    return status;
}

static vg_status build(vg_net *net)
{
    const vg_spec *s = &net->spec;
    if (!net->options.share)
        VG_TRY(vg_net_check_memory(s, &net->options));
    VG_TRY(vg_net_graph(net));
    VG_TRY(vg_net_allocate(net));
    VG_TRY(vg_net_tasks(net));
    VG_TRY(bind_workspaces(net));
    for (int i = 0; i < net->tasks; i++)
        VG_TRY(vg_task_prepare(net->task[i], vg_team_threads(net->team)));
    return vg_team_reserve(net->team, net->plan.scratch);
}

vg_status vg_net_create(const vg_spec *spec, const vg_net_options *options, vg_team *team,
                        vg_net **out)
{
    *out = NULL;
    vg_net *net = calloc(1, sizeof *net);
    if (!net)
        return vg_fail(VG_ENOMEM, "out of memory for a network");
    net->spec = *spec;
    net->options = *options;
    net->team = team;
    net->params = vg_params_default;
    net->params.slope = (float)spec->slope;
    net->params.alpha = (float)spec->alpha;
    net->params.loss_scale = (float)spec->loss_scale;
    vg_status status = build(net);
    if (status != VG_OK) {
        vg_net_destroy(net);
        return status;
    }
    *out = net;
    return VG_OK;
}

static void destroy_watch(vg_watch *watch)
{
    if (watch)
        vg_watch_release(watch);
    free(watch);
}

void vg_net_destroy(vg_net *net)
{
    if (!net)
        return;
    for (int i = 0; i < net->tasks; i++) {
        vg_task_release(net->task[i]);
        free(net->task[i]);
    }
    for (int64_t l = 0; net->block && l <= net->spec.depth; l++) {
        vg_block *b = &net->block[l];
        destroy_watch(b->delta);
        destroy_watch(b->grad_out);
        destroy_watch(b->grad_weight);
        destroy_watch(b->values);
        destroy_watch(b->slopes);
    }
    vg_time_watch_destroy(net->time);
    vg_free(net->sequences);
    for (int i = 0; i < net->buffers; i++)
        if (!net->buffer[i].borrowed)
            vg_free(net->buffer[i].p);
    for (int s = 0; s < WORKSPACES; s++)
        vg_free(net->workspace[s]);
    vg_plan_release(&net->plan);
    vg_arena_release(&net->arena);
    void *blocks[] = {net->data,   net->grads, net->activations,  net->saved,
                      net->labels, net->loss,  net->slope_values, net->ones,
                      net->target};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks && !net->options.share; i++)
        vg_free(blocks[i]);
    free(net->task);
    free(net->buffer);
    free(net->block);
    free(net->layer);
    free(net->node);
    free(net->value);
    free(net);
}

/* --- parameters ---------------------------------------------------------------------------- */

typedef struct init_task {
    vg_task task; /* first: what a phase is given */
    vg_net *net;
    int64_t seed;
    vg_status status; /* of the unit that failed, if any */
} init_task;

void vg_net_fill_constant(const vg_net *net, int segment, double value)
{
    if (segment == VG_NONE)
        return;
    const vg_segment *s = &net->arena.segments[segment];
    float *p = vg_net_segment(net, net->data, segment);
    for (int64_t i = 0; i < s->rows * s->cols; i++)
        p[i] = (float)value;
}

vg_status vg_net_fill_matrix(const vg_net *net, int segment, int rule, double gain,
                             const vg_random *random)
{
    if (segment == VG_NONE)
        return VG_OK;
    const vg_segment *s = &net->arena.segments[segment];
    return vg_init_matrix((vg_init)rule, s->rows, s->cols, gain, net->spec.init_std, random,
                          vg_net_segment(net, net->data, segment));
}

/* Biases: Gaussian with bias_std, or from the weights' own range under torch_default, or 0. */
void vg_net_fill_bias(const vg_net *net, int segment, int rule, int64_t fan_in,
                      const vg_random *random)
{
    if (segment == VG_NONE)
        return;
    const vg_segment *s = &net->arena.segments[segment];
    float *b = vg_net_segment(net, net->data, segment);
    if (net->spec.bias_std > 0)
        vg_random_fill_normal(random, 0, s->cols, net->spec.bias_std, b);
    else if (rule == VG_INIT_torch_default)
        vg_random_fill_uniform(random, 0, s->cols, 1 / sqrt((double)fan_in), b);
    else
        vg_net_fill_constant(net, segment, 0);
}

static vg_status init_block(const vg_net *net, uint64_t seed, uint32_t layer)
{
    const vg_spec *s = &net->spec;
    const vg_block *b = &net->block[layer];
    vg_random weight = {seed, VG_STREAM_WEIGHT, layer}, bias = {seed, VG_STREAM_BIAS, layer},
              weight2 = {seed, VG_STREAM_WEIGHT2, layer}, bias2 = {seed, VG_STREAM_BIAS2, layer},
              gate = {seed, VG_STREAM_GATE_WEIGHT, layer};
    VG_TRY(vg_net_fill_matrix(net, b->weight, s->init, s->gain, &weight));
    VG_TRY(vg_net_fill_matrix(net, b->weight2, s->init2, 1, &weight2));
    VG_TRY(vg_net_fill_matrix(net, b->gate_weight, s->init_gate, 1, &gate));
    vg_net_fill_bias(net, b->bias, s->init, s->width, &bias);
    vg_net_fill_bias(net, b->bias2, s->init2, s->width, &bias2);
    vg_net_fill_constant(net, b->gate_bias, s->gate_bias);
    vg_net_fill_constant(net, b->gamma, 1);
    vg_net_fill_constant(net, b->beta, 0);
    vg_net_fill_constant(net, b->slope, s->slope);
    vg_net_fill_constant(net, b->alpha, s->alpha);
    return VG_OK;
}

static vg_status init_ends(const vg_net *net, uint64_t seed)
{
    const vg_spec *s = &net->spec;
    vg_random input = {seed, VG_STREAM_INPUT_WEIGHT, 0}, head = {seed, VG_STREAM_HEAD_WEIGHT, 0},
              input_bias = {seed, VG_STREAM_INPUT_BIAS, 0},
              head_bias = {seed, VG_STREAM_HEAD_BIAS, 0};
    VG_TRY(vg_net_fill_matrix(net, net->input_weight, s->init_io, 1, &input));
    VG_TRY(vg_net_fill_matrix(net, net->head_weight, s->init_io, 1, &head));
    vg_net_fill_bias(net, net->input_bias, s->init_io, s->in_dim, &input_bias);
    vg_net_fill_bias(net, net->head_bias, s->init_io, s->width, &head_bias);
    vg_net_fill_constant(net, net->final_gamma, 1);
    vg_net_fill_constant(net, net->final_beta, 0);
    return VG_OK;
}

static void init_unit(const vg_task *task, int64_t unit, void *scratch)
{
    (void)scratch;
    const init_task *t = (const init_task *)task;
    uint64_t seed = (uint64_t)t->seed;
    vg_status status = unit == 0       ? init_ends(t->net, seed)
                       : t->net->layer ? vg_recurrent_init(t->net, seed, (uint32_t)unit)
                                       : init_block(t->net, seed, (uint32_t)unit);
    if (status != VG_OK)
        ((init_task *)task)->status = status; /* out of memory, whoever writes last */
}

vg_status vg_net_init(vg_net *net, int64_t seed)
{
    init_task task = {.net = net, .seed = seed};
    double weights = (double)net->spec.width * (double)net->spec.width;
    vg_phase phase = {.run = init_unit,
                      .units = net->spec.depth + 1,
                      .cost_ns = 20 * weights * (double)net->spec.depth};
    vg_plan plan = {0};
    VG_TRY(vg_plan_append_phase(&plan, &task.task, &phase, 0));
    vg_status status = vg_team_run(net->team, &plan, NULL);
    vg_plan_release(&plan);
    VG_TRY(status);
    if (task.status != VG_OK)
        return vg_fail(task.status, "out of memory for the initial weights");
    return VG_OK;
}

/* --- running ------------------------------------------------------------------------------- */

vg_status vg_net_load(vg_net *net, const vg_data *d)
{
    const vg_spec *s = &net->spec;
    int64_t steps = net->layer ? s->seq_len : 1;
    if (d->count < s->batch || d->in_dim != s->in_dim || d->classes != s->classes ||
        d->steps != steps)
        return vg_fail(VG_EINVAL,
                       "data of %lld x %lld x %lld with %lld classes does not fit the network",
                       (long long)d->count, (long long)d->steps, (long long)d->in_dim,
                       (long long)d->classes);
    float *x = net->value[net->input].data;
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t t = 0; t < steps; t++)
            memcpy(x + (t * s->batch + b) * s->in_dim, d->x + (b * steps + t) * s->in_dim,
                   (size_t)s->in_dim * sizeof *x);
    memcpy(net->labels, d->labels, (size_t)s->batch * sizeof *d->labels);
    memcpy(net->target, d->target, (size_t)(s->batch * s->classes) * sizeof(float));
    return VG_OK;
}

vg_status vg_net_load_own(vg_net *net)
{
    vg_data data;
    VG_TRY(vg_data_make(&net->spec, net->spec.batch, &data));
    vg_status status = vg_net_load(net, &data);
    vg_data_release(&data);
    return status;
}

vg_status vg_net_make(const vg_spec *spec, const vg_net_options *options, vg_team *team,
                      vg_net **net)
{
    *net = NULL;
    VG_TRY(vg_net_create(spec, options, team, net));
    vg_status status = vg_net_load_own(*net);
    if (status == VG_OK)
        status = vg_net_init(*net, spec->seed);
    if (status != VG_OK) {
        vg_net_destroy(*net);
        *net = NULL;
    }
    return status;
}

vg_status vg_net_run(vg_net *net)
{
    return vg_team_run(net->team, &net->plan, NULL);
}

double vg_net_loss(const vg_net *net) { return net->loss[0]; }
const vg_spec *vg_net_spec(const vg_net *net) { return &net->spec; }
double vg_net_flops(const vg_net *net) { return net->flops; }
double vg_net_traffic(const vg_net *net) { return net->traffic; }
const vg_arena *vg_net_arena(const vg_net *net) { return &net->arena; }
float *vg_net_values(vg_net *net) { return net->data; }
float *vg_net_grads(vg_net *net) { return net->grads; }
const vg_plan *vg_net_plan(const vg_net *net) { return &net->plan; }

int64_t vg_net_params(const vg_net *net)
{
    int64_t params = 0;
    for (int i = 0; i < net->arena.count; i++)
        params += net->arena.segments[i].rows * net->arena.segments[i].cols;
    return params;
}

int64_t vg_net_matrices(const vg_net *net)
{
    int64_t per_block = net->layer                          ? 2
                        : net->spec.skip == VG_SKIP_highway ? 2
                                                            : net->spec.block_layers;
    return per_block * net->spec.depth;
}

/* --- statistics ---------------------------------------------------------------------------- */

static double norm_of(const vg_net *net, float *base, int segment)
{
    const vg_segment *s = &net->arena.segments[segment];
    return sqrt(vg_sum_squares(vg_net_segment(net, base, segment), s->rows * s->cols));
}

static void slope_stats(const vg_watch *w, vg_block_stats *out)
{
    double total[VG_WATCH_FIELDS], count = (double)(w->rows * w->cols);
    vg_watch_total(w, total);
    out->slope_abs_mean = total[0] / count;
    out->slope_sq_mean = total[1] / count;
    out->slope_abs_max = total[2];
    out->saturated = total[3] / count;
    out->dead = total[4] / (double)w->cols;
}

int64_t vg_net_entries(const vg_net *net)
{
    return net->layer ? net->spec.seq_len : net->spec.depth;
}

void vg_net_gradient_stats(const vg_net *net, int64_t index, vg_block_stats *out)
{
    if (net->layer) {
        vg_time_watch_stats(net->time, index, net->spec.loss_scale, out);
        return;
    }
    *out = (vg_block_stats){.grad_cell_l2 = (double)NAN, .carry = (double)NAN};
    const vg_block *b = &net->block[index];
    double total[VG_WATCH_FIELDS], scale = net->spec.loss_scale;
    double count = (double)(net->spec.batch * net->spec.width);
    vg_watch_total(b->delta, total);
    out->delta_l2 = sqrt(total[0]) / scale;
    out->zero = total[1] / count;
    out->subnormal = total[2] / count;
    out->underflow_fp16 = total[3] / count;
    out->underflow_bf16 = total[4] / count;
    vg_watch_total(b->grad_out, total);
    out->grad_out_l2 = sqrt(total[0]) / scale;
    vg_watch_total(b->grad_weight, total);
    out->grad_weight_l2 = sqrt(total[0]) / scale;
    vg_watch_total(b->values, total);
    out->out_mean = total[0] / count;
    double variance = total[1] / count - out->out_mean * out->out_mean;
    out->out_std = variance <= 0 ? 0 : sqrt(variance); /* what is no number stays none */
    slope_stats(b->slopes, out);
}

void vg_net_stats(const vg_net *net, int64_t index, vg_block_stats *out)
{
    vg_net_gradient_stats(net, index, out);
    out->grad_bias_l2 = (double)NAN; /* recurrent: all steps share the bias */
    if (net->layer)
        return;
    out->weight_l2 = norm_of(net, net->data, net->block[index].weight);
    out->grad_bias_l2 = norm_of(net, net->grads, net->block[index].bias) / net->spec.loss_scale;
}

double vg_net_input_power(const vg_net *net, double *of_mean)
{
    const vg_value *x = &net->value[net->layer ? net->layer[net->spec.depth].in : net->input];
    *of_mean = 0;
    for (int64_t c = 0; c < x->cols; c++) {
        double sum = 0;
        for (int64_t r = 0; r < x->rows; r++)
            sum += x->data[r * x->cols + c];
        *of_mean += sum * sum / ((double)x->rows * (double)x->rows);
    }
    return vg_sum_squares(x->data, x->rows * x->cols) / (double)x->rows;
}

/* With u_b = h_b / |h_b| the mean cosine of pairs is (|sum u_b|^2 - B) / (B (B - 1)). */
double vg_net_correlation(const vg_net *net, int64_t index)
{
    int64_t batch = net->spec.batch, width = net->spec.width;
    const float *h = net->layer ? net->value[net->layer[net->spec.depth].out].data +
                                      (index - 1) * batch * width
                                : net->value[net->block[index].out].data;
    double *sum = calloc((size_t)width, sizeof *sum), square = 0;
    if (!sum || batch < 2) {
        free(sum);
        return NAN;
    }
    for (int64_t b = 0; b < batch; b++) {
        double norm = sqrt(vg_sum_squares(h + b * width, width));
        for (int64_t i = 0; i < width && norm > 0; i++)
            sum[i] += h[b * width + i] / norm;
    }
    for (int64_t i = 0; i < width; i++)
        square += sum[i] * sum[i];
    free(sum);
    return (square - (double)batch) / ((double)batch * ((double)batch - 1));
}

/* --- named tensors ------------------------------------------------------------------------- */

static void add_named(vg_named *list, int *count, const char *name, const float *p, int64_t rows,
                      int64_t cols)
{
    vg_named *n = &list[(*count)++];
    *n = (vg_named){.p = p, .rows = rows, .cols = cols};
    snprintf(n->name, sizeof n->name, "%s", name);
}

/* "layer003.weight" -> "layer003.grad_weight" */
static void gradient_name(const char *name, char *text, size_t size)
{
    const char *dot = strrchr(name, '.');
    snprintf(text, size, "%.*s.grad_%s", (int)(dot - name), name, dot + 1);
}

static void add_segments(const vg_net *net, vg_named *list, int *count)
{
    for (int i = 0; i < net->arena.count; i++) {
        const vg_segment *s = &net->arena.segments[i];
        bool matrix = strstr(s->name, "weight") != NULL;
        char name[64];
        add_named(list, count, s->name, net->data + s->offset, matrix ? s->rows : 0, s->cols);
        gradient_name(s->name, name, sizeof name);
        add_named(list, count, name, net->grads + s->offset, matrix ? s->rows : 0, s->cols);
    }
}

static void add_values(const vg_net *net, vg_named *list, int *count)
{
    for (int i = 0; i < net->values; i++) {
        const vg_value *v = &net->value[i];
        if (!v->block || !v->tensor)
            continue;
        char name[56], grad_name[64];
        snprintf(name, sizeof name, "layer%03d.%s", v->block, v->tensor);
        add_named(list, count, name, v->data, net->spec.batch, v->cols);
        gradient_name(name, grad_name, sizeof grad_name);
        add_named(list, count, grad_name, net->buffer[v->grad].p, net->spec.batch, v->cols);
    }
}

vg_status vg_net_tensors(const vg_net *net, vg_named **out, int *count)
{
    *count = 0;
    int64_t tensors = net->arena.count + net->values + (net->layer ? net->spec.seq_len : 0);
    *out = calloc((size_t)(2 * tensors + 1), sizeof **out);
    if (!*out)
        return vg_fail(VG_ENOMEM, "out of memory for the list of tensors");
    add_named(*out, count, "x", net->value[net->input].data, net->spec.batch, net->spec.in_dim);
    (*out)[0].steps = net->layer ? net->spec.seq_len : 0;
    add_segments(net, *out, count);
    if (net->layer)
        vg_recurrent_tensors(net, *out, count);
    else
        add_values(net, *out, count);
    return VG_OK;
}
