/* SPDX-License-Identifier: Apache-2.0 */
#include "vgbench/shape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vgbench/memory.h"
#include "vgbench/ops.h"

static const char *const weights_names[] = {"plain", "packed"};

static vg_status set_attribute(int op, const char *word, vg_shape *shape)
{
    if (vg_op_has_weights(op) && !strncmp(word, "weights:", 8)) {
        for (int i = 0; i < 2; i++)
            if (!strcmp(word + 8, weights_names[i])) {
                shape->weights = (vg_weights)i;
                return VG_OK;
            }
        return vg_fail(VG_EINVAL, "%s: allowed are weights:plain and weights:packed", word);
    }
    if (vg_op_has_act(op) && !strncmp(word, "act:", 4)) {
        shape->act = vg_op_by_name(word + 4);
        if (!vg_op_is_activation(shape->act))
            return vg_fail(VG_EINVAL, "%s: not an activation", word);
        return VG_OK;
    }
    if (vg_op_has_norm(op) && !strncmp(word, "norm:", 5)) {
        shape->norm = vg_op_by_name(word + 5);
        if (!vg_op_is_norm(shape->norm))
            return vg_fail(VG_EINVAL, "%s: not a normalisation", word);
        return VG_OK;
    }
    return vg_fail(VG_EINVAL, "%s: op %s has no such attribute", word, vg_op_name(op));
}

static vg_status read_extent(int op, int index, const char *word, int64_t *extent)
{
    char *end;
    errno = 0;
    long long value = strtoll(word, &end, 10);
    if (errno || *end || end == word || value < 1)
        return vg_fail(VG_EINVAL, "%s %s=%s: a whole number of at least 1 is needed",
                       vg_op_name(op), vg_op_key(op, index), word);
    *extent = value;
    return VG_OK;
}

vg_status vg_shape_parse(int op, const char *words, vg_shape *shape)
{
    char copy[256];
    if (strlen(words) >= sizeof copy)
        return vg_fail(VG_EINVAL, "a shape of more than 255 characters");
    strcpy(copy, words);
    *shape = (vg_shape){0};
    int extents = vg_op_extents(op), index = 0;
    char *rest = NULL;
    for (char *word = strtok_r(copy, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (strchr(word, ':'))
            VG_TRY(set_attribute(op, word, shape));
        else if (index == extents)
            return vg_fail(VG_EINVAL, "%s takes %d extents, '%s' is one too many", vg_op_name(op),
                           extents, words);
        else {
            VG_TRY(read_extent(op, index, word, &shape->n[index]));
            index++;
        }
    }
    if (index < extents)
        return vg_fail(VG_EINVAL, "%s takes %d extents, '%s' has %d (%s is missing)",
                       vg_op_name(op), extents, words, index, vg_op_key(op, index));
    return vg_shape_check(op, shape);
}

int vg_shape_format(int op, const vg_shape *shape, char *text, size_t size)
{
    char all[256];
    int n = 0;
    for (int i = 0; i < vg_op_extents(op); i++)
        n += snprintf(all + n, sizeof all - (size_t)n, "%s%s:%lld", i ? "/" : "", vg_op_key(op, i),
                      (long long)shape->n[i]);
    if (vg_op_has_weights(op))
        n += snprintf(all + n, sizeof all - (size_t)n, "/weights:%s",
                      weights_names[shape->weights]);
    if (vg_op_has_act(op))
        n += snprintf(all + n, sizeof all - (size_t)n, "/act:%s", vg_op_name(shape->act));
    if (vg_op_has_norm(op))
        snprintf(all + n, sizeof all - (size_t)n, "/norm:%s", vg_op_name(shape->norm));
    return snprintf(text, size, "%s", all);
}

/* Each tensor of the op must fit half the address space; their sum is the allocator's business. */
static vg_status check_sizes(int op, const vg_shape *shape)
{
    int64_t floats = 1;
    for (int i = 0; i < vg_op_extents(op); i++)
        if (__builtin_mul_overflow(floats, shape->n[i] < 4 ? 4 : shape->n[i], &floats) ||
            floats > INT64_MAX / 64)
            return vg_fail(VG_ENOMEM, "%s: the extents multiply to more than the address space",
                           vg_op_name(op));
    return VG_OK;
}

/* The activation and the norm that a fused op is made of. */
static vg_status check_parts(int op, const vg_shape *shape)
{
    if (vg_op_has_act(op) && !vg_op_is_activation(shape->act))
        return vg_fail(VG_EINVAL, "%s needs its activation: act:relu, for instance", vg_op_name(op));
    if (op == VG_OP_rnn && shape->act != VG_OP_tanh && shape->act != VG_OP_relu)
        return vg_fail(VG_EINVAL, "rnn act:%s: allowed are tanh and relu",
                       vg_op_name((vg_op)shape->act));
    if (!vg_op_has_norm(op))
        return VG_OK;
    if (!vg_op_is_norm(shape->norm))
        return vg_fail(VG_EINVAL, "%s needs its norm: norm:layer_norm, for instance",
                       vg_op_name(op));
    if (op == VG_OP_norm_act && shape->act == VG_OP_prelu)
        return vg_fail(VG_EINVAL, "norm_act act:prelu: prelu has a learnt slope, use its own op");
    if (shape->norm != VG_OP_group_norm && shape->n[2] != 1)
        return vg_fail(VG_EINVAL, "%s groups=%lld: must be 1 with norm:%s", vg_op_name(op),
                       (long long)shape->n[2], vg_op_name(shape->norm));
    return VG_OK;
}

vg_status vg_shape_check(int op, const vg_shape *shape)
{
    for (int i = 0; i < vg_op_extents(op); i++)
        if (shape->n[i] < 1)
            return vg_fail(VG_EINVAL, "%s %s=%lld: must be at least 1", vg_op_name(op),
                           vg_op_key(op, i), (long long)shape->n[i]);
    if (op == VG_OP_prelu && shape->n[2] != 1 && shape->n[2] != shape->n[1])
        return vg_fail(VG_EINVAL, "prelu slopes=%lld: must be 1 (shared) or width=%lld",
                       (long long)shape->n[2], (long long)shape->n[1]);
    VG_TRY(check_parts(op, shape));
    bool grouped = op == VG_OP_group_norm || shape->norm == VG_OP_group_norm;
    if (grouped && shape->n[1] % shape->n[2])
        return vg_fail(VG_EINVAL, "groups=%lld does not divide width=%lld",
                       (long long)shape->n[2], (long long)shape->n[1]);
    return check_sizes(op, shape);
}
