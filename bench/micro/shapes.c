/* SPDX-License-Identifier: Apache-2.0 */
#include "micro/shapes.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/nearest.h"

/* --- one line --------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    vg_family family;
} families[] = {
    {"activations", VG_FAMILY_ACTIVATION}, {"norms", VG_FAMILY_NORM},
    {"residuals", VG_FAMILY_RESIDUAL},     {"losses", VG_FAMILY_LOSS},
    {"optimizers", VG_FAMILY_OPTIMIZER},
};
enum { FAMILIES = sizeof families / sizeof *families };

static vg_status add(vg_shape_list *list, vg_op op, vg_dir dir, const vg_shape *shape)
{
    if (list->count == list->capacity) {
        int capacity = list->capacity ? 2 * list->capacity : 64;
        vg_shape_line *grown = realloc(list->items, (size_t)capacity * sizeof *grown);
        if (!grown)
            return vg_fail(VG_ENOMEM, "out of memory for %d shapes", capacity);
        list->items = grown;
        list->capacity = capacity;
    }
    list->items[list->count++] = (vg_shape_line){op, dir, *shape};
    return VG_OK;
}

/* The members of a family that take two extents, and those whose third follows from them. */
static vg_status add_family(vg_shape_list *list, vg_family family, vg_dir dir, const char *words)
{
    enum { GROUPS = 8 };
    for (int op = 1; op < VG_OP_COUNT; op++) {
        char all[300];
        vg_shape shape;
        if (vg_op_family((vg_op)op) != family || vg_op_has_act((vg_op)op) ||
            vg_op_has_norm((vg_op)op))
            continue;
        snprintf(all, sizeof all, "%s", words);
        if (op == VG_OP_prelu) {
            long long batch, width;
            if (sscanf(words, "%lld %lld", &batch, &width) == 2)
                snprintf(all, sizeof all, "%.200s %lld", words, width);
        } else if (op == VG_OP_group_norm) {
            snprintf(all, sizeof all, "%.200s %d", words, GROUPS);
        }
        VG_TRY(vg_shape_parse(op, all, &shape));
        VG_TRY(add(list, (vg_op)op, dir, &shape));
    }
    return VG_OK;
}

static vg_status unknown_op(const char *word)
{
    const char *names[VG_OP_COUNT + FAMILIES + 1];
    char hint[64];
    int count = 0;
    for (int op = 1; op < VG_OP_COUNT; op++)
        names[count++] = vg_op_name((vg_op)op);
    for (int i = 0; i < FAMILIES; i++)
        names[count++] = families[i].word;
    names[count] = NULL;
    return vg_fail(VG_EINVAL, "'%s' is no op (vgbench list --keys lists them)%s", word,
                   vg_did_you_mean(word, names, hint, sizeof hint));
}

static vg_status read_dir(char *word, vg_dir *dir)
{
    char *slash = strchr(word, '/');
    *dir = VG_DIR_COUNT;
    if (!slash)
        return VG_OK;
    *slash = '\0';
    *dir = vg_dir_by_name(slash + 1);
    if (*dir == VG_DIR_COUNT)
        return vg_fail(VG_EINVAL, "'%s' is no direction", slash + 1);
    return VG_OK;
}

vg_status vg_shapes_add(const char *line, vg_shape_list *list)
{
    char word[64];
    vg_dir dir;
    vg_shape shape;
    line += strspn(line, " \t\r\n");
    size_t length = strcspn(line, " \t\r\n#"), end = strcspn(line, "\r\n#");
    char words[256];
    if (!length)
        return VG_OK;
    snprintf(word, sizeof word, "%.*s", (int)(length < 63 ? length : 63), line);
    if (end - length >= sizeof words)
        return vg_fail(VG_EINVAL, "a line of more than %zu characters", sizeof words);
    snprintf(words, sizeof words, "%.*s", (int)(end - length), line + length);
    VG_TRY(read_dir(word, &dir));
    for (int i = 0; i < FAMILIES; i++)
        if (!strcmp(word, families[i].word))
            return add_family(list, families[i].family, dir, words + strspn(words, " \t"));
    vg_op op = vg_op_by_name(word);
    if (op == VG_OP_none)
        return unknown_op(word);
    if (dir != VG_DIR_COUNT && !vg_op_has_dir(op, dir))
        return vg_fail(VG_EINVAL, "%s has no direction %s", word, vg_dir_name(dir));
    VG_TRY(vg_shape_parse(op, words, &shape));
    return add(list, op, dir, &shape);
}

/* --- files ------------------------------------------------------------------------------------ */

vg_status vg_data_path(const char *name, char *path, size_t size)
{
    const char *data = getenv("VGBENCH_DATA");
    int n;
    if (data && *data) {
        n = snprintf(path, size, "%s/%s", data, name);
    } else {
        char program[2048];
        ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
        program[length > 0 ? length : 0] = '\0';
        char *slash = strrchr(program, '/');
        if (slash)
            *slash = '\0';
        n = snprintf(path, size, "%s/../share/vgbench/%s", *program ? program : ".", name);
    }
    if (n < 0 || (size_t)n >= size)
        return vg_fail(VG_EIO, "the path of %s is too long", name);
    return VG_OK;
}

