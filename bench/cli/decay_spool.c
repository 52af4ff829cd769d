/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/decay_spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "results/results.h"
#include "results/save.h"

enum { DUMP = JSON_COMPACT | JSON_REAL_PRECISION(9) };

static vg_status failed(void)
{
    return vg_fail(VG_EIO, "the temporary file of the records: %s", strerror(errno));
}

vg_status vg_spool_open(vg_spool *spool)
{
    *spool = (vg_spool){.file = tmpfile()}; /* in TMPDIR or /tmp */
    return spool->file ? VG_OK : failed();
}

vg_status vg_spool_add(vg_spool *spool, const json_t *record)
{
    if (json_dumpf(record, spool->file, DUMP) || fputc('\n', spool->file) == EOF ||
        fflush(spool->file))
        return failed();
    spool->count++;
    return VG_OK;
}

/* Lines from the first on; NULL past the last, or where reading fails. */
static char *next_line(vg_spool *spool, char **line, size_t *size)
{
    ssize_t n = getline(line, size, spool->file);
    if (n <= 0)
        return NULL;
    (*line)[n - 1] = '\0';
    return *line;
}

vg_status vg_spool_each(vg_spool *spool, vg_status (*each)(const json_t *record, void *data),
                        void *data)
{
    char *line = NULL;
    size_t size = 0;
    vg_status status = VG_OK;
    rewind(spool->file);
    for (long long i = 0; i < spool->count && status == VG_OK; i++) {
        char *text = next_line(spool, &line, &size);
        json_t *record = text ? json_loads(text, 0, NULL) : NULL;
        status = record ? each(record, data) : failed();
        json_decref(record);
    }
    free(line);
    fseek(spool->file, 0, SEEK_END);
    return status;
}

static vg_status copy_lines(vg_spool *spool, FILE *out)
{
    char *line = NULL, *text = NULL;
    size_t size = 0;
    long long i = 0;
    rewind(spool->file);
    for (; i < spool->count && (text = next_line(spool, &line, &size)); i++)
        fprintf(out, "%s%s", i ? ",\n" : "", text);
    free(line);
    fseek(spool->file, 0, SEEK_END);
    return i == spool->count ? VG_OK : failed();
}

vg_status vg_spool_save(vg_spool *spool, const json_t *results, const char *path)
{
    vg_file file;
    char *head = json_dumps(results, DUMP);
    if (!head)
        return vg_fail(VG_ENOMEM, "out of memory for the results");
    vg_status status = vg_file_open(path, &file);
    if (status == VG_OK) {
        head[strlen(head) - 1] = '\0'; /* its closing brace */
        fprintf(file.stream, "%s,\n\"decay\": [\n", head);
        status = copy_lines(spool, file.stream);
        fputs("\n]}\n", file.stream);
        vg_status closed = vg_file_close(&file, status == VG_OK);
        status = status != VG_OK ? status : closed;
    }
    free(head);
    return status;
}

void vg_spool_close(vg_spool *spool)
{
    if (spool->file)
        fclose(spool->file);
    *spool = (vg_spool){0};
}
