/* SPDX-License-Identifier: Apache-2.0 */
/* The profile part of `vgbench run`: cache behaviour of the kernels, in a process of its own,
 * because it caps the instruction set where it simulates. */
#include <stdio.h>
#include <string.h>

#include "cli/child.h"
#include "cli/run_parts.h"
#include "results/results.h"

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
    snprintf(what, size, "cache behaviour of the shapes of %.30s, by counters or simulated",
             shapes_of(run));
    return seconds_a_case * cases;
}

vg_status vg_run_profile(vg_run *run)
{
    char file[4200], shapes[1024], filter[600], cold[32];
    json_t *document, *before = json_object_get(run->before, "profile");
    int code;
    if (json_array_size(before)) {
        json_object_set(run->results, "profile", before);
        return VG_OK;
    }
    snprintf(file, sizeof file, "%s/.profile.json", run->folder);
    snprintf(shapes, sizeof shapes, "--shapes=%s", shapes_of(run));
    snprintf(filter, sizeof filter, "--filter=%s", run->filter ? run->filter : "all");
    snprintf(cold, sizeof cold, "--cold-cache=%s", vg_cold_names[run->cold]);
    const char *words[] = {"profile", "--quiet", shapes, filter, cold, NULL};
    VG_TRY(vg_child_run(words, file, NULL, &document, &code));
    json_object_set(run->results, "profile", json_object_get(document, "profile"));
    json_decref(document);
    return VG_OK;
}
