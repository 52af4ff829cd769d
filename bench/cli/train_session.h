/* SPDX-License-Identifier: Apache-2.0 */
/* What the modes of `vgbench train` share: options, points of the sweep, outputs. */
#ifndef VG_CLI_TRAIN_SESSION_H
#define VG_CLI_TRAIN_SESSION_H

#include <jansson.h>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/spec_words.h"
#include "harness/sweep.h"
#include "harness/train/train.h"

enum { VG_TRAIN_NAME = 512 };

typedef struct vg_train_session {
    vg_options options;
    vg_train_options how;
    const char *log, *plot, *standardise, *validation;
    bool step_time, lr_find, race_asked;
    json_t *race; /* an entry of `race`, or NULL */
    char data_origin[320];
    vg_sweep sweep;
    uint64_t varying; /* bit per key: its value differs between points */
    json_t *records;
    char *command;
    vg_progress progress;
    char idle[VG_IDLE_TEXT];
    json_t *skipped;  /* points that could not be run */
    int done, failed; /* failed: the loss was not finite */
} vg_train_session;

/** Point @p index, unresolved, and its name. */
vg_status vg_train_point(const vg_train_session *session, int64_t index, vg_spec *spec,
                         char name[VG_TRAIN_NAME]);

bool vg_train_stop_asked(void);

#endif
