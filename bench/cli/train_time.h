/* SPDX-License-Identifier: Apache-2.0 */
/** @file train_time.h
 * `vgbench train --step-time`: what a step takes, and on what.
 */
#ifndef VG_CLI_TRAIN_TIME_H
#define VG_CLI_TRAIN_TIME_H

#include "cli/train_session.h"

/** Times the step of every point and appends a record each: a train record without steps, with
 * `step_time`. */
vg_status vg_train_time(vg_train_session *session);

#endif
