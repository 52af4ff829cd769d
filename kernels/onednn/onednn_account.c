/* SPDX-License-Identifier: Apache-2.0 */
/* Where the time of oneDNN rows goes. The CPU stream runs a primitive to its end in execute, so the
 * clock around it is the primitive's own time. */
#include <time.h>

#include "onednn/onednn_way_private.h"
#include "vgbench/onednn.h"

static bool on;
static vg_onednn_account account;

bool vg_dnn_accounts(void)
{
    return on;
}

double vg_dnn_account_begin(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

void vg_dnn_account_add(const vg_dnn_step *step, double took)
{
    if (step->glue)
        account.c_steps += took;
    else if (step->reorder)
        account.reorders += took;
    else
        account.primitives += took;
}

void vg_onednn_take_account(vg_onednn_account *taken, int stop)
{
    *taken = account;
    account = (vg_onednn_account){0};
    on = !stop;
}
