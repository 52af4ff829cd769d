/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent models: stacked layers over a sequence, whose last hidden state goes to the head.
 * Sequences are [seq][batch][features]; of the loss, only h_T of the top layer hears directly. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/init.h"
#include "harness/first_touch.h"
#include "harness/net_internal.h"

static vg_op cell_of(const vg_spec *s)
{
    return s->model == VG_MODEL_lstm ? VG_OP_lstm : s->model == VG_MODEL_gru ? VG_OP_gru : VG_OP_rnn;
}

static int64_t rows_of(const vg_spec *s)
{
    return s->seq_len * s->batch;
}

/* --- graph --------------------------------------------------------------------------------- */

static vg_status add_layer(vg_net *net, int l, int in)
{
    const vg_spec *s = &net->spec;
    vg_recurrent_layer *layer = &net->layer[l];
    int64_t rows = vg_op_gates(cell_of(s)) * s->width, cols = net->value[in].cols;
    layer->in = in;
    VG_TRY(vg_net_add_segment(net, l, "weight_ih", rows, cols, &layer->weight_ih));
    VG_TRY(vg_net_add_segment(net, l, "weight_hh", rows, s->width, &layer->weight_hh));
    VG_TRY(vg_net_add_segment(net, l, "bias_ih", 1, rows, &layer->bias_ih));
    VG_TRY(vg_net_add_segment(net, l, "bias_hh", 1, rows, &layer->bias_hh));
    VG_TRY(vg_net_add_value(net, s->width, l, NULL, &layer->out));
    net->value[layer->out].rows = rows_of(s);
    return VG_OK;
}

vg_status vg_recurrent_graph(vg_net *net)
{
    const vg_spec *s = &net->spec;
    net->layer = calloc((size_t)s->depth + 1, sizeof *net->layer);
    if (!net->layer)
        return vg_fail(VG_ENOMEM, "depth=%lld: out of memory for the layers", (long long)s->depth);
    VG_TRY(vg_net_add_value(net, s->in_dim, 0, "x", &net->input));
    net->value[net->input].rows = rows_of(s);
    net->value[net->input].needs_grad = false;
    for (int l = 1; l <= s->depth; l++)
        VG_TRY(add_layer(net, l, l == 1 ? net->input : net->layer[l - 1].out));
    VG_TRY(vg_net_add_segment(net, 0, "head.weight", s->classes, s->width, &net->head_weight));
    VG_TRY(vg_net_add_segment(net, 0, "head.bias", 1, s->classes, &net->head_bias));
    return vg_net_add_value(net, s->classes, 0, NULL, &net->logits);
}

/* --- memory -------------------------------------------------------------------------------- */

enum { SAVED_GATES = 4 };

/* Floats of a layer beside its hidden states: gradients of the hidden states and of x, what is
 * saved. */
static double layer_floats(const vg_spec *s, int64_t in)
{
    double steps = (double)rows_of(s), width = (double)s->width;
    double saved = s->model == VG_MODEL_lstm ? SAVED_GATES + 1
                   : s->model == VG_MODEL_gru ? SAVED_GATES
                                              : 0;
    return steps * ((saved + 2) * width + (double)in);
}

double vg_recurrent_bytes(const vg_spec *s, const vg_net_options *options)
{
    (void)options; /* a layer's gradients have memory of their own anyway */
    double gates = vg_op_gates(cell_of(s)), width = (double)s->width, floats = 0;
    for (int64_t l = 1; l <= s->depth; l++) {
        double in = l == 1 ? (double)s->in_dim : width;
        floats += 2 * gates * width * (in + width + 2);
        floats += layer_floats(s, (int64_t)in) + (double)rows_of(s) * width;
        /* what the kernels keep between their phases: sums before and gradients of the gates */
        floats += 2 * gates * (double)rows_of(s) * width / (double)s->depth;
        if (l > 64) { /* the same again for every further layer */
            floats += (double)(s->depth - l) * (2 * gates * width * (2 * width + 2) +
                                                layer_floats(s, s->width));
            break;
        }
    }
    floats += (double)rows_of(s) * (double)s->in_dim +
              2 * (width + 1) * (double)s->classes + 4 * (double)s->batch * (double)s->classes;
    return 4 * floats;
}

