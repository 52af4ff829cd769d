/* SPDX-License-Identifier: Apache-2.0 */
/* Measured on a core with 2 MiB of L2 at depth 32: the pass over all parameters at the end of a step
 * fetches 16 bytes a parameter more from beyond L2 (width 256); gradients in an arena of their own
 * cost a read for ownership and a write back of 4 bytes each. */
#include "harness/train/lean.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/first_touch.h"
#include "harness/net.h"

enum { NOWHERE = -1 };

/* --- pieces of the arena ------------------------------------------------------------------- */

static int layer_of(const vg_segment *s)
{
    int layer;
    return sscanf(s->name, "layer%d.", &layer) == 1 ? layer : 0;
}

/* A piece ends with its layer, and before a second matrix: what is updated soon is still in L2. */
static bool begins_piece(const vg_lean_parts *parts, int segment, bool has_matrix)
{
    const vg_segment *s = &parts->arena->segments[segment];
    if (segment == 0 || layer_of(s) != layer_of(s - 1))
        return true;
    bool outside = layer_of(s) == 0; /* input and head are far apart in time */
    return has_matrix && s->rows > 1 && (outside || !parts->by_layer);
}

static void cut(vg_lean *lean, const vg_lean_parts *parts)
{
    const vg_arena *arena = parts->arena;
    bool has_matrix = false;
    for (int i = 0; i < arena->count; i++) {
        if (begins_piece(parts, i, has_matrix)) {
            lean->pieces[lean->piece_count++] = (vg_piece){
                .first = i, .begin = arena->segments[i].offset, .written = NOWHERE,
                .used = NOWHERE, .slot = NOWHERE};
            has_matrix = false;
        }
        vg_piece *piece = &lean->pieces[lean->piece_count - 1];
        piece->last = i + 1;
        piece->end = i + 1 < arena->count ? arena->segments[i + 1].offset : arena->floats;
        has_matrix |= arena->segments[i].rows > 1;
    }
}

/* --- when a piece is needed ---------------------------------------------------------------- */

static bool is_in(const vg_lean_parts *parts, const float *block, const void *p)
{
    const float *f = p;
    return f && f >= block && f < block + parts->arena->floats;
}

static vg_piece *piece_at(const vg_lean *lean, int64_t offset)
{
    int low = 0, high = lean->piece_count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (lean->pieces[middle].begin <= offset)
            low = middle;
        else
            high = middle - 1;
    }
    return &lean->pieces[low];
}

static bool left_out(const vg_step *step)
{
    return step->part == VG_PART_statistics;
}

static void find_uses(vg_lean *lean, const vg_lean_parts *parts)
{
    for (int i = 0; i < parts->net->count; i++) {
        const vg_step *step = &parts->net->steps[i];
        for (int slot = 0; slot < VG_SLOT_COUNT && !left_out(step); slot++) {
            const float *p = step->task->t[slot].p;
            bool gradient = is_in(parts, parts->grads, p);
            if (!gradient && !is_in(parts, parts->values, p))
                continue;
            vg_piece *piece = piece_at(lean, p - (gradient ? parts->grads : parts->values));
            piece->used = i;
            if (gradient && piece->written == NOWHERE)
                piece->written = i;
        }
    }
}

/* --- slots --------------------------------------------------------------------------------- */

static bool same_layout(const vg_arena *arena, const vg_piece *a, const vg_piece *b)
{
    if (a->last - a->first != b->last - b->first)
        return false;
    for (int i = 0; i < a->last - a->first; i++) {
        const vg_segment *s = &arena->segments[a->first + i], *t = &arena->segments[b->first + i];
        if (s->rows != t->rows || s->cols != t->cols)
            return false;
    }
    return true;
}

static int next_step(const vg_plan *net, int i)
{
    for (i++; i < net->count && left_out(&net->steps[i]);)
        i++;
    return i;
}

/* Whether the workers meet after the optimizer behind step @p from and before step @p to. */
static bool barrier_between(const vg_plan *net, int from, int to)
{
    for (int i = next_step(net, from), next; i < to; i = next) {
        next = next_step(net, i);
        if (next > to || next == net->count)
            return false;
        const vg_phase *a = &net->steps[i].phase, *b = &net->steps[next].phase;
        if (a->serial || b->serial || vg_phase_barrier(a, b))
            return true;
    }
    return false;
}

/* What is between segments is zero and stays so. */
static vg_status new_slot(vg_lean *lean, const vg_lean_parts *parts, const vg_piece *piece)
{
    float *memory;
    VG_TRY(vg_touch_floats(parts->team, 4 + (unsigned)lean->slot_count,
                           (size_t)(piece->end - piece->begin), &memory));
    lean->slots[lean->slot_count++] =
        (vg_gradient_slot){.layout = (int)(piece - lean->pieces), .memory = memory};
    return VG_OK;
}

static vg_status give_slot(vg_lean *lean, const vg_lean_parts *parts, vg_piece *piece)
{
    int found = NOWHERE;
    for (int s = 0; s < lean->slot_count && found == NOWHERE; s++) {
        const vg_piece *layout = &lean->pieces[lean->slots[s].layout];
        const vg_piece *before = &lean->pieces[lean->slots[s].owner];
        if (same_layout(parts->arena, layout, piece) &&
            barrier_between(parts->net, before->used, piece->written))
            found = s;
    }
    if (found == NOWHERE) {
        VG_TRY(new_slot(lean, parts, piece));
        found = lean->slot_count - 1;
    }
    piece->slot = found;
    lean->slots[found].owner = (int)(piece - lean->pieces);
    return VG_OK;
}

