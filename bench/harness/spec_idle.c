/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that were given and change nothing in this spec. */
#include <stdio.h>
#include <string.h>

#include "harness/spec.h"

static bool never(const vg_spec *s)
{
    (void)s;
    return false;
}

static bool always(const vg_spec *s)
{
    (void)s;
    return true;
}

static bool has_momentum(const vg_spec *s) { return s->optimizer == VG_OP_momentum; }
static bool is_adamw(const vg_spec *s) { return s->optimizer == VG_OP_adamw; }
static bool is_adam(const vg_spec *s) { return is_adamw(s) || s->optimizer == VG_OP_adam; }
static bool counts_epochs(const vg_spec *s) { return !s->steps; }

/* Keys of the training: whether one acts while training; without training none does. */
static const struct {
    const char *key;
    bool (*acts)(const vg_spec *);
} training[] = {
    {"optimizer", always},          {"lr", always},
    {"momentum", has_momentum},     {"beta1", is_adam},
    {"beta2", is_adam},             {"eps", is_adam},
    {"weight_decay", is_adamw},     {"schedule", always},
    {"warmup", always},             {"epochs", counts_epochs},
    {"steps", always},              {"clip_norm", always},
    {"target_loss", always},        {"target_accuracy", always},
};

static bool was_given(const vg_spec *spec, const char *name)
{
    int count;
    const vg_key *keys = vg_spec_keys(&count);
    for (int i = 0; i < count; i++)
        if (!strcmp(keys[i].name, name))
            return spec->given >> i & 1;
    return false;
}

int vg_spec_idle(const vg_spec *spec, vg_purpose purpose, char *text, size_t size)
{
    int found = 0;
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof training / sizeof *training; i++) {
        bool (*acts)(const vg_spec *) = purpose == VG_FOR_TRAIN ? training[i].acts : never;
        if (!was_given(spec, training[i].key) || acts(spec))
            continue;
        int n = snprintf(text + used, size - used, "%s%s", found++ ? ", " : "", training[i].key);
        used += n > 0 && (size_t)n < size - used ? (size_t)n : 0;
    }
    return found;
}
