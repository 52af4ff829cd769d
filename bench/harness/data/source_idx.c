/* SPDX-License-Identifier: Apache-2.0 */
/* MNIST and its relatives: which files belong together, and images with labels as samples. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/data/file.h"
#include "harness/data/idx.h"
#include "harness/data/source.h"

enum { PATH = 4096 };

/* Images and labels of one part; no images: the part is not there. */
typedef struct part {
    char image_path[PATH], label_path[PATH];
    vg_idx images, labels;
} part;

/* FOLDER/PART-KIND[-.]idxN-ubyte[.gz] */
static bool find_file(const char *folder, const char *which, const char *kind, int dims, char *path)
{
    static const char *const forms[] = {"%s/%s-%s-idx%d-ubyte", "%s/%s-%s-idx%d-ubyte.gz",
                                        "%s/%s-%s.idx%d-ubyte", "%s/%s-%s.idx%d-ubyte.gz"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char name[PATH];
        int n = snprintf(name, sizeof name, forms[i], folder, which, kind, dims);
        if (n < PATH && access(name, F_OK) == 0) {
            memcpy(path, name, (size_t)n + 1);
            return true;
        }
    }
    return false;
}

static vg_status find_part(const char *folder, const char *which, part *p, bool *found)
{
    *found = find_file(folder, which, "images", 3, p->image_path);
    if (*found && !find_file(folder, which, "labels", 1, p->label_path))
        return vg_fail(VG_EIO, "%s: its labels (%s-labels-idx1-ubyte or .gz) are not beside it",
                       p->image_path, which);
    return VG_OK;
}

/* x-images-idx3-ubyte -> x-labels-idx1-ubyte, in the last component of the path. */
static vg_status find_labels(const char *path, part *p)
{
    const char *base = strrchr(path, '/');
    const char *word = strstr(base ? base : path, "images");
    if (strlen(path) >= PATH)
        return vg_fail(VG_EINVAL, "a path of more than %d characters", PATH - 1);
    if (!word)
        return vg_fail(VG_EIO, "%s: neither a folder nor a file of images (\"images\" in its name; "
                       "the labels are the same name with \"labels\")", path);
    strcpy(p->image_path, path);
    strcpy(p->label_path, path);
    memcpy(p->label_path + (word - path), "labels", 6);
    char *dims = strstr(p->label_path + (word - path), "idx3");
    if (dims)
        dims[3] = '1';
    if (access(p->label_path, F_OK) == 0)
        return VG_OK;
    size_t length = strlen(p->label_path); /* one compressed, the other not */
    if (length > 3 && !strcmp(p->label_path + length - 3, ".gz"))
        p->label_path[length - 3] = '\0';
    else if (length + 4 <= PATH)
        strcat(p->label_path, ".gz");
    if (access(p->label_path, F_OK) == 0)
        return VG_OK;
    return vg_fail(VG_EIO, "%s: its labels (%s) are not there", path, p->label_path);
}

static vg_status read_part(part *p, bool regression)
{
    VG_TRY(vg_idx_read(p->image_path, &p->images));
    VG_TRY(vg_idx_read(p->label_path, &p->labels));
    if (p->images.dims < 2)
        return vg_fail(VG_EFORMAT, "%s: %d dimension, images have at least 2", p->image_path,
                       p->images.dims);
    if (p->labels.dims != 1 || (!regression && p->labels.type > 0x0c))
        return vg_fail(VG_EFORMAT, "%s: labels are one dimension of whole numbers", p->label_path);
    if (p->images.shape[0] != p->labels.shape[0])
        return vg_fail(VG_EFORMAT, "%s: %lld images, %s: %lld labels: must be as many",
                       p->image_path, (long long)p->images.shape[0], p->label_path,
                       (long long)p->labels.shape[0]);
    return VG_OK;
}

static int64_t features_of(const part *p)
{
    return p->images.shape[0] ? p->images.count / p->images.shape[0] : 0;
}

