/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of a whole network against finite differences of its loss: along the gradient of a
 * parameter tensor the loss must change by its length. Include after cmocka.h. */
#ifndef VG_TESTS_FINITE_DIFFERENCE_H
#define VG_TESTS_FINITE_DIFFERENCE_H

#include <math.h>
#include <stdlib.h>

#include "lab.h"

static inline double loss_at(lab_net *lab, const vg_segment *s, const float *origin, const float *direction,
                      double step)
{
    float *w = vg_net_values(lab->net) + s->offset;
    for (int64_t i = 0; i < s->rows * s->cols; i++)
        w[i] = (float)(origin[i] + step * direction[i]);
    assert_int_equal(vg_net_run(lab->net), VG_OK);
    return vg_net_loss(lab->net);
}

static inline double slope_at(lab_net *lab, const vg_segment *s, const float *origin,
                              const float *direction, double step)
{
    double up = loss_at(lab, s, origin, direction, step),
           down = loss_at(lab, s, origin, direction, -step);
    return (up - down) / (2 * step);
}

static inline double length(const float *v, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)v[i] * v[i];
    return sqrt(sum);
}

/* Error of the central difference: third derivative (step^2), the loss in f32 (1 / step), and units
 * that cross a kink. The step changes the loss by about a thousandth. */
static inline void check_segment(lab_net *lab, const char *words, const vg_segment *s)
{
    int64_t n = s->rows * s->cols;
    float *origin = malloc((size_t)n * sizeof *origin), *g = malloc((size_t)n * sizeof *g);
    memcpy(origin, vg_net_values(lab->net) + s->offset, (size_t)n * sizeof *origin);
    memcpy(g, vg_net_grads(lab->net) + s->offset, (size_t)n * sizeof *g);
    double scale = lab->spec.loss_scale;
    for (int64_t i = 0; i < n; i++)
        g[i] = (float)(g[i] / scale);
    double norm = length(g, n);
    if (norm > 1e-4) {
        for (int64_t i = 0; i < n; i++)
            g[i] = (float)(g[i] / norm);
        double step = 1e-3 / norm;
        step = step > 0.02 ? 0.02 : step;
        double slope = slope_at(lab, s, origin, g, step);
        for (int i = 0; i < 2 && !(fabs(slope - norm) <= 0.02 * norm + 4e-7 / step); i++) {
            step /= 8; /* a kink within the step? */
            slope = slope_at(lab, s, origin, g, step);
        }
        if (!(fabs(slope - norm) <= 0.02 * norm + 4e-7 / step))
            fail_msg("%s: %s: the loss changes by %g, the gradient says %g", words, s->name, slope,
                     norm);
        loss_at(lab, s, origin, g, 0);
    }
    free(origin);
    free(g);
}

/* Every parameter tensor of the network of @p words. */
static inline void lab_check_gradients(const char *words)
{
    lab_net lab = lab_run(words, false, false);
    const vg_arena *arena = vg_net_arena(lab.net);
    for (int i = 0; i < arena->count; i++)
        check_segment(&lab, words, &arena->segments[i]);
    lab_release(&lab);
}

#endif
