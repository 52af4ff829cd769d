/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench simulate: the inside of `vgbench profile --counters=sim`. Runs under callgrind, and asks
 * it to collect one run of every row with empty caches, one with warm ones, and where asked one with
 * warm caches that hold no weights. Each becomes a part
 * of callgrind's output, named by the row's place in the list that goes to -o FILE. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/profile.h"
#include "harness/net.h"
#include "harness/sweep.h"
#include "measure/cheap_fma.h"
#include "measure/client_request.h"
#include "measure/cold.h"
#include "measure/rig.h"
#include "micro/cases.h"
#include "results/results.h"
#include "vgbench/onednn.h"

/* Words of one length: they lie on the stack of the simulated program. */
static const char *const fma_words[] = {"fma", "add", NULL};
enum { ADD = 1 };

typedef struct arguments {
    const char *filter, *shapes, *fma;
    bool nets, weights;
    int64_t first, step;
    vg_options common;
    vg_words words;
} arguments;

typedef struct work {
    json_t *list;
    vg_team *team;
    int64_t place, first, step;
    bool weights; /* a third run: cold weights */
} work;

/* A row of a list that several processes share: the place-th goes to the (place % step)-th. */
static bool is_mine(work *w)
{
    int64_t place = w->place++;
    return place >= w->first && (place - w->first) % w->step == 0;
}

typedef vg_status run_fn(void *subject);

/* Collects run @p state ("cold", "hot", "cold_weights") of the row at @p place. */
static vg_status collect(run_fn *run, void *subject, int64_t place, const char *state)
{
    char name[48];
    snprintf(name, sizeof name, "%08lld %s", (long long)place, state);
    vg_client_request(VG_CALLGRIND_TOGGLE, NULL);
    vg_status status = run(subject);
    vg_client_request(VG_CALLGRIND_TOGGLE, NULL);
    vg_client_request(VG_CALLGRIND_DUMP_AT, name);
    return status;
}

/* Instrumentation that starts begins with empty caches. */
static vg_status collect_all(const work *w, run_fn *run, void *subject, const vg_plan *plan)
{
    int64_t place = w->place - 1;
    vg_client_request(VG_CALLGRIND_START, NULL);
    vg_status status = collect(run, subject, place, "cold");
    if (!status)
        status = collect(run, subject, place, "hot");
    vg_client_request(VG_CALLGRIND_STOP, NULL);
    if (status || !w->weights)
        return status;
    vg_client_request(VG_CALLGRIND_START, NULL);
    vg_cold_touch_rest(plan);
    status = collect(run, subject, place, "cold_weights");
    vg_client_request(VG_CALLGRIND_STOP, NULL);
    return status;
}

static void add_entry(work *w, json_t *entry, const char *impl, vg_status status)
{
    json_object_set_new(entry, "place", json_integer(w->place - 1));
    if (status)
        vg_json_set_text(entry, "error", vg_status_message());
    else
        vg_json_set_text(entry, "impl", impl);
    json_array_append_new(w->list, entry);
}

/* --- kernels -------------------------------------------------------------------------------- */

static vg_status run_rig(void *subject)
{
    vg_rig_run(subject);
    return VG_OK;
}

static void one_row(work *w, const vg_kernel *kernel, const vg_case *c)
{
    vg_rig rig;
    json_t *entry = vg_profile_entry(kernel, &c->shape, 1);
    vg_status status = vg_rig_create(&rig, kernel, &c->shape, w->team, 1);
    char impl[sizeof rig.impl] = "";
    if (!status) {
        status = collect_all(w, run_rig, &rig, &rig.plan);
        memcpy(impl, rig.impl, sizeof impl);
        vg_rig_release(&rig);
    }
    add_entry(w, entry, impl, status);
}

static vg_status kernels(const arguments *a, work *w)
{
    static const int one_thread = 1;
    vg_shape_list shapes;
    vg_case_list cases;
    VG_TRY(vg_shapes_load(a->shapes, &shapes));
    vg_case_query query = {.shapes = &shapes,
                           .filter = a->filter,
                           .backends = a->common.backend,
                           .threads = &one_thread,
                           .thread_count = 1};
    vg_status status = vg_cases_make(&query, &cases);
    for (int i = 0; !status && i < cases.count; i++)
        for (int k = 0; k < cases.items[i].row_count; k++)
            if (is_mine(w))
                one_row(w, cases.items[i].rows[k], &cases.items[i]);
    if (!status || cases.items)
        vg_cases_release(&cases);
    vg_shapes_release(&shapes);
    return status;
}

/* --- training steps ------------------------------------------------------------------------- */

static vg_status run_net(void *subject)
{
    return vg_net_run(subject);
}