/* Samples 0 .. count-1 of a part become samples from @p at on. */
static vg_status convert(const part *p, const vg_wanted *wanted, int64_t at, int64_t count,
                         vg_source *s)
{
    VG_TRY(vg_idx_floats(&p->images, p->image_path, 0, count * s->features, true,
                         s->x + at * s->features));
    if (wanted->regression)
        return vg_idx_floats(&p->labels, p->label_path, 0, count, false, s->target + at);
    for (int64_t i = 0; i < count; i++) {
        char where[PATH + 32];
        double value = vg_idx_value(&p->labels, i);
        if (value >= 0 && value < s->classes) { /* known: no text is made for it */
            s->labels[at + i] = (int32_t)value;
            continue;
        }
        snprintf(where, sizeof where, "%s: sample %lld", p->label_path, (long long)i);
        VG_TRY(vg_source_label(s, wanted, at + i, value, where));
    }
    return VG_OK;
}

static void describe(const part *parts, int count, vg_source *s)
{
    const char *a = strrchr(parts[0].image_path, '/');
    int n = snprintf(s->origin, sizeof s->origin, "%.200s",
                     a ? a + 1 : parts[0].image_path);
    snprintf(s->origin + n, sizeof s->origin - (size_t)n, "%s, %lld x %lld",
             count == 2 ? " and t10k" : "", (long long)s->count, (long long)s->features);
}

static vg_status combine(const part *parts, int count, const vg_wanted *wanted, vg_source *s)
{
    int64_t first = parts[0].images.shape[0], second = count == 2 ? parts[1].images.shape[0] : 0;
    if (count == 2 && features_of(&parts[0]) != features_of(&parts[1]))
        return vg_fail(VG_EFORMAT, "%s: %lld pixels an image, %s has %lld", parts[1].image_path,
                       (long long)features_of(&parts[1]), parts[0].image_path,
                       (long long)features_of(&parts[0]));
    if (wanted->samples && wanted->samples < first + second) {
        first = (int64_t)((double)wanted->samples * (double)first / (double)(first + second) + 0.5);
        second = wanted->samples - first;
    }
    s->count = first + second;
    s->features = features_of(&parts[0]);
    if (s->count < 1 || s->features < 1 || s->count > INT32_MAX)
        return vg_fail(VG_EFORMAT, "%s: %lld images of %lld pixels: 1 to 2^31 - 1 are needed",
                       parts[0].image_path, (long long)s->count, (long long)s->features);
    s->row = parts[0].images.shape[parts[0].images.dims - 1];
    s->image = true;
    s->classes = wanted->regression ? 1 : 0;
    s->train_rows = count == 2 && second ? first : 0;
    VG_TRY(vg_source_allocate(s, wanted));
    VG_TRY(convert(&parts[0], wanted, 0, first, s));
    if (count == 2)
        VG_TRY(convert(&parts[1], wanted, first, second, s));
    describe(parts, count, s);
    return VG_OK;
}

static vg_status find_parts(const char *path, part parts[2], int *count)
{
    struct stat info;
    bool train = false, test = false;
    *count = 1;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return find_labels(path, &parts[0]);
    VG_TRY(find_part(path, "train", &parts[0], &train));
    VG_TRY(find_part(path, "t10k", &parts[train ? 1 : 0], &test));
    if (!train && !test)
        return vg_fail(VG_EIO, "%s: neither train-images-idx3-ubyte nor t10k-images-idx3-ubyte "
                       "(or .gz) is there", path);
    *count = train && test ? 2 : 1;
    return VG_OK;
}

vg_status vg_source_idx(const char *path, const vg_wanted *wanted, vg_source *s)
{
    part parts[2] = {0};
    int count;
    VG_TRY(find_parts(path, parts, &count));
    vg_status status = VG_OK;
    for (int i = 0; i < count && status == VG_OK; i++)
        status = read_part(&parts[i], wanted->regression);
    if (status == VG_OK)
        status = combine(parts, count, wanted, s);
    for (int i = 0; i < count; i++) {
        vg_idx_release(&parts[i].images);
        vg_idx_release(&parts[i].labels);
    }
    return status;
}