static float *take(float **at, int64_t count)
{
    float *p = *at;
    *at += (count + 15) & ~(int64_t)15;
    return p;
}

vg_status vg_recurrent_allocate(vg_net *net)
{
    const vg_spec *s = &net->spec;
    int64_t states = rows_of(s) * s->width;
    double floats = 0;
    for (int l = 1; l <= s->depth; l++)
        floats += layer_floats(s, net->value[net->layer[l].in].cols) + 16 * 8;
    VG_TRY(vg_touch_floats(net->team, 6, (size_t)floats, &net->sequences));
    float *at = net->sequences;
    for (int l = 1; l <= s->depth; l++) {
        vg_recurrent_layer *layer = &net->layer[l];
        layer->total = take(&at, states);
        layer->grad_in = take(&at, rows_of(s) * net->value[layer->in].cols);
        /* zero but for the last step, which the head writes */
        if (l == s->depth)
            layer->arriving = take(&at, states);
        if (s->model == VG_MODEL_lstm)
            layer->cells = take(&at, states);
        if (s->model != VG_MODEL_rnn)
            layer->gates = take(&at, SAVED_GATES * states);
    }
    for (int l = 1; l < s->depth; l++)
        net->layer[l].arriving = net->layer[l + 1].grad_in;
    return VG_OK;
}

/* --- tasks --------------------------------------------------------------------------------- */

static float *param(const vg_net *net, int index)
{
    return net->data + net->arena.segments[index].offset;
}

static float *param_grad(const vg_net *net, int index)
{
    return net->grads + net->arena.segments[index].offset;
}

/* h_T of the top layer */
static float *last_state(const vg_net *net)
{
    const vg_spec *s = &net->spec;
    return net->value[net->layer[s->depth].out].data + (rows_of(s) - s->batch) * s->width;
}

static vg_status add_cell(vg_net *net, int l, vg_dir dir)
{
    const vg_spec *s = &net->spec;
    vg_recurrent_layer *layer = &net->layer[l];
    vg_shape shape = {.n = {s->batch, s->seq_len, net->value[layer->in].cols, s->width}};
    if (s->model == VG_MODEL_rnn)
        shape.act = s->act;
    vg_task *task;
    VG_TRY(vg_net_add_task(net, cell_of(s), dir, &shape, &task));
    task->t[VG_X].p = net->value[layer->in].data;
    task->t[VG_W_IH].p = param(net, layer->weight_ih);
    task->t[VG_W_HH].p = param(net, layer->weight_hh);
    task->t[VG_B_IH].p = param(net, layer->bias_ih);
    task->t[VG_B_HH].p = param(net, layer->bias_hh);
    task->t[VG_HS].p = net->value[layer->out].data;
    task->t[VG_CS].p = layer->cells;
    task->t[VG_GATES].p = layer->gates;
    if (dir == VG_DIR_fwd) {
        layer->forward = task;
        return VG_OK;
    }
    task->forward = layer->forward;
    task->t[VG_DHS].p = layer->arriving;
    task->t[VG_DHT].p = layer->total;
    task->t[VG_DX].p = layer->grad_in;
    task->t[VG_DW_IH].p = param_grad(net, layer->weight_ih);
    task->t[VG_DW_HH].p = param_grad(net, layer->weight_hh);
    task->t[VG_DB_IH].p = param_grad(net, layer->bias_ih);
    task->t[VG_DB_HH].p = param_grad(net, layer->bias_hh);
    return VG_OK;
}

