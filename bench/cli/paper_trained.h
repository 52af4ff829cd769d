/* SPDX-License-Identifier: Apache-2.0 */
/** @file paper_trained.h
 * Claims about learning (`quantity: trained_...` of an experiment file): the network is trained, and
 * what is asked for is read off its train record.
 *
 *   trained_accuracy, trained_loss   of the last validation
 *   trained_loss_ratio               last over first loss of the batches
 *   trained_dead                     largest fraction of dead units of a layer at the last record
 *   trained_clip_spread              largest deviation of a layer's gradient norm after clipping over
 *                                    that before from the clip factor
 *   trained_update_ratio             |dW| / |W| of the first layer over that of the last, last record
 *   trained_CODE                     1 where the event (vanishing, lr_too_low, non_finite ...) was
 *                                    seen, else 0
 */
#ifndef VG_CLI_PAPER_TRAINED_H
#define VG_CLI_PAPER_TRAINED_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/spec.h"
#include "vgbench/status.h"

bool vg_is_trained_quantity(const char *quantity);

/** Trains an unresolved spec; the record is one of `train[]`. */
vg_status vg_trained_record(const vg_spec *spec, bool (*interrupted)(void), json_t **record);

double vg_trained_value(const json_t *record, const char *quantity);

#endif
