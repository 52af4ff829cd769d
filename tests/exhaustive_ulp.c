/* SPDX-License-Identifier: Apache-2.0 */
/* The error of every activation row over all 2^32 f32 inputs, as JSON on stdout. Not a CTest: an op
 * takes minutes. reports/gallery/ulp_exhaustive.json was made with it:
 *
 *   exhaustive_ulp [--backends=A,B] [--step=N] [op/dir ...] > ulp_exhaustive.json
 *
 * --step=N takes every Nth input; without --backends all rows run but oneDNN's. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "act_sweep.h"
#include "vgbench/onednn.h"

static void print_worst(const char *name, sweep_worst worst)
{
    /* a row that gives NaN or infinity for a finite result has no number of ulps */
    if (isfinite(worst.value))
        printf(", \"%s\": %.6g, \"%s_at\": %.9g", name, worst.value, name, (double)worst.at);
    else
        printf(", \"%s\": null, \"%s_at\": %.9g", name, name, (double)worst.at);
}

static void print_row(const sweep *s, const sweep_row *row, int first)
{
    printf("%s\n    {\"op\": \"%s\", \"dir\": \"%s\", \"backend\": \"%s\", \"inputs\": %lld, "
           "\"wrong_special\": %lld",
           first ? "" : ",", vg_op_name(s->op), vg_dir_name(s->dir),
           vg_backend_name(row->kernel->backend), (long long)row->inputs,
           (long long)row->wrong_special);
    if (s->dir == VG_DIR_fwd) {
        print_worst("ulp_max", row->ulp);
        print_worst("ulp_max_from_minus_1", row->ulp_right);
        print_worst("abs_max_below_minus_1", row->abs_left);
    } else {
        print_worst("eps_max", row->eps);
    }
    printf("}");
}

static void print_machine(void)
{
    char line[256], model[200] = "unknown";
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "model name : %199[^\n]", model) == 1)
            break;
    if (file)
        fclose(file);
    char date[32];
    time_t now = time(NULL);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    printf("{\n  \"machine\": \"%s\",\n  \"date\": \"%s\",\n  \"onednn\": \"%s\",\n", model, date,
           vg_onednn_version());
}

static int wanted(int count, char **words, vg_op op, vg_dir dir)
{
    char name[64];
    snprintf(name, sizeof name, "%s/%s", vg_op_name(op), vg_dir_name(dir));
    int none = 1;
    for (int i = 1; i < count; i++) {
        if (!strncmp(words[i], "--", 2))
            continue;
        none = 0;
        if (!strcmp(words[i], name))
            return 1;
    }
    return none;
}

int main(int count, char **words)
{
    static sweep s;
    uint64_t step = 1;
    const char *backends = NULL;
    int first = 1;
    for (int i = 1; i < count; i++) {
        if (!strncmp(words[i], "--step=", 7) && atoll(words[i] + 7) > 0)
            step = (uint64_t)atoll(words[i] + 7);
        if (!strncmp(words[i], "--backends=", 11))
            backends = words[i] + 11;
    }
    print_machine();
    printf("  \"step\": %llu,\n  \"rows\": [", (unsigned long long)step);
    for (int op = VG_OP_relu; op <= VG_OP_silu; op++)
        for (int dir = VG_DIR_fwd; dir <= VG_DIR_bwd; dir++) {
            if (op == VG_OP_prelu || !wanted(count, words, (vg_op)op, (vg_dir)dir))
                continue;
            if (sweep_open(&s, (vg_op)op, (vg_dir)dir, backends) != VG_OK ||
                sweep_range(&s, 0, UINT64_C(1) << 32, step) != VG_OK) {
                fprintf(stderr, "%s\n", vg_status_message());
                return 1;
            }
            for (int r = 0; r < s.count; r++, first = 0)
                print_row(&s, &s.rows[r], first);
            fflush(stdout);
            sweep_close(&s);
        }
    printf("\n  ]\n}\n");
    return 0;
}