static vg_status head_backward(vg_net *net, const vg_shape *shape)
{
    const vg_spec *s = &net->spec;
    float *dy = net->buffer[net->value[net->logits].grad].p;
    vg_task *task;
    VG_TRY(vg_net_add_task(net, VG_OP_dense, VG_DIR_bwd_weights, shape, &task));
    task->t[VG_DY].p = dy;
    task->t[VG_X].p = last_state(net);
    task->t[VG_DW].p = param_grad(net, net->head_weight);
    task->t[VG_DB].p = param_grad(net, net->head_bias);
    VG_TRY(vg_net_add_task(net, VG_OP_dense, VG_DIR_bwd_data, shape, &task));
    task->t[VG_DY].p = dy;
    task->t[VG_W].p = param(net, net->head_weight);
    task->t[VG_DX].p = net->layer[s->depth].arriving + (rows_of(s) - s->batch) * s->width;
    return VG_OK;
}

bool vg_net_watchable(const vg_spec *s)
{
    const vg_kernel *cell = vg_kernel_find(cell_of(s), VG_DIR_bwd, (vg_backend)s->backend);
    return s->model == VG_MODEL_mlp || !cell || !(cell->impl->omits >> VG_DHT & 1);
}

static vg_status watch(vg_net *net)
{
    const vg_spec *s = &net->spec;
    if (!vg_net_watchable(s))
        return vg_fail(VG_EUNSUPPORTED, "backend=%s gives no gradient of the states between the first "
                                        "and the last: model=%s is measured on own kernels",
                       vg_spec_word(s, "backend"), vg_spec_word(s, "model"));
    const vg_recurrent_layer *top = &net->layer[s->depth];
    vg_time_tensors tensors = {.op = cell_of(s),
                               .act = (vg_op)s->act,
                               .steps = s->seq_len,
                               .batch = s->batch,
                               .hidden = s->width,
                               .hidden_state = net->value[top->out].data,
                               .cells = top->cells,
                               .gates = top->gates,
                               .total = top->total};
    vg_net_mark(net, VG_PART_statistics, (int)s->depth);
    return vg_time_watch_create(&tensors, &net->plan, &net->time);
}

vg_status vg_recurrent_tasks(vg_net *net)
{
    const vg_spec *s = &net->spec;
    vg_shape head = {.n = {s->batch, s->width, s->classes}};
    vg_task *task;
    for (int l = 1; l <= s->depth; l++) {
        vg_net_mark(net, VG_PART_forward, l);
        VG_TRY(add_cell(net, l, VG_DIR_fwd));
    }
    vg_net_mark(net, VG_PART_forward, 0);
    VG_TRY(vg_net_add_task(net, VG_OP_dense, VG_DIR_fwd, &head, &task));
    task->t[VG_X].p = last_state(net);
    task->t[VG_W].p = param(net, net->head_weight);
    task->t[VG_B].p = param(net, net->head_bias);
    task->t[VG_Y].p = net->value[net->logits].data;
    if (net->options.infer)
        return VG_OK;
    vg_net_mark(net, VG_PART_loss, 0);
    VG_TRY(vg_net_add_loss(net));
    vg_net_mark(net, VG_PART_backward, 0);
    VG_TRY(head_backward(net, &head));
    for (int l = (int)s->depth; l >= 1; l--) {
        vg_net_mark(net, VG_PART_backward, l);
        VG_TRY(add_cell(net, l, VG_DIR_bwd));
        if (l == s->depth && net->options.monitor)
            VG_TRY(watch(net));
    }
    return VG_OK;
}

/* --- parameters ---------------------------------------------------------------------------- */

/* Every gate is a matrix of its own: rows are filled block by block from one family of numbers, whose
 * layer word tells the gates apart. */
static vg_status fill_gates(const vg_net *net, int segment, int rule, double gain,
                            const vg_random *random)
{
    const vg_segment *s = &net->arena.segments[segment];
    int64_t gates = vg_op_gates(cell_of(&net->spec)), rows = s->rows / gates;
    /* torch.nn.RNN draws all its weights from +-1/sqrt(hidden), whatever the fan-in */
    if (rule == VG_INIT_torch_default)
        gain *= sqrt((double)s->cols / (double)net->spec.width);
    for (int64_t g = 0; g < gates; g++) {
        vg_random gate = *random;
        gate.layer |= (uint32_t)g << 28;
        VG_TRY(vg_init_matrix((vg_init)rule, rows, s->cols, gain, net->spec.init_std, &gate,
                              param(net, segment) + g * rows * s->cols));
    }
    return VG_OK;
}

