/* SPDX-License-Identifier: Apache-2.0 */
/* Which cases a row must pass. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/verify_bench.h"
#include "measure/verify_shapes.h"

static bool has_alias(const vg_kernel *kernel, const vg_shape *shape)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(kernel->op, kernel->dir, shape, list);
    for (int i = 0; i < count; i++)
        if (list[i].may_alias != list[i].slot)
            return true;
    return false;
}

/* Unlike the defaults in every field: a row that forgets one of them shows at every other shape. */
static const vg_params other_params = {
    .stream_bytes = 1, /* as if the matrices were large: the non-temporal paths */
    .slope = 0.2f,
    .alpha = 0.75f,
    .eps = 1e-3f,
    .momentum = 0.9f,
    .lr = 0.05f,
    .beta1 = 0.8f,
    .beta2 = 0.99f,
    .weight_decay = 0.1f,
    .clip_norm = 1e6f,
    .loss_scale = 1024.0f,
    .step = 7,
};

/* Of the shapes of the CI tier, library rows get one in so many. */
enum { LIBRARY_STRIDE = 3 };

/* Every placement and every fill at every shape, paired so that each pair of (fill, place) comes
 * by within a few shapes. A library row, whose preparation is what takes the time, runs on every
 * third shape, once with integers and once with real data. */
static vg_status run_shape(vg_bench *b, const vg_shape *shape, int index, vg_verify_result *result)
{
    static const int pads[] = {0, 1, 5, 16};
    bool alias = has_alias(b->kernel, shape), library = b->kernel->backend == VG_BACKEND_onednn;
    bool norm = vg_op_family(b->kernel->op) == VG_FAMILY_NORM;
    int last = library ? VG_FILL_REAL : norm ? VG_FILL_SHIFTED : VG_FILL_HARD;
    for (int fill = 0; fill <= last; fill++)
        for (int k = 0; k < (fill == VG_FILL_REAL && !library ? 3 : 1); k++) {
            vg_verify_options options = {
                .fill = (vg_verify_fill)fill,
                .place = (vg_verify_place)((index + fill + k) % VG_PLACE_COUNT),
                .pad = pads[(index + fill + 2 * k) % 4],
                .in_place = library && alias && (index + fill) % 2,
                .threads = library ? 1 : 1 + (index + k) % 2,
                .seed = (uint64_t)index + 1,
                .params = index % 2 ? &other_params : NULL,
            };
            result->shares = index % LIBRARY_STRIDE == 0 && fill <= VG_FILL_REAL && k == 0;
            VG_TRY(vg_bench_run(b, shape, &options, result));
            result->shares = false;
            options.in_place = true;
            if (alias && k == 0 && !library)
                VG_TRY(vg_bench_run(b, shape, &options, result));
        }
    return VG_OK;
}

static vg_status run_threads(vg_bench *b, vg_verify_result *result)
{
    static const int teams[] = {1, 2, 3, 5, 8};
    size_t count = b->kernel->backend == VG_BACKEND_onednn ? 2 : sizeof teams / sizeof *teams;
    vg_shape shape;
    vg_verify_thread_shape(b->kernel->op, 0, &shape);
    float *first = NULL, *now = NULL;
    vg_status status = VG_OK;
    for (size_t i = 0; status == VG_OK && i < count; i++) {
        vg_verify_options options = {.fill = VG_FILL_REAL, .threads = teams[i], .seed = 77};
        int64_t cases = result->cases;
        result->shares = true;
        status = vg_bench_run(b, &shape, &options, result);
        result->shares = false;
        size_t bytes = vg_bench_output_floats(b) * sizeof(float);
        now = now ? now : malloc(bytes);
        if (status != VG_OK || !now || result->cases == cases)
            break;
        vg_bench_copy_outputs(b, now);
        if (i == 0) {
            first = now;
            now = NULL;
        } else if (b->kernel->backend != VG_BACKEND_onednn && memcmp(first, now, bytes)) {
            vg_bench_fail(b, "other bits than with one thread", result);
        }
    }
    free(first);
    free(now);
    return status;
}

/* Rows that end and begin in mid-line, and rows that are whole lines. */
static vg_status run_stream(vg_bench *b, vg_verify_result *result)
{
    vg_shape shape;
    if (!vg_verify_stream_shape(b->kernel->op, b->kernel->dir, &shape))
        return VG_OK;
    for (int aligned = 0; aligned < 2; aligned++) {
        vg_verify_options options = {
            .fill = VG_FILL_REAL,
            .place = aligned ? VG_PLACE_START : VG_PLACE_END,
            .pad = aligned ? 1 : 0,
            .threads = 2,
            .seed = 9,
        };
        VG_TRY(vg_bench_run(b, &shape, &options, result));
    }
    return VG_OK;
}

vg_status vg_verify_row(const vg_kernel *kernel, vg_tier tier, vg_verify_result *result)
{
    *result = (vg_verify_result){0};
    VG_TRY(vg_kernel_usable(kernel));
    vg_bench b = {.kernel = kernel};
    vg_shape shape;
    vg_status status = VG_OK;
    bool library = kernel->backend == VG_BACKEND_onednn;
    bool sample = tier == VG_TIER_SAMPLE;
    int stride = sample ? 5 : library && tier == VG_TIER_CI ? LIBRARY_STRIDE : 1;
    for (int i = sample ? 2 : 0; status == VG_OK && vg_verify_shape(kernel->op, tier, i, &shape); i += stride)
        status = run_shape(&b, &shape, i, result);
    if (status == VG_OK && !sample && vg_verify_sweep_shape(kernel->op, tier, &shape)) {
        vg_verify_options options = {.fill = VG_FILL_SWEEP, .place = VG_PLACE_START, .threads = 2};
        result->shares = true;
        status = vg_bench_run(&b, &shape, &options, result);
        result->shares = false;
    }
    if (status == VG_OK && tier == VG_TIER_FULL)
        status = run_stream(&b, result);
    if (status == VG_OK && !sample)
        status = run_threads(&b, result);
    if (status == VG_OK && result->cases == 0) {
        result->failures = 1;
        snprintf(result->text, sizeof result->text, "not one case ran: %s", vg_status_message());
    }
    vg_bench_release(&b);
    return status;
}

vg_tolerance vg_verify_tolerance(const vg_kernel *kernel, const vg_shape *shape, vg_slot slot)
{
    vg_tolerance tolerance = vg_op_tolerance(kernel->op, kernel->dir, shape, slot);
    bool transcendental = vg_op_is_activation(kernel->op) && kernel->dir == VG_DIR_fwd &&
                          tolerance.ulp > 1;
    switch (kernel->backend) {
    case VG_BACKEND_onednn:
        /* benchdnn's own threshold for transcendental eltwise is 4e-5, relative or absolute. */
        tolerance.ulp = fmax(tolerance.ulp, 4e-5 * 0x1p23);
        tolerance.mag_eps = fmax(tolerance.mag_eps, 4e-5 * 0x1p24);
        tolerance.abs = fmax(tolerance.abs, 4e-5);
        break;
    case VG_BACKEND_scalar:
    case VG_BACKEND_auto_avx2:
    case VG_BACKEND_auto_avx512:
    case VG_BACKEND_auto_neon:
        /* As good as the C library: glibc states 1 to 2 ulp for expf, tanhf and erff, to which the
         * rest of the formula adds its half. */
        tolerance.ulp += transcendental ? 0.5 : 0;
        break;
    default:
        if (transcendental && kernel->op == VG_OP_tanh)
            tolerance.ulp = 1.2; /* oneDNN's own reaches 1.21 */
        break;
    }
    return tolerance;
}
