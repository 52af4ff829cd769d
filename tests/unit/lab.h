/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the laboratory share: specs from words, runs of networks. Include after cmocka.h. */
#ifndef VG_TESTS_LAB_H
#define VG_TESTS_LAB_H

#include <stdio.h>
#include <string.h>

#include "harness/decay.h"
#include "harness/net.h"

static inline vg_spec lab_spec(const char *words)
{
    char copy[512], *rest = NULL;
    vg_spec spec;
    vg_spec_init(&spec);
    vg_spec_set(&spec, "threads", "1"); /* unless the words say more: tests run side by side */
    snprintf(copy, sizeof copy, "%s", words);
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(w, '=');
        *equals = '\0';
        if (vg_spec_set(&spec, w, equals + 1) != VG_OK)
            fail_msg("%s: %s", words, vg_status_message());
    }
    if (vg_spec_resolve(&spec, VG_FOR_DECAY) != VG_OK)
        fail_msg("%s: %s", words, vg_status_message());
    return spec;
}

/* A network of @p words with its data, after one run with the spec's seed. */
typedef struct lab_net {
    vg_spec spec;
    vg_team *team;
    vg_net *net;
} lab_net;

static inline lab_net lab_run(const char *words, bool keep, bool monitor)
{
    lab_net lab = {.spec = lab_spec(words)};
    vg_net_options options = {.keep = keep, .monitor = monitor};
    vg_data data;
    vg_status status = vg_team_create((int)lab.spec.threads, 0, &lab.team);
    if (!status)
        status = vg_net_create(&lab.spec, &options, lab.team, &lab.net);
    if (!status)
        status = vg_data_make(&lab.spec, lab.spec.batch, &data);
    if (!status)
        status = vg_net_load(lab.net, &data);
    if (!status)
        status = vg_net_init(lab.net, lab.spec.seed);
    if (!status)
        status = vg_net_run(lab.net);
    if (status)
        fail_msg("%s: %s", words, vg_status_message());
    vg_data_release(&data);
    return lab;
}

static inline void lab_release(lab_net *lab)
{
    vg_net_destroy(lab->net);
    vg_team_destroy(lab->team);
}

static inline json_t *lab_record(const char *words)
{
    vg_spec spec = lab_spec(words);
    vg_decay_options options = {0};
    json_t *record = NULL;
    if (vg_decay_measure(&spec, &options, &record) != VG_OK)
        fail_msg("%s: %s", words, vg_status_message());
    return record;
}

#endif
