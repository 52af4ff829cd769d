/* SPDX-License-Identifier: Apache-2.0 */
/* The profile part of `vgbench run`: cache behaviour of the kernels, working sets, scaling and a few
 * training steps, in processes of their own, because some cap the instruction set. */
#include <stdio.h>
#include <string.h>

#include "cli/child.h"
#include "cli/run_parts.h"
#include "measure/interrupt.h"
#include "results/results.h"

enum { SWEEPS_S = 45 };

/* Valgrind takes minutes: the quick suite has it only if it is asked for. */
bool vg_run_profile_by_default(const vg_run *run)
{
    return run->level != VG_RUN_QUICK;
}

/* The large shapes of the longer suites would take valgrind hours: there the quick ones stand for
 * them. */
static const char *shapes_of(const vg_run *run)
{
    return strncmp(run->shapes, "mlp", 3) ? run->shapes : "quick";
}

double vg_run_profile_estimate(const vg_run *run, char *what, size_t size)
{
    const double seconds_a_case = 0.7; /* two rows, two passes, two processes side by side */
    if (json_array_size(json_object_get(run->before, "profile"))) {
        snprintf(what, size, "kept from before");
        return 0;
    }
    int threads = run->options->thread_count > 1 ? run->options->thread_count : 1;
    double cases = strcmp(shapes_of(run), run->shapes) ? 90 : run->cases.count / threads;
    snprintf(what, size, "caches, working sets, scaling: shapes of %.24s, counted or simulated",
             shapes_of(run));
    return seconds_a_case * cases + (run->filter ? 0 : SWEEPS_S);
}

/* Appends the records of one `vgbench profile`. */
static vg_status add_records(vg_run *run, const char *const words[], json_t *records)
{
    char file[4200];
    json_t *document;
    int code;
    snprintf(file, sizeof file, "%s/.profile.json", run->folder);
    VG_TRY(vg_child_run(words, file, NULL, &document, &code));
    json_array_extend(records, json_object_get(document, "profile"));
    json_decref(document);
    return VG_OK;
}

/* Beside the cache behaviour of the kernels: where it ends (working sets), what threads make of it,
 * and what a norm moves in a training step; of few rows, those that every reader knows. */
static vg_status add_sweeps(vg_run *run, json_t *records)
{
    static const char *const sets[] = {"profile", "--quiet", "--working-set", "--largest=64",
                                       "--filter=^(relu/fwd|layer_norm/fwd|adamw/step)", NULL};
    static const char *const kernels[] = {
        "profile", "--quiet", "--scaling",
        "--shapes=dense/fwd 128 256 256, gelu/fwd 512 512, layer_norm/fwd 512 512", NULL};
    static const char *const step[] = {"profile", "--quiet", "--scaling", "depth=8", NULL};
    static const char *const norms[] = {"profile", "--quiet", "depth=8", "norm=none,batch,layer",
                                        NULL};
    static const char *const *const all[] = {sets, kernels, step, norms};
    vg_status status = VG_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all && !status && !vg_interrupted(); i++)
        status = add_records(run, all[i], records);
    return status;
}

vg_status vg_run_profile(vg_run *run)
{
    char shapes[1024], filter[600], cold[32];
    json_t *before = json_object_get(run->before, "profile");
    if (json_array_size(before)) {
        json_object_set(run->results, "profile", before);
        return VG_OK;
    }
    snprintf(shapes, sizeof shapes, "--shapes=%s", shapes_of(run));
    snprintf(filter, sizeof filter, "--filter=%s", run->filter ? run->filter : "all");
    snprintf(cold, sizeof cold, "--cold-cache=%s", vg_cold_names[run->cold]);
    const char *words[] = {"profile", "--quiet", shapes, filter, cold, NULL};
    json_t *records = json_array();
    vg_status status = add_records(run, words, records);
    if (!status && !run->filter) /* a filter asks for certain kernels, and no more */
        status = add_sweeps(run, records);
    if (json_array_size(records))
        json_object_set(run->results, "profile", records);
    json_decref(records);
    return status;
}
