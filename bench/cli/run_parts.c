/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_parts.h"

#include <stdio.h>
#include <string.h>

#include "cli/child.h"
#include "cli/progress.h"
#include "results/results.h"
#include "vgbench/kernel.h"

vg_status vg_run_save(vg_run *run, bool complete)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/results.json", run->folder);
    if (complete)
        json_object_del(run->results, "partial");
    else
        json_object_set_new(run->results, "partial", json_true());
    return vg_results_save(run->results, path);
}

/* --- verify: in a process of its own, because more threads than CPUs must not spin -------- */

static double verify_estimate(const vg_run *run, char *what, size_t size)
{
    int rows = 0;
    for (int i = 0; i < vg_kernel_count(); i++)
        rows += !vg_kernel_usable(vg_kernel_at(i));
    if (run->before && json_array_size(json_object_get(run->before, "verify"))) {
        snprintf(what, size, "kept from before");
        return 0;
    }
    snprintf(what, size, "%d rows against the double-precision oracle", rows);
    return 0.04 * rows;
}

static vg_status verify(vg_run *run)
{
    char file[4200], isa[32];
    json_t *document, *rows, *row;
    size_t index;
    int code;
    rows = json_object_get(run->before, "verify");
    if (json_array_size(rows)) {
        json_object_set(run->results, "verify", rows);
    } else {
        snprintf(file, sizeof file, "%s/.verify.json", run->folder);
        snprintf(isa, sizeof isa, "--max-isa=%s",
                 run->options->max_isa ? run->options->max_isa : "");
        const char *words[] = {"verify", "--quiet", run->options->max_isa ? isa : NULL, NULL};
        VG_TRY(vg_child_run(words, file, "passive", &document, &code));
        json_object_set(run->results, "verify", json_object_get(document, "verify"));
        json_decref(document);
    }
    json_array_foreach(json_object_get(run->results, "verify"), index, row) {
        if (!json_is_false(json_object_get(row, "verified")))
            continue;
        run->failed += strcmp(vg_json_get_text(row, "backend", ""), "onednn") != 0;
        vg_say(false, "failed: %s: %s", vg_json_get_text(row, "kernel", "?"),
               vg_json_get_text(row, "text", ""));
    }
    return VG_OK;
}

/* Parts that are other processes come first: once this process has had a team, its idle workers
 * spin (OMP_WAIT_POLICY=active) and would take a CPU from a child that is timed. */
const vg_run_part vg_run_parts[] = {
    {"verify", NULL, verify_estimate, verify, NULL},
    {"profile", NULL, vg_run_profile_estimate, vg_run_profile, vg_run_profile_by_default},
    {"capped", vg_run_capped_wanted, vg_run_capped_estimate, vg_run_capped, NULL},
    {"kernels", NULL, vg_run_kernels_estimate, vg_run_kernels, NULL},
    {"decay", NULL, vg_run_decay_estimate, vg_run_decay, NULL},
    {"train", NULL, vg_run_train_estimate, vg_run_train, NULL},
    {"fixes", NULL, vg_run_fixes_estimate, vg_run_fixes, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