static vg_status step_of(work *w, const vg_spec *spec)
{
    vg_net *net;
    vg_net_options options = {0};
    VG_TRY(vg_net_make(spec, &options, w->team, &net));
    vg_status status = collect_all(w, run_net, net, vg_net_plan(net));
    vg_net_destroy(net);
    return status;
}

static vg_status nets(const arguments *a, work *w)
{
    vg_sweep sweep;
    VG_TRY(vg_sweep_parse(a->words.count, (char *const *)a->words.items, &sweep));
    vg_status status = VG_OK;
    for (int64_t i = 0; i < sweep.points && !status; i++) {
        vg_spec spec;
        if (!is_mine(w))
            continue;
        status = vg_sweep_point(&sweep, i, &spec, NULL);
        if (!status)
            status = vg_spec_set(&spec, "threads", "1");
        if (!status)
            status = vg_spec_resolve(&spec, VG_FOR_TRAIN);
        if (!status)
            add_entry(w, json_object(), "", step_of(w, &spec));
    }
    vg_sweep_release(&sweep);
    return status;
}

/* -------------------------------------------------------------------------------------------- */

static vg_status simulate(const arguments *a)
{
    work w = {.list = json_array(), .first = a->first, .step = a->step,
              .weights = a->weights};
    if (a->common.outputs.count != 1)
        return vg_fail(VG_EINVAL, "simulate is a part of `vgbench profile` and needs one -o FILE");
    if (!strcmp(a->fma, fma_words[ADD]) && vg_client_request(VG_REQUEST_RUNNING, NULL))
        (void)vg_cheapen_fma();
    vg_onednn_choose_untimed();
    VG_TRY(vg_team_create(1, 0, &w.team));
    vg_status status = a->nets ? nets(a, &w) : kernels(a, &w);
    vg_team_destroy(w.team);
    if (!status)
        status = vg_results_save(w.list, a->common.outputs.items[0]);
    json_decref(w.list);
    return status;
}

typedef struct call {
    const arguments *a;
    vg_status status;
    char message[512]; /* messages are the thread's own, too */
} call;

static void *call_simulate(void *context)
{
    call *c = context;
    c->status = simulate(c->a);
    if (c->status)
        snprintf(c->message, sizeof c->message, "%s", vg_status_message());
    return NULL;
}

/* Arguments, environment and paths lie on the first thread's stack, and their lengths move it and
 * the thread's own variables: a run from another folder would count other misses. A thread has its
 * stack, its variables and its heap where they are always. */
static vg_status simulate_on_fixed_stack(const arguments *a)
{
    enum { BYTES = 8 << 20, PAGE = 4096 };
    static _Alignas(PAGE) char stack[BYTES];
    call c = {.a = a};
    pthread_attr_t attributes;
    pthread_t thread;
    int error = pthread_attr_init(&attributes);
    if (!error)
        error = pthread_attr_setstack(&attributes, stack, sizeof stack);
    if (!error)
        error = pthread_create(&thread, &attributes, call_simulate, &c);
    if (error)
        return vg_fail(VG_EEXTERNAL, "no thread can be started: %s", strerror(error));
    pthread_join(thread, NULL);
    return c.status ? vg_fail(c.status, "%s", c.message) : VG_OK;
}

int vg_cmd_simulate(int argc, char **argv)
{
    arguments a = {.step = 1, .shapes = "quick", .fma = fma_words[ADD]};
    const vg_option own[] = {
        {"filter", 0, VG_OPTION_TEXT, &a.filter, "RE", "kernel rows", NULL, 0, NULL},
        {"shapes", 's', VG_OPTION_TEXT, &a.shapes, "SET", "shape set", NULL, 0, NULL},
        {"nets", 0, VG_OPTION_FLAG, &a.nets, NULL, "the words are specs of networks", NULL, 0,
         NULL},
        {"cold-weights", 0, VG_OPTION_FLAG, &a.weights, NULL, "also a run with cold weights", NULL,
         0, NULL},
        {"fma", 0, VG_OPTION_CHOICE, &a.fma, "HOW",
         "add: fused multiply-adds become additions; fma: valgrind emulates them, slowly",
         fma_words, 0, NULL},
        {"first", 0, VG_OPTION_INT, &a.first, "N", "of the rows", NULL, 0, NULL},
        {"step", 0, VG_OPTION_INT, &a.step, "N", "every N-th row", NULL, 1, NULL},
        {0},
    };
    vg_status status = vg_options_parse(argc, argv, own, &a.common, &a.words);
    if (!status && a.common.help) {
        vg_options_help(stdout, "simulate -o FILE",
                        "Runs rows under callgrind for `vgbench profile`.", own);
        return VG_EXIT_OK;
    }
    if (!status)
        status = simulate_on_fixed_stack(&a);
    return status ? vg_exit_with(argv[0], status) : VG_EXIT_OK;
}
