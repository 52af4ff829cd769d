/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/strict.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure/binding.h"
#include "measure/machine.h"

static void warn_of_crowd(const char *command)
{
    static const char VARIABLE[] = "VGBENCH_WARNED_CROWDED";
    char text[VG_CROWDED_TEXT];
    if (getenv(VARIABLE) || !vg_binding_crowded(vg_binding_most_threads(), text))
        return;
    fprintf(stderr,
            "vgbench %s: warning: %s: they take turns, so times are up to the scheduler; rows with "
            "more threads than CPUs are not called (--threads=all: one on each CPU)\n",
            command, text);
    setenv(VARIABLE, "1", 1);
}

bool vg_environment_refused(const char *command, bool strict)
{
    if (!strict) {
        warn_of_crowd(command);
        return false;
    }
    size_t index;
    json_t *machine = vg_machine_json(), *warning;
    const json_t *warnings = json_object_get(machine, "warnings");
    bool refuses = json_array_size(warnings) > 0;
    json_array_foreach(warnings, index, warning)
        fprintf(stderr, "vgbench %s: refused by --strict: %s\n", command,
                json_string_value(warning));
    json_decref(machine);
    return refuses;
}
