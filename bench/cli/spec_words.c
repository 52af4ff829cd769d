/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/spec_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/progress.h"
#include "results/results.h"

vg_status vg_spec_words_parse(const vg_options *options, const vg_words *words, vg_sweep *sweep)
{
    static const char *const keys[] = {"threads", "backend", "seed"};
    const char *texts[] = {options->threads_text, options->backend, options->seed_text};
    char synonyms[3][256];
    char **all = calloc((size_t)words->count + 3, sizeof *all);
    if (!all)
        return vg_fail(VG_ENOMEM, "out of memory for the words");
    int count = 0, first_vs = 0;
    while (first_vs < words->count && strcmp(words->items[first_vs], "vs"))
        all[count++] = (char *)words->items[first_vs++];
    for (int i = 0; i < 3; i++)
        if (texts[i] && strcmp(texts[i], "all")) {
            snprintf(synonyms[i], sizeof synonyms[i], "%s=%s", keys[i], texts[i]);
            all[count++] = synonyms[i];
        }
    for (int i = first_vs; i < words->count; i++)
        all[count++] = (char *)words->items[i];
    vg_status status = vg_sweep_parse(count, all, sweep);
    free(all);
    return status;
}

void vg_spec_words_idle(const vg_spec *spec, vg_purpose purpose, bool quiet,
                        char said[VG_IDLE_TEXT])
{
    char text[VG_IDLE_TEXT];
    int count = vg_spec_idle(spec, purpose, text, sizeof text);
    if (!count || !strcmp(text, said))
        return;
    snprintf(said, VG_IDLE_TEXT, "%s", text);
    vg_say(quiet, "%s: %s no effect %s", text, count > 1 ? "have" : "has",
           purpose == VG_FOR_TRAIN ? "in this spec" : "here: nothing is trained");
}

void vg_spec_words_skip(int64_t point, const char *name, json_t **list)
{
    vg_say(false, "skipped: %s: %s", name, vg_status_message());
    json_t *one = json_object();
    json_object_set_new(one, "point", json_integer(point + 1));
    vg_json_set_text(one, "name", name);
    vg_json_set_text(one, "reason", vg_status_message());
    if (!*list)
        *list = json_array();
    json_array_append_new(*list, one);
}

void vg_spec_csv_head(FILE *out)
{
    int count;
    const vg_key *keys = vg_spec_keys(&count);
    for (int i = 0; i < count; i++)
        fprintf(out, ",spec.%s", keys[i].name);
}

void vg_spec_csv(FILE *out, const json_t *spec)
{
    int count;
    const vg_key *keys = vg_spec_keys(&count);
    for (int i = 0; i < count; i++) {
        const json_t *value = json_object_get(spec, keys[i].name);
        if (json_is_string(value)) {
            fputc(',', out);
            vg_csv_text(out, json_string_value(value));
        } else {
            vg_csv_number(out, json_is_number(value) ? json_number_value(value) : (double)NAN);
        }
    }
}
