/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/train/lr_find.h"

#include <math.h>
#include <stdlib.h>

#include "harness/train/step.h"
#include "harness/train/train.h"
#include "results/results.h"

static const double FIRST = 1e-7, LAST = 10, SMOOTH = 0.9, DIVERGED = 4;
/* half decades, 10^(k/2) */
enum { LOWEST_HALF = -12, HIGHEST_HALF = 4 };

/* A network and an endless supply of batches. */
typedef struct trial {
    vg_spec spec;
    const vg_dataset *data;
    vg_team *team;
    vg_stepper *stepper;
    int32_t *order;
    int64_t per_epoch, step;
} trial;

static vg_status begin(trial *t, const vg_spec *spec, const vg_dataset *data)
{
    *t = (trial){.spec = *spec, .data = data};
    if (t->spec.batch > data->train_count)
        t->spec.batch = data->train_count;
    t->per_epoch = vg_train_steps_per_epoch(&t->spec, data);
    t->order = calloc((size_t)data->train_count, sizeof *t->order);
    if (!t->order)
        return vg_fail(VG_ENOMEM, "out of memory for the order of the samples");
    VG_TRY(vg_team_create((int)spec->threads, spec->ftz, &t->team));
    return vg_stepper_create(&t->spec, data, t->team, false, &t->stepper);
}

static void end(trial *t)
{
    vg_stepper_destroy(t->stepper);
    vg_team_destroy(t->team);
    free(t->order);
}

static vg_status restart(trial *t)
{
    t->step = 0;
    return vg_stepper_reset(t->stepper, t->spec.seed);
}

static vg_status step(trial *t, double lr, double *loss)
{
    int64_t in_epoch = t->step % t->per_epoch, at = in_epoch * t->spec.batch;
    int64_t left = t->data->train_count - at;
    vg_step_result result;
    if (in_epoch == 0)
        vg_dataset_order(t->data, t->spec.seed, t->step / t->per_epoch, t->order);
    VG_TRY(vg_stepper_run(t->stepper, t->step++, t->order + at,
                          left < t->spec.batch ? left : t->spec.batch, lr, false, &result));
    *loss = result.loss;
    return VG_OK;
}

/* --- the largest stable rate --------------------------------------------------------------- */

static vg_status is_stable(trial *t, double lr, bool *stable)
{
    double first = 0, last = 0, loss;
    const int tenth = VG_LR_STEPS / 10;
    *stable = false;
    VG_TRY(restart(t));
    for (int i = 0; i < VG_LR_STEPS; i++) {
        VG_TRY(step(t, lr, &loss));
        first = i == 0 ? loss : first;
        if (!(loss <= DIVERGED * first))
            return VG_OK;
        last += i >= VG_LR_STEPS - tenth ? loss / tenth : 0;
    }
    *stable = last <= first;
    return VG_OK;
}

static vg_status bisect(trial *t, double *lr)
{
    int good = LOWEST_HALF - 1, bad = HIGHEST_HALF + 1;
    while (bad - good > 1) {
        int middle = (good + bad) / 2;
        bool stable;
        VG_TRY(is_stable(t, pow(10, middle / 2.0), &stable));
        if (stable)
            good = middle;
        else
            bad = middle;
    }
    *lr = good < LOWEST_HALF ? (double)NAN : pow(10, good / 2.0);
    return VG_OK;
}

vg_status vg_lr_largest_stable(const vg_spec *spec, const vg_dataset *data, double *lr)
{
    trial t;
    vg_status status = begin(&t, spec, data);
    if (status == VG_OK)
        status = bisect(&t, lr);
    end(&t);
    return status;
}

/* --- the range test ------------------------------------------------------------------------ */

typedef struct range {
    double lr[VG_LR_STEPS], loss[VG_LR_STEPS], smooth[VG_LR_STEPS];
    int count;
} range;

static vg_status range_test(trial *t, range *r, vg_lr_found *found)
{
    double average = 0, best = INFINITY;
    found->diverged = found->lowest = NAN;
    VG_TRY(restart(t));
    for (r->count = 0; r->count < VG_LR_STEPS;) {
        int i = r->count++;
        r->lr[i] = FIRST * pow(LAST / FIRST, (double)i / (VG_LR_STEPS - 1));
        VG_TRY(step(t, r->lr[i], &r->loss[i]));
        average = SMOOTH * average + (1 - SMOOTH) * r->loss[i];
        r->smooth[i] = average / (1 - pow(SMOOTH, i + 1));
        if (!isfinite(r->loss[i]) || r->smooth[i] > DIVERGED * best) {
            found->diverged = r->lr[i];
            return VG_OK;
        }
        if (r->smooth[i] < best) {
            best = r->smooth[i];
            found->lowest = r->lr[i];
        }
    }
    return VG_OK;
}

/* Steepest fall before the lowest point. The rates are even in ln lr. */
static double steepest(const range *r, double lowest)
{
    double slope = 0, lr = NAN;
    for (int i = 1; i + 1 < r->count && r->lr[i] <= lowest; i++) {
        double fall = r->smooth[i + 1] - r->smooth[i - 1];
        if (fall < slope) {
            slope = fall;
            lr = r->lr[i];
        }
    }
    return lr;
}

static json_t *points_json(const range *r)
{
    json_t *list = json_array();
    for (int i = 0; i < r->count; i++) {
        json_t *point = json_object();
        json_object_set_new(point, "step", json_integer(i + 1));
        vg_json_set_number(point, "lr", r->lr[i]);
        vg_json_set_number(point, "loss", r->loss[i]);
        vg_json_set_number(point, "smooth", r->smooth[i]);
        json_array_append_new(list, point);
    }
    return list;
}

vg_status vg_lr_find(const vg_spec *spec, const vg_dataset *data, vg_lr_found *found,
                     json_t **points)
{
    trial t;
    range *r = calloc(1, sizeof *r);
    if (!r)
        return vg_fail(VG_ENOMEM, "out of memory for the range test");
    vg_status status = begin(&t, spec, data);
    if (status == VG_OK)
        status = range_test(&t, r, found);
    if (status == VG_OK)
        status = bisect(&t, &found->largest_stable);
    end(&t);
    if (status == VG_OK) {
        found->suggestion = steepest(r, found->lowest);
        if (points)
            *points = points_json(r);
    }
    free(r);
    return status;
}
