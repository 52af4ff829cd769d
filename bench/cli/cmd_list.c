/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench list: the rows of the registry, or with --keys the shape words of every op. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/output.h"
#include "measure/filter.h"
#include "results/results.h"
#include "vgbench/kernel.h"

/* --- kernel rows ------------------------------------------------------------------------------ */

static json_t *kernel_json(const vg_kernel *kernel, const char *name)
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

static vg_status collect_kernels(const char *pattern, json_t *rows)
{
    vg_filter filter;
    VG_TRY(vg_filter_compile(&filter, pattern));
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i);
        char name[96];
        snprintf(name, sizeof name, "%s/%s/%s", vg_op_name(kernel->op), vg_dir_name(kernel->dir),
                 vg_backend_name(kernel->backend));
        if (vg_filter_match(&filter, name))
            json_array_append_new(rows, kernel_json(kernel, name));
    }
    vg_filter_release(&filter);
    if (!json_array_size(rows))
        return vg_fail(VG_EINVAL, "--filter=%s: no kernel row matches", pattern);
    return VG_OK;
}

static vg_status print_kernels(FILE *out, vg_format format, const void *rows)
{
    size_t i;
    json_t *row;
    if (format == VG_FORMAT_CSV)
        fputs("kernel,impl,not_here\n", out);
    if (format == VG_FORMAT_MD)
        fputs("| kernel | how | not here |\n|---|---|---|\n", out);
    json_array_foreach((json_t *)rows, i, row) {
        const char *name = vg_json_get_text(row, "kernel", ""),
                   *impl = vg_json_get_text(row, "impl", ""),
                   *reason = vg_json_get_text(row, "reason", "");
        if (format == VG_FORMAT_CSV) {
            fprintf(out, "%s,", name);
            vg_csv_text(out, impl);
            fputc(',', out);
            vg_csv_text(out, reason);
            fputc('\n', out);
        } else if (format == VG_FORMAT_MD) {
            fprintf(out, "| `%s` | %s | %s |\n", name, impl, reason);
        } else {
            fprintf(out, "%-36s %s%s%s\n", name, impl, *reason ? "  not here: " : "", reason);
        }
    }
    return VG_OK;
}

/* --- shape words ------------------------------------------------------------------------------ */

static json_t *op_json(vg_op op)
{
    json_t *row = json_object(), *extents = json_array(), *dirs = json_array();
    vg_json_set_text(row, "op", vg_op_name(op));
    for (int i = 0; i < vg_op_extents(op); i++)
        json_array_append_new(extents, json_string(vg_op_key(op, i)));
    for (int dir = 0; dir < VG_DIR_COUNT; dir++)
        if (vg_op_has_dir(op, (vg_dir)dir))
            json_array_append_new(dirs, json_string(vg_dir_name((vg_dir)dir)));
    json_object_set_new(row, "extents", extents);
    json_object_set_new(row, "directions", dirs);
    json_object_set_new(row, "weights", json_boolean(vg_op_has_weights(op)));
    json_object_set_new(row, "act", json_boolean(vg_op_has_act(op)));
    json_object_set_new(row, "norm", json_boolean(vg_op_has_norm(op)));
    return row;
}

static vg_status print_keys(FILE *out, vg_format format, const void *data)
{
    (void)data; /* the ops are those of this program */
    if (format == VG_FORMAT_CSV)
        fputs("op,shape_words\n", out);
    if (format == VG_FORMAT_MD)
        fputs("| op | shape words |\n|---|---|\n", out);
    for (int op = 1; op < VG_OP_COUNT; op++) {
        char words[160];
        vg_help_shape_words((vg_op)op, words, sizeof words);
        const char *line = format == VG_FORMAT_CSV  ? "%s,%s\n"
                           : format == VG_FORMAT_MD ? "| `%s` | %s |\n"
                                                    : "%-16s %s\n";
        fprintf(out, line, vg_op_name((vg_op)op), words);
    }
    return VG_OK;
}

/* --- the command ------------------------------------------------------------------------------ */

static vg_status list(const vg_options *options, bool keys, const char *pattern)
{
    json_t *rows = json_array();
    vg_output output = {rows, keys ? print_keys : print_kernels, rows};
    vg_status status = vg_outputs_check(options);
    for (int op = 1; keys && op < VG_OP_COUNT; op++)
        json_array_append_new(rows, op_json((vg_op)op));
    if (!status && !keys)
        status = collect_kernels(pattern, rows);
    if (!status)
        status = vg_output_write(&output, options->format, "-");
    if (!status)
        status = vg_outputs_save(options, &output);
    json_decref(rows);
    return status;
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
        status = vg_fail(VG_EINVAL, "'%s': takes no words; use --filter", words.items[0]);
    if (!status && keys && pattern)
        status = vg_fail(VG_EINVAL, "--keys lists every op: without --filter");
    if (!status)
        status = list(&options, keys, pattern);
    return status ? vg_exit_with(argv[0], status) : VG_EXIT_OK;
}
