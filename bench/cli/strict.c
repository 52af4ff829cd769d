/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/strict.h"

#include <jansson.h>
#include <stdio.h>

#include "measure/machine.h"

bool vg_strict_refuses(const char *command)
{
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
