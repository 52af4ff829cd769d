/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/command.h"
#include "vgbench/kernel.h"

int vg_cmd_list(int argc, char **argv)
{
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i);
        vg_status status = vg_kernel_usable(kernel);
        printf("%s/%s/%s%s%s\n", vg_op_name(kernel->op), vg_dir_name(kernel->dir),
               vg_backend_name(kernel->backend), status ? "  not here: " : "",
               status ? vg_status_message() : "");
    }
    return VG_EXIT_OK;
}
