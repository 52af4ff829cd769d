/* SPDX-License-Identifier: Apache-2.0 */
/** @file gnuplot.h
 * Plots of the command line (`--plot F.svg`): gnuplot reads script and data from a pipe; no shell.
 */
#ifndef VG_CLI_GNUPLOT_H
#define VG_CLI_GNUPLOT_H

#include <stdio.h>

#include "vgbench/status.h"

/** A string as gnuplot takes it, quotes included. */
void vg_gnuplot_quote(FILE *out, const char *text);

/** Colour of series @p index (Okabe and Ito: distinguishable with colour-blindness, on white and on
 * dark ground). */
const char *vg_gnuplot_colour(int index);

/** Has @p write make the script, whose output is to be the file @p path it is given, and draws it:
 * the plot appears whole or not at all. VG_EUNSUPPORTED where gnuplot is not there. */
vg_status vg_gnuplot_draw(const char *path,
                          void (*write)(FILE *out, const void *context, const char *path),
                          const void *context);

#endif
