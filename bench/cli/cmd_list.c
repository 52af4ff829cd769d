/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench list: the rows of the registry, or with --keys the shape words of every op. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/options.h"
#include "measure/filter.h"
#include "results/results.h"
#include "vgbench/kernel.h"

static json_t *row_json(const vg_kernel *kernel, const char *name)
{
    vg_status status = vg_kernel_usable(kernel);
    json_t *row = json_object();
    vg_json_set_text(row, "kernel", name);
    vg_json_set_text(row, "op", vg_op_name(kernel->op));
    vg_json_set_text(row, "dir", vg_dir_name(kernel->dir));
    vg_json_set_text(row, "backend", vg_backend_name(kernel->backend));
    vg_json_set_text(row, "impl", kernel->impl->impl);
    json_object_set_new(row, "usable", json_boolean(!status));
    vg_json_set_text(row, "reason", status ? vg_status_message() : NULL);
    return row;
}

static void print_row(const json_t *row, vg_format format)
{
    const char *name = vg_json_get_text(row, "kernel", ""),
               *impl = vg_json_get_text(row, "impl", "");
    const char *reason = vg_json_get_text(row, "reason", "");
    if (format == VG_FORMAT_CSV)
        printf("%s,\"%s\",\"%s\"\n", name, impl, reason);
    else if (format == VG_FORMAT_MD)
        printf("| `%s` | %s | %s |\n", name, impl, reason);
    else
        printf("%-36s %s%s%s\n", name, impl, *reason ? "  not here: " : "", reason);
}

static vg_status list_kernels(const vg_options *options, const char *pattern)
{
    vg_filter filter;
    VG_TRY(vg_filter_compile(&filter, pattern));
    json_t *rows = json_array();
    if (options->format == VG_FORMAT_CSV)
        printf("kernel,impl,not_here\n");
    if (options->format == VG_FORMAT_MD)
        printf("| kernel | how | not here |\n|---|---|---|\n");
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i);
        char name[96];
        snprintf(name, sizeof name, "%s/%s/%s", vg_op_name(kernel->op), vg_dir_name(kernel->dir),
                 vg_backend_name(kernel->backend));
        if (!vg_filter_match(&filter, name))
            continue;
        json_t *row = row_json(kernel, name);
        if (options->format != VG_FORMAT_JSON)
            print_row(row, options->format);
        json_array_append_new(rows, row);
    }
    vg_filter_release(&filter);
    vg_status status = VG_OK;
    if (!json_array_size(rows))
        status = vg_fail(VG_EINVAL, "--filter=%s: no kernel row matches", pattern);
    else if (options->format == VG_FORMAT_JSON)
        status = vg_results_save(rows, "-");
    json_decref(rows);
    return status;
}

static void print_keys(void)
{
    for (int op = 1; op < VG_OP_COUNT; op++) {
        printf("%-16s", vg_op_name((vg_op)op));
        for (int i = 0; i < vg_op_extents((vg_op)op); i++)
            printf(" %s", vg_op_key((vg_op)op, i));
        if (vg_op_has_weights((vg_op)op))
            printf(" weights:plain|packed");
        if (vg_op_has_act((vg_op)op))
            printf(" act:ACTIVATION");
        if (vg_op_has_norm((vg_op)op))
            printf(" norm:NORM");
        putchar('\n');
    }
}

int vg_cmd_list(int argc, char **argv)
{
    bool keys = false;
    const char *pattern = NULL;
    const vg_option own[] = {
        {"keys", 0, VG_OPTION_FLAG, &keys, NULL, "ops and the keys of their shapes", NULL, 0, NULL},
        {"filter", 0, VG_OPTION_TEXT, &pattern, "RE", "rows whose name matches; -RE: does not",
         NULL, 0, NULL},
        {0},
    };
    vg_options options;
    vg_words words;
    vg_status status = vg_options_parse(argc, argv, own, &options, &words);
    if (!status && options.help) {
        vg_options_help(stdout, "list [--keys] [--filter=RE]",
                        "Every kernel row that was built, and why it does not run here.", own);
        return VG_EXIT_OK;
    }
    if (!status && words.count)
        status = vg_fail(VG_EINVAL, "'%s': takes no words", words.items[0]);
    if (!status && keys)
        print_keys();
    else if (!status)
        status = list_kernels(&options, pattern);
    return status ? vg_exit_with(argv[0], status) : VG_EXIT_OK;
}
