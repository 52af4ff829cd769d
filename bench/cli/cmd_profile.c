/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench profile: what the caches see of kernels and of training steps. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/profile.h"
#include "cli/strict.h"
#include "measure/flush.h"
#include "measure/interrupt.h"
#include "results/results.h"

static const char usage[] =
    "profile [--filter=RE] [--shapes=SET] [--counters=auto|pmu|sim|none] [--cold-cache=wei|all]\n"
    "       vgbench profile SPEC [--counters=...]     as depth=32 norm=none,batch,layer\n"
    "       vgbench profile --working-set [--filter=RE] [--largest=MIB]\n"
    "       vgbench profile --scaling [SPEC|--filter=RE] [--threads=1,2,all]";
static const char text[] =
    "With a spec: the bytes that a forward and backward pass of each network moves, by the model and\n"
    "by counters, and the bandwidth that is reached at each level. Without one, of kernels:\n"
    "Instructions, loads, stores and cache misses of kernels, own and oneDNN. Without hardware\n"
    "counters they are simulated by valgrind's callgrind with this machine's caches: the same in\n"
    "every run, on the AVX2 path, marked as simulated. --cold-cache: counts and times with the\n"
    "weights, or everything, out of all caches; that they are out is measured and recorded.";

static const char *const counter_words[] = {"auto", "pmu", "sim", "none", NULL};

static vg_status print_table(FILE *out, vg_format format, const void *data)
{
    const json_t *record = data;
    if (!strcmp(vg_json_get_text(record, "kind", ""), "steps"))
        vg_profile_steps_table(out, format, record);
    else if (!strcmp(vg_json_get_text(record, "kind", ""), "scaling"))
        vg_profile_scaling_table(out, format, record);
    else if (!strcmp(vg_json_get_text(record, "kind", ""), "working_set"))
        vg_profile_sets_table(out, format, record);
    else
        vg_profile_kernels_table(out, format, record);
    return VG_OK;
}

static vg_status profile(const vg_profile_query *query, const char *command, int *code)
{
    const vg_options *o = query->options;
    json_t *record = NULL;
    if (query->words.count && query->filter)
        return vg_fail(VG_EINVAL, "--filter selects kernels, '%s' is a spec: give one of them",
                       query->words.items[0]);
    VG_TRY(vg_outputs_check(o));
    vg_interrupt_install();
    vg_profile_conditions(o);
    vg_status status = query->scaling       ? vg_profile_scaling(query, &record)
                       : query->working_set ? vg_profile_sets(query, &record)
                       : query->words.count ? vg_profile_steps(query, &record)
                                            : vg_profile_kernels(query, &record);
    if (!record)
        return status;
    /* Counters that cannot be had leave a record with the reason; what was asked for by name is an
     * error. */
    char message[512];
    strcpy(message, status ? vg_status_message() : "");
    json_t *results = vg_results_new("profile", command);
    json_object_set_new(results, "profile", json_pack("[o]", record));
    vg_output output = {results, print_table, record};
    vg_status saved = vg_outputs_save(o, &output);
    if (!saved)
        saved = vg_output_write(&output, o->format, "-");
    json_decref(results);
    if (status && !saved) {
        *code = VG_EXIT_FAILED;
        fprintf(stderr, "vgbench profile: %s\n", message);
    }
    return saved;
}

int vg_cmd_profile(int argc, char **argv)
{
    vg_options options;
    const char *cold = NULL;
    vg_profile_query query = {.shapes = "quick", .counters = "auto", .options = &options};
    const vg_option own[] = {
        {"filter", 0, VG_OPTION_TEXT, &query.filter, "RE", "rows whose name matches; -RE: does not",
         NULL, 0, NULL},
        {"shapes", 's', VG_OPTION_TEXT, &query.shapes, "SET", VG_SHAPES_HELP,
         NULL, 0, NULL},
        {"counters", 0, VG_OPTION_CHOICE, &query.counters, "FROM",
         "auto: of the CPU where it has any, else simulated; pmu, sim, none", counter_words, 0,
         NULL},
        {"cold-cache", 0, VG_OPTION_CHOICE, &cold, "MODE",
         "none; out of all caches before every call: wei (the weights), all (every tensor)",
         vg_cold_names, 0, NULL},
        {"scaling", 0, VG_OPTION_FLAG, &query.scaling, NULL,
         "time on 1 thread and on more, imbalance and waiting", NULL, 0, NULL},
        {"working-set", 0, VG_OPTION_FLAG, &query.working_set, NULL,
         "time on growing tensors, from the first cache to memory", NULL, 0, NULL},
        {"largest", 0, VG_OPTION_INT, &query.largest_mib, "MIB",
         "its largest tensor (four times the last cache, 256 at most)", NULL, 1, NULL},
        {0},
    };
    char *command = vg_command_line(argc, argv);
    int code = VG_EXIT_OK;
    vg_status status = vg_options_parse(argc, argv, own, &options, &query.words);
    if (!status && options.help) {
        vg_options_help(stdout, usage, text, own);
    } else if (!status && vg_environment_refused(argv[0], options.strict)) {
        code = VG_EXIT_REFUSED;
    } else {
        if (!status && !vg_cold_by_name(cold, &query.cold))
            status = vg_fail(VG_EINVAL, "--cold-cache=%s: allowed are none, wei, all", cold);
        if (!status && query.scaling + query.working_set + (query.cold != VG_COLD_NONE) > 1)
            status = vg_fail(VG_EINVAL, "--scaling, --working-set, --cold-cache: give one of them");
        if (!status && query.cold)
            status = vg_flush_usable();
        if (!status)
            status = profile(&query, command, &code);
        if (status)
            code = vg_exit_with(argv[0], status);
    }
    free(command);
    return code;
}
