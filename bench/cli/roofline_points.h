/* SPDX-License-Identifier: Apache-2.0 */
/** @file roofline_points.h
 * Points of the roofline: what kernels, and the layers of a forward and backward pass, reach.
 */
#ifndef VG_CLI_ROOFLINE_POINTS_H
#define VG_CLI_ROOFLINE_POINTS_H

#include <jansson.h>
#include <stdio.h>

#include "harness/spec.h"
#include "micro/cases.h"
#include "micro/sampler.h"

/** Times the rows of @p c and appends a point for each. */
vg_status vg_roofline_case_points(const vg_case *c, const vg_sampling *sampling, json_t *points);

/** Times the layers of a resolved spec, one by one in the order of the pass, and appends a point for
 * each op and shape that occurs. */
vg_status vg_roofline_layer_points(const vg_spec *spec, json_t *points);

/** Roofs and points of a `roofline` record as an SVG, by gnuplot: to a file, or to @p out.
 * VG_EUNSUPPORTED where gnuplot is not there. */
vg_status vg_roofline_plot(const json_t *roofline, const char *path);
vg_status vg_roofline_plot_to(const json_t *roofline, FILE *out);

/** Roofs and points as one CSV: kind roof, kernel or layer; empty cells for what a line has not. */
void vg_roofline_csv(FILE *out, const json_t *roofline);

#endif
