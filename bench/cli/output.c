/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <math.h>
#include <stdlib.h>

#include "reports/text.h"
#include "results/results.h"

vg_status vg_outputs_check(const vg_options *options)
{
    for (int i = 0; i < options->outputs.count; i++)
        VG_TRY(vg_file_check(options->outputs.items[i]));
    return VG_OK;
}

vg_status vg_output_write(const vg_output *output, vg_format format, const char *path)
{
    char *text = NULL;
    size_t size = 0;
    if (format == VG_FORMAT_JSON)
        return vg_results_save(output->document, path);
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return vg_fail(VG_ENOMEM, "out of memory for %s", path);
    vg_status status = output->print(memory, format, output->data);
    if (fclose(memory) && status == VG_OK)
        status = vg_fail(VG_ENOMEM, "out of memory for %s", path);
    if (status == VG_OK)
        status = vg_file_save(path, text, size);
    free(text);
    return status;
}

vg_status vg_outputs_save(const vg_options *options, const vg_output *output)
{
    vg_status status = VG_OK;
    for (int i = 0; i < options->outputs.count; i++) {
        const char *path = options->outputs.items[i];
        vg_format format;
        vg_status one = vg_format_of_file(path, &format);
        if (one == VG_OK)
            one = vg_output_write(output, format, path);
        status = status ? status : one;
    }
    return status;
}

static void put(FILE *out, vg_text *text)
{
    if (text->p)
        fwrite(text->p, 1, text->len, out);
    free(text->p);
}

void vg_csv_text(FILE *out, const char *text)
{
    vg_text cell = {0};
    vg_text_csv(&cell, text);
    put(out, &cell);
}

void vg_csv_number(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, ",%.9g", value);
    else
        fputc(',', out);
}

void vg_md_text(FILE *out, const char *text)
{
    vg_text cell = {0};
    vg_text_md(&cell, text);
    put(out, &cell);
}
