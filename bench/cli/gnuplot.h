/* SPDX-License-Identifier: Apache-2.0 */
/** @file gnuplot.h
 * Plots of the command line (`--plot F.svg`): gnuplot reads script and data as one text; no shell.
 */
#ifndef VG_CLI_GNUPLOT_H
#define VG_CLI_GNUPLOT_H

#include <stdio.h>

#include "reports/gnuplot.h"

/** Whether @p path can be written as a plot: its name ends in .svg. Asked before anything is
 * measured. */
vg_status vg_gnuplot_check(const char *path);

/** A string as gnuplot takes it, quotes included. */
void vg_gnuplot_quote(FILE *out, const char *text);

/** Writes the script that draws @p context, output file @p path. Returns how many points are in it. */
typedef int vg_gnuplot_fn(FILE *out, const void *context, const char *path);

/** Draws what @p write has written: the plot appears as @p path whole or not at all. VG_EIO where
 * there are no points, VG_EUNSUPPORTED where gnuplot is not there. */
vg_status vg_gnuplot_draw(const char *path, vg_gnuplot_fn *write, const void *context);

#endif
