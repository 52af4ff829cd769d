/* SPDX-License-Identifier: Apache-2.0 */
/* x.npy with labels or targets beside it. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "harness/data/file.h"
#include "harness/data/npy.h"
#include "harness/data/source.h"

enum { PATH = 4096 };

static vg_status find_target(const char *folder, char *path)
{
    static const char *const names[] = {"y.npy", "target.npy", "labels.npy"};
    for (int i = 0; i < 3; i++) {
        VG_TRY(vg_path_join(folder, names[i], path, PATH));
        if (access(path, F_OK) == 0)
            return VG_OK;
    }
    return vg_fail(VG_EIO, "%s: y.npy, target.npy or labels.npy is needed beside x.npy", folder);
}

static vg_status floats(const vg_npy *a, const char *path, int64_t count, float *out)
{
    for (int64_t i = 0; i < count; i++) {
        out[i] = (float)vg_npy_value(a, i);
        if (!isfinite(out[i]))
            return vg_fail(VG_EFORMAT, "%s: element %lld is %g: finite numbers are needed", path,
                           (long long)i, vg_npy_value(a, i));
    }
    return VG_OK;
}

static vg_status labels(const vg_npy *y, const char *path, const vg_wanted *wanted, vg_source *s)
{
    if (y->dims != 1)
        return vg_fail(VG_EFORMAT, "%s: %d dimensions: labels have 1 (loss=mse takes 2)", path,
                       y->dims);
    for (int64_t i = 0; i < s->count; i++) {
        char where[PATH + 32];
        double value = vg_npy_value(y, i);
        if (value >= 0 && value < (double)s->classes && value == floor(value)) {
            s->labels[i] = (int32_t)value;
            continue;
        }
        snprintf(where, sizeof where, "%s: element %lld", path, (long long)i);
        VG_TRY(vg_source_label(s, wanted, i, value, where));
    }
    return VG_OK;
}

static vg_status convert(const vg_npy *x, const char *x_path, const vg_npy *y, const char *y_path,
                         const vg_wanted *wanted, vg_source *s)
{
    if (x->dims < 2 || y->dims < 1 || y->dims > 2 || x->shape[0] != y->shape[0])
        return vg_fail(VG_EFORMAT, "%s: %d dimensions, first %lld; %s: %d, first %lld: samples x "
                       "features and as many labels are needed", x_path, x->dims,
                       (long long)x->shape[0], y_path, y->dims, (long long)y->shape[0]);
    s->count = wanted->samples && wanted->samples < x->shape[0] ? wanted->samples : x->shape[0];
    s->features = x->shape[0] ? x->count / x->shape[0] : 0;
    if (s->count < 1 || s->features < 1 || s->count > INT32_MAX)
        return vg_fail(VG_EFORMAT, "%s: %lld samples of %lld features: 1 to 2^31 - 1 are needed",
                       x_path, (long long)s->count, (long long)s->features);
    s->row = x->dims > 2 ? x->shape[x->dims - 1] : 0;
    s->image = x->dims > 2 && x->kind == 'u' && x->item == 1;
    s->classes = wanted->regression ? (y->dims == 2 ? y->shape[1] : 1) : 0;
    if (wanted->regression && (s->classes < 1 || s->classes > INT32_MAX))
        return vg_fail(VG_EFORMAT, "%s: targets of no columns", y_path);
    VG_TRY(vg_source_allocate(s, wanted));
    VG_TRY(floats(x, x_path, s->count * s->features, s->x));
    if (wanted->regression)
        return floats(y, y_path, s->count * s->classes, s->target);
    return labels(y, y_path, wanted, s);
}

vg_status vg_source_npy(const char *folder, const vg_wanted *wanted, vg_source *s)
{
    char x_path[PATH], y_path[PATH];
    vg_npy x, y = {0};
    VG_TRY(vg_path_join(folder, "x.npy", x_path, sizeof x_path));
    VG_TRY(find_target(folder, y_path));
    VG_TRY(vg_npy_read(x_path, &x));
    vg_status status = vg_npy_read(y_path, &y);
    if (status == VG_OK)
        status = convert(&x, x_path, &y, y_path, wanted, s);
    if (status == VG_OK)
        snprintf(s->origin, sizeof s->origin, "%.200s, %lld x %lld", x_path, (long long)s->count,
                 (long long)s->features);
    vg_npy_release(&x);
    vg_npy_release(&y);
    return status;
}
