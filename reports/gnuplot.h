/* SPDX-License-Identifier: Apache-2.0 */
/** @file gnuplot.h
 * Runs gnuplot as a program from an argument vector; no shell. What it says stays off the terminal:
 * its first line is part of the message of a failure.
 */
#ifndef VG_REPORTS_GNUPLOT_H
#define VG_REPORTS_GNUPLOT_H

#include "vgbench/status.h"

/** Colours that tell apart for the colour-blind (after Okabe and Ito) and show on white as on a
 * dark page. Series i takes colour i % VG_COLOURS, with dash and point type to match. */
enum { VG_COLOURS = 7 };
extern const char *const vg_colours[VG_COLOURS];

typedef struct vg_gnuplot {
    char *const *argv; /**< argv[0]: the program, looked up in PATH; ends with NULL */
    const char *dir;   /**< folder to run in; NULL: here */
    int input;         /**< descriptor to read from, or -1: none */
    double limit_s;    /**< then it is killed */
} vg_gnuplot;

/** VG_EUNSUPPORTED: cannot be run at all; VG_EIO: not done within the limit (there is no sense in
 * trying either again); VG_EEXTERNAL: it failed. */
vg_status vg_gnuplot_run(const vg_gnuplot *run);

#endif