static void add_to_gate(const vg_net *net, int segment, int gate, double value)
{
    float *b = param(net, segment) + gate * net->spec.width;
    for (int64_t i = 0; i < net->spec.width; i++)
        b[i] = (float)(b[i] + value);
}

vg_status vg_recurrent_init(const vg_net *net, uint64_t seed, uint32_t l)
{
    const vg_spec *s = &net->spec;
    const vg_recurrent_layer *layer = &net->layer[l];
    vg_random input = {seed, VG_STREAM_WEIGHT, l}, bias = {seed, VG_STREAM_BIAS, l},
              recurrent = {seed, VG_STREAM_RECURRENT_WEIGHT, l};
    VG_TRY(fill_gates(net, layer->weight_ih, s->init, 1, &input));
    VG_TRY(fill_gates(net, layer->weight_hh, s->init_rec, s->gain, &recurrent));
    vg_net_fill_bias(net, layer->bias_ih, s->init, s->width, &bias);
    vg_net_fill_constant(net, layer->bias_hh, 0);
    if (s->model == VG_MODEL_lstm)
        add_to_gate(net, layer->bias_ih, 1, s->forget_bias);
    if (s->model == VG_MODEL_gru)
        add_to_gate(net, layer->bias_ih, 1, s->update_bias);
    return VG_OK;
}

/* --- named tensors ------------------------------------------------------------------------- */

void vg_recurrent_tensors(const vg_net *net, vg_named *list, int *count)
{
    const vg_spec *s = &net->spec;
    const vg_recurrent_layer *top = &net->layer[s->depth];
    for (int64_t t = 0; t < s->seq_len; t++) {
        int64_t at = t * s->batch * s->width;
        vg_named *h = &list[(*count)++], *grad = &list[(*count)++];
        *h = (vg_named){.p = net->value[top->out].data + at, .rows = s->batch, .cols = s->width};
        *grad = (vg_named){.p = top->total + at, .rows = s->batch, .cols = s->width};
        snprintf(h->name, sizeof h->name, "time%03lld.hidden", (long long)t + 1);
        snprintf(grad->name, sizeof grad->name, "time%03lld.grad_hidden", (long long)t + 1);
    }
}

/* --- spectral radius ----------------------------------------------------------------------- */

/* Growth of |W^k v| from k = K/2 to K: the radius of the dominant eigenvalues, complex ones
 * included, where the vector turns in their plane and no Rayleigh quotient settles. */
double vg_net_spectral_radius(const vg_net *net)
{
    enum { K = 400 };
    if (!net->layer)
        return NAN;
    const vg_segment *s = &net->arena.segments[net->layer[net->spec.depth].weight_hh];
    const float *w = param(net, net->layer[net->spec.depth].weight_hh);
    int64_t n = s->cols; /* of gated cells: the first gate */
    double *v = calloc((size_t)(2 * n), sizeof *v), *next = v + n, growth = 0;
    if (!v)
        return NAN;
    for (int64_t i = 0; i < n; i++)
        v[i] = 1 + (double)(i * 7919 % 101) / 101;
    for (int k = 0; k < K; k++) {
        double norm = 0;
        for (int64_t i = 0; i < n; i++) {
            double sum = 0;
            for (int64_t j = 0; j < n; j++)
                sum += w[i * n + j] * v[j];
            next[i] = sum;
            norm += sum * sum;
        }
        norm = sqrt(norm);
        if (!(norm > 0)) {
            free(v);
            return norm == 0 ? 0 : NAN;
        }
        for (int64_t i = 0; i < n; i++)
            v[i] = next[i] / norm;
        growth += k >= K / 2 ? log(norm) : 0;
    }
    free(v);
    return exp(growth / (K - K / 2));
}