static vg_status read_file(const char *path, vg_shape_list *list)
{
    char line[512], reason[300];
    FILE *in = fopen(path, "r");
    vg_status status = VG_OK;
    if (!in)
        return vg_fail(VG_EIO, "--shapes=%s: %s", path, strerror(errno));
    for (int number = 1; !status && fgets(line, sizeof line, in); number++) {
        status = vg_shapes_add(line, list);
        if (status) {
            snprintf(reason, sizeof reason, "%.299s", vg_status_message());
            status = vg_fail(status, "%s:%d: %s", path, number, reason);
        }
    }
    fclose(in);
    if (!status && !list->count)
        return vg_fail(VG_EINVAL, "%s: no shape in it", path);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const vg_shape_set *)a)->name, ((const vg_shape_set *)b)->name);
}

/* The first line of a set's file, without its "# ". */
static void read_about(const char *folder, vg_shape_set *set)
{
    char path[4200];
    set->about[0] = '\0';
    snprintf(path, sizeof path, "%s/%s.txt", folder, set->name);
    FILE *in = fopen(path, "r");
    if (in && fgets(set->about, sizeof set->about, in) && set->about[0] == '#')
        memmove(set->about, set->about + 2, strlen(set->about + 1));
    else
        set->about[0] = '\0';
    set->about[strcspn(set->about, "\n")] = '\0';
    if (in)
        fclose(in);
}

int vg_shape_sets(vg_shape_set sets[VG_SHAPE_SETS_MAX])
{
    char folder[4096];
    int count = 0;
    if (vg_data_path("shapes", folder, sizeof folder))
        return 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && count < VG_SHAPE_SETS_MAX && (e = readdir(d));) {
        char *dot = strstr(e->d_name, ".txt");
        if (!dot || dot[4] || dot == e->d_name)
            continue;
        snprintf(sets[count].name, sizeof sets->name, "%.*s", (int)(dot - e->d_name), e->d_name);
        read_about(folder, &sets[count++]);
    }
    if (d)
        closedir(d);
    qsort(sets, (size_t)count, sizeof *sets, by_name);
    return count;
}

/* "--shapes=qick: neither a set (bert, dlrm, ...) nor ...; did you mean 'quick'?" */
static vg_status unknown_set(const char *name, const char *folder)
{
    vg_shape_set sets[VG_SHAPE_SETS_MAX];
    const char *words[VG_SHAPE_SETS_MAX + 1];
    char all[300], hint[64];
    int count = vg_shape_sets(sets);
    for (int i = 0; i < count; i++)
        words[i] = sets[i].name;
    words[count] = NULL;
    if (!count)
        return vg_fail(VG_EIO, "no shape sets in %s (VGBENCH_DATA names the data folder)", folder);
    return vg_fail(VG_EINVAL, "--shapes=%s: neither a set (%s) nor a file nor a shape%s", name,
                   vg_words_join(words, all, sizeof all),
                   vg_did_you_mean(name, words, hint, sizeof hint));
}

static vg_status read_literal(const char *what, vg_shape_list *list)
{
    char copy[1024], *rest = NULL, reason[300];
    snprintf(copy, sizeof copy, "%s", what);
    for (char *line = strtok_r(copy, ",;\n", &rest); line; line = strtok_r(NULL, ",;\n", &rest)) {
        vg_status status = vg_shapes_add(line, list);
        if (status) {
            snprintf(reason, sizeof reason, "%.299s", vg_status_message());
            return vg_fail(status, "--shapes: %s", reason);
        }
    }
    return list->count ? VG_OK : vg_fail(VG_EINVAL, "--shapes: empty");
}

/* Sets joined by '+': "mlp+tails". */
static vg_status read_sets(const char *what, vg_shape_list *list)
{
    char copy[256], name[128], path[4096], folder[4096], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", what);
    VG_TRY(vg_data_path("shapes", folder, sizeof folder));
    for (char *set = strtok_r(copy, "+", &rest); set; set = strtok_r(NULL, "+", &rest)) {
        snprintf(name, sizeof name, "shapes/%.100s.txt", set);
        VG_TRY(vg_data_path(name, path, sizeof path));
        if (access(path, R_OK))
            return unknown_set(set, folder);
        VG_TRY(read_file(path, list));
    }
    return list->count ? VG_OK : unknown_set(what, folder);
}

vg_status vg_shapes_load(const char *what, vg_shape_list *list)
{
    size_t length = strlen(what);
    *list = (vg_shape_list){0};
    vg_status status;
    if (strpbrk(what, " \t"))
        status = read_literal(what, list);
    else if (strchr(what, '/') || (length > 4 && !strcmp(what + length - 4, ".txt")))
        status = read_file(what, list);
    else
        status = read_sets(what, list);
    if (status)
        vg_shapes_release(list);
    return status;
}

void vg_shapes_release(vg_shape_list *list)
{
    free(list->items);
    *list = (vg_shape_list){0};
}
