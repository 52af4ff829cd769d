/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench profile where the CPU has counters: rows as they run here, on every thread count. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"
#include "cli/progress.h"
#include "measure/counters.h"
#include "measure/interrupt.h"
#include "measure/rig.h"
#include "micro/sampler.h"
#include "results/results.h"

void vg_profile_add_bytes(json_t *counts)
{
    enum { LINE = 64 };
    for (int level = 1; level <= 3; level++) {
        char misses[16], bytes[16];
        snprintf(misses, sizeof misses, "l%d_misses", level);
        snprintf(bytes, sizeof bytes, "l%d_bytes", level);
        vg_json_set_number(counts, bytes, LINE * vg_json_get_number(counts, misses));
    }
}

/* One call behind a flush at a time: only the calls are counted. */
static void count_cold(vg_counters *counters, vg_rig *rig, vg_cold cold, int64_t runs)
{
    vg_counters_start(counters);
    vg_counters_stop(counters);
    for (int64_t i = 0; i < runs; i++) {
        vg_cold_begin(rig, cold);
        vg_counters_resume(counters);
        vg_rig_run(rig);
        vg_counters_stop(counters);
    }
}

static void count_hot(vg_counters *counters, vg_rig *rig, int64_t runs)
{
    vg_rig_begin(rig);
    vg_counters_start(counters);
    for (int64_t i = 0; i < runs; i++)
        vg_rig_run(rig);
    vg_counters_stop(counters);
}

static vg_status count_row(const vg_kernel *kernel, const vg_case *c, vg_team *team, vg_cold cold,
                           json_t *entry)
{
    enum { BATCH_NS = VG_COUNTED_BATCH_NS, COLD_RUNS = 20 };
    vg_rig rig;
    vg_counters *counters;
    vg_counts counts;
    double once;
    VG_TRY(vg_rig_create(&rig, kernel, &c->shape, team, 1));
    int64_t runs = vg_rig_calibrate(&rig, BATCH_NS, &once);
    vg_status status = vg_counters_open(vg_perf_kernel_get(), c->threads, &counters);
    if (!status) {
        if (cold) {
            runs = COLD_RUNS;
            count_cold(counters, &rig, cold, runs);
        } else {
            count_hot(counters, &rig, runs);
        }
        vg_counters_read(counters, &counts);
        vg_counters_close(counters);
        json_t *found = vg_counts_json(&counts, (double)runs);
        vg_profile_add_bytes(found);
        json_object_set_new(entry, vg_profile_state(cold), found);
        vg_json_set_text(entry, "impl", rig.impl);
        vg_json_set_number(entry, "time_ns", once);
        vg_json_set_number(entry, "ghz", counts.c[VG_COUNTER_cycles].value / (double)runs / once /
                                             rig.used_threads);
    }
    vg_rig_release(&rig);
    return status;
}

vg_status vg_profile_pmu(const vg_case_list *cases, vg_cold cold, bool quiet, json_t *record)
{
    vg_progress progress;
    json_t *rows = json_array();
    vg_json_set_text(record, "source", "pmu");
    json_object_set_new(record, "overhead", vg_counters_cost_json(vg_perf_kernel_get(), cold));
    json_object_set_new(record, "rows", rows);
    vg_progress_begin(&progress, "profile", cases->count, quiet);
    vg_status status = VG_OK;
    for (int i = 0; i < cases->count && !status && !vg_interrupted(); i++) {
        const vg_case *c = &cases->items[i];
        vg_team *team;
        status = vg_team_create(c->threads, 0, &team);
        for (int k = 0; k < c->row_count && !status; k++) {
            json_t *entry = vg_profile_entry(c->rows[k], &c->shape, c->threads);
            vg_progress_step(&progress, i, vg_json_get_text(entry, "kernel", ""));
            if (count_row(c->rows[k], c, team, cold, entry))
                vg_json_set_text(entry, "error", vg_status_message());
            json_array_append_new(rows, entry);
        }
        if (!status)
            vg_team_destroy(team);
    }
    vg_progress_end(&progress);
    return status;
}
