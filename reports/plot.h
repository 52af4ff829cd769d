/* SPDX-License-Identifier: Apache-2.0 */
/** @file plot.h
 * Plots by gnuplot, run as a program from an argument vector. Data and script stay beside the SVG,
 * so that anybody can draw it again: `cd plots && gnuplot NAME.gp`.
 */
#ifndef VG_REPORTS_PLOT_H
#define VG_REPORTS_PLOT_H

#include "reports/gnuplot.h"
#include "reports/report.h"
#include "reports/text.h"

typedef struct vg_plots {
    const char *dir;     /**< folder the files go to; it exists once the first plot is made */
    const char *link;    /**< the same as the report's links see it: "plots" */
    const char *gnuplot; /**< program */
    double timeout_s;
    int made, failed;
    json_t *drawn;    /**< names that were drawn: a second report of the run shares them; owned */
    bool given_up;    /**< gnuplot cannot be run, or did not come back: not tried again */
    char reason[200]; /**< of the last failure */
} vg_plots;

typedef struct vg_plot {
    vg_text data;   /**< NAME.dat */
    vg_text script; /**< what follows the common style; refers to the data as `data` */
    int width, height;
} vg_plot;

/** Writes NAME.dat and NAME.gp, has NAME.svg drawn, and adds the image (or the sentence that says
 * why there is none) to @p out. @p alt says in words what is to be seen. Releases @p plot. With
 * plots == NULL nothing is written. VG_EIO when the folder takes no files. */
vg_status vg_plot_draw(vg_plots *plots, vg_plot *plot, const char *name, const char *alt,
                       vg_text *out);

/** Frees what the plots own, not the files. */
void vg_plots_release(vg_plots *plots);

/** "lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.6": the look of series @p i, points of @p size. */
void vg_plot_look(vg_text *script, int i, double size);

#endif
