/* SPDX-License-Identifier: Apache-2.0 */
/** @file train_modes.h
 * The modes of `vgbench train` beside training: --race, --lr-find, --step-time, and the plots.
 */
#ifndef VG_CLI_TRAIN_MODES_H
#define VG_CLI_TRAIN_MODES_H

#include "cli/train_session.h"

/** Times the step of every point and appends a record each: a train record without steps, with
 * `step_time`. */
vg_status vg_train_time(vg_train_session *session);

/** The range test of every point and its largest stable rate: a train record without steps, with
 * `lr_find`. */
vg_status vg_train_lr_find(vg_train_session *session);

/** The row of a record of either, and the head above. */
void vg_step_print_head(FILE *out, vg_format format);
void vg_step_print_row(FILE *out, vg_format format, const json_t *record);
void vg_lr_print_head(FILE *out, vg_format format);
void vg_lr_print_row(FILE *out, vg_format format, const json_t *record);

/** Races one network and its fixes to its target: session->race becomes an entry of `race`. */
vg_status vg_train_race(vg_train_session *session);

/** A row of `race[].rows`, and the head above. */
void vg_race_print_head(FILE *out, vg_format format);
void vg_race_print_row(FILE *out, vg_format format, bool color, const json_t *row);

/** --plot: loss against step; with --lr-find loss against learning rate. */
vg_status vg_train_plot_records(const json_t *records, const char *path);

#endif