/* In the order in which the gradients are written. */
static vg_status give_slots(vg_lean *lean, const vg_lean_parts *parts)
{
    for (int step = 0; step < parts->net->count; step++)
        for (int i = 0; i < lean->piece_count; i++)
            if (lean->pieces[i].written == step)
                VG_TRY(give_slot(lean, parts, &lean->pieces[i]));
    return VG_OK;
}

/* --- tasks --------------------------------------------------------------------------------- */

static float *moved(const vg_lean *lean, const vg_lean_parts *parts, const float *p)
{
    const vg_piece *piece = piece_at(lean, p - parts->grads);
    return lean->slots[piece->slot].memory + (p - parts->grads - piece->begin);
}

/* The task itself, or a copy that writes its gradients to the slots. */
static const vg_task *redirected(vg_lean *lean, const vg_lean_parts *parts, const vg_step *steps,
                                 int i)
{
    const vg_task *task = steps[i].task;
    bool writes = false;
    for (int slot = 0; slot < VG_SLOT_COUNT; slot++)
        writes |= is_in(parts, parts->grads, task->t[slot].p);
    if (!writes)
        return task;
    vg_task *copy = &lean->tasks[lean->task_count];
    if (i > 0 && steps[i - 1].task == task) /* a further phase */
        return copy - 1;
    *copy = *task;
    for (int slot = 0; slot < VG_SLOT_COUNT; slot++)
        if (is_in(parts, parts->grads, copy->t[slot].p))
            copy->t[slot].p = moved(lean, parts, copy->t[slot].p);
    lean->task_count++;
    return copy;
}

static int phases_of(const vg_task *task, vg_phase phases[VG_MAX_PHASES])
{
    for (int i = 0; i < VG_MAX_PHASES; i++)
        phases[i] = (vg_phase){0};
    return task->impl->phases(&task->shape, phases);
}

/* The optimizer's phases before the last: what all pieces share. */
static vg_status append_shared(const vg_task *optimizer, vg_plan *plan)
{
    vg_phase phases[VG_MAX_PHASES];
    int count = phases_of(optimizer, phases);
    for (int i = 0; i + 1 < count; i++)
        VG_TRY(vg_plan_append_phase(plan, optimizer, &phases[i], 0));
    return VG_OK;
}

static vg_status append_piece(vg_lean *lean, const vg_lean_parts *parts, int index, vg_plan *plan)
{
    static const vg_slot arrays[] = {VG_PARAM, VG_M1, VG_M2};
    const vg_piece *piece = &lean->pieces[index];
    vg_task *task = &lean->steps[index];
    vg_phase phases[VG_MAX_PHASES];
    *task = *parts->optimizer;
    task->shape.n[0] = piece->end - piece->begin;
    for (int i = 0; i < 3; i++)
        if (task->t[arrays[i]].p)
            task->t[arrays[i]].p = (float *)task->t[arrays[i]].p + piece->begin;
    task->t[VG_GRAD].p = lean->slots[piece->slot].memory;
    int count = phases_of(task, phases);
    phases[count - 1].independent = true; /* its weights are next read in the next step */
    phases[count - 1].row_block = 0;      /* its rows are not those of its neighbours */
    plan->part = VG_PART_optimizer;
    plan->layer = layer_of(&parts->arena->segments[piece->first]);
    return vg_plan_append_phase(plan, task, &phases[count - 1], 0);
}

/* --- the step ------------------------------------------------------------------------------ */

static vg_status append_steps(vg_lean *lean, const vg_lean_parts *parts, vg_plan *plan)
{
    const vg_step *steps = parts->net->steps;
    for (int i = 0; i < parts->net->count; i++) {
        if (left_out(&steps[i]))
            continue;
        plan->part = steps[i].part;
        plan->layer = steps[i].layer;
        VG_TRY(vg_plan_append_phase(plan, redirected(lean, parts, steps, i), &steps[i].phase, 0));
        for (int p = 0; p < lean->piece_count; p++)
            if (lean->pieces[p].used == i)
                VG_TRY(append_piece(lean, parts, p, plan));
    }
    return VG_OK;
}

static vg_status check(const vg_lean *lean, const vg_arena *arena)
{
    for (int i = 0; i < lean->piece_count; i++)
        if (lean->pieces[i].written == NOWHERE)
            return vg_fail(VG_EUNSUPPORTED, "nothing writes the gradients behind %s",
                           arena->segments[lean->pieces[i].first].name);
    return VG_OK;
}

vg_status vg_lean_append(vg_lean *lean, const vg_lean_parts *parts, vg_plan *plan)
{
    size_t segments = (size_t)parts->arena->count, steps = (size_t)parts->net->count;
    lean->pieces = calloc(segments, sizeof *lean->pieces);
    lean->slots = calloc(segments, sizeof *lean->slots);
    lean->steps = calloc(segments, sizeof *lean->steps);
    lean->tasks = calloc(steps, sizeof *lean->tasks);
    if (!lean->pieces || !lean->slots || !lean->steps || !lean->tasks)
        return vg_fail(VG_ENOMEM, "out of memory for the tasks of a training step");
    cut(lean, parts);
    find_uses(lean, parts);
    VG_TRY(check(lean, parts->arena));
    VG_TRY(give_slots(lean, parts));
    if (parts->net->scratch > plan->scratch)
        plan->scratch = parts->net->scratch;
    plan->part = VG_PART_optimizer;
    plan->layer = 0;
    VG_TRY(append_shared(parts->optimizer, plan));
    return append_steps(lean, parts, plan);
}

void vg_lean_release(vg_lean *lean)
{
    for (int i = 0; i < lean->slot_count; i++)
        vg_free(lean->slots[i].memory);
    free(lean->pieces);
    free(lean->slots);
    free(lean->steps);
    free(lean->tasks);
    *lean = (vg_lean){0};
}
