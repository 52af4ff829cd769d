/* SPDX-License-Identifier: Apache-2.0 */
/* What a trainer needs of a network beside its plan: the memory of the batch, the logits, and the
 * running statistics of batch norm. */
#include <stdio.h>

#include "harness/net_internal.h"

vg_net_batch vg_net_batch_memory(vg_net *net)
{
    return (vg_net_batch){
        .x = net->value[net->input].data, .target = net->target, .labels = net->labels};
}

const float *vg_net_logits(const vg_net *net)
{
    return net->value[net->logits].data;
}

static bool keeps_running(const vg_node *n)
{
    return n->op == VG_OP_batch_norm;
}

bool vg_net_running(vg_net *net, int index, char name[64], int64_t *count, float **p)
{
    int at = 0;
    for (int i = 0; i < net->nodes; i++) {
        const vg_node *n = &net->node[i];
        if (!keeps_running(n))
            continue;
        for (int which = 0; which < 2; which++, at++) {
            if (at != index)
                continue;
            const char *what = which ? "running_var" : "running_mean";
            if (n->block)
                snprintf(name, 64, "layer%03d.%s", n->block, what);
            else
                snprintf(name, 64, "final.%s", what);
            *count = net->value[n->y].cols;
            *p = which ? n->run_var : n->run_mean;
            return true;
        }
    }
    return false;
}

void vg_net_reset_running(vg_net *net)
{
    for (int i = 0; i < net->nodes; i++) {
        const vg_node *n = &net->node[i];
        for (int64_t c = 0; vg_op_is_norm(n->op) && c < net->value[n->y].cols; c++) {
            n->run_mean[c] = 0;
            n->run_var[c] = 1;
        }
    }
}
