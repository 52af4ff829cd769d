/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "vgbench/kernel.h"
#include "vgbench/onednn.h"

/* Which backends exist in this build; VG_HAVE_<CLUSTER> comes from kernels/isa.cmake. */
#if VG_HAVE_AUTO_AVX2
#define ROW_AUTO_AVX2(op, dir) ROW(op, dir, auto_avx2, VG_ISA_AVX2)
#else
#define ROW_AUTO_AVX2(op, dir)
#endif
#if VG_HAVE_AUTO_AVX512
#define ROW_AUTO_AVX512(op, dir) ROW(op, dir, auto_avx512, VG_ISA_AVX512)
#else
#define ROW_AUTO_AVX512(op, dir)
#endif
#if VG_HAVE_AUTO_NEON
#define ROW_AUTO_NEON(op, dir) ROW(op, dir, auto_neon, VG_ISA_NEON)
#else
#define ROW_AUTO_NEON(op, dir)
#endif
#if VG_HAVE_AVX2
#define ROW_AVX2(op, dir) ROW(op, dir, avx2, VG_ISA_AVX2)
#else
#define ROW_AVX2(op, dir)
#endif
#if VG_HAVE_AVX512
#define ROW_AVX512(op, dir) ROW(op, dir, avx512, VG_ISA_AVX512)
#else
#define ROW_AVX512(op, dir)
#endif
#if VG_HAVE_NEON
#define ROW_NEON(op, dir) ROW(op, dir, neon, VG_ISA_NEON)
#else
#define ROW_NEON(op, dir)
#endif

#define VG_PLAIN(op, dir)                                                                          \
    ROW(op, dir, scalar, VG_ISA_BASE)                                                              \
    ROW_AUTO_AVX2(op, dir) ROW_AUTO_AVX512(op, dir) ROW_AUTO_NEON(op, dir)
#define VG_SIMD(op, dir) ROW_AVX2(op, dir) ROW_AVX512(op, dir) ROW_NEON(op, dir)
#if VG_WITH_ONEDNN
#define VG_ONEDNN(op, dir) ROW(op, dir, onednn, VG_ISA_BASE)
#else
#define VG_ONEDNN(op, dir)
#endif

#define ROW(op, dir, backend, isa) extern const vg_kernel_impl vg_##op##_##dir##_##backend;
#include "registry/kernels.inc"
#undef ROW

#define ROW(op, dir, backend, isa)                                                                 \
    {VG_OP_##op, VG_DIR_##dir, VG_BACKEND_##backend, isa, &vg_##op##_##dir##_##backend},
static const vg_kernel kernels[] = {
#include "registry/kernels.inc"
};
#undef ROW

enum { KERNELS = sizeof kernels / sizeof *kernels };

int vg_kernel_count(void)
{
    return KERNELS;
}

const vg_kernel *vg_kernel_at(int index)
{
    return &kernels[index];
}

const vg_kernel *vg_kernel_find(vg_op op, vg_dir dir, vg_backend backend)
{
    for (int i = 0; i < KERNELS; i++)
        if (kernels[i].op == op && kernels[i].dir == dir && kernels[i].backend == backend)
            return &kernels[i];
    return NULL;
}

vg_status vg_kernel_usable(const vg_kernel *kernel)
{
    if (kernel->isa & ~vg_cpu_isa())
        return vg_fail(VG_EUNSUPPORTED, "backend %s: %s", vg_backend_name(kernel->backend),
                       vg_cpu_why_not(kernel->isa & ~vg_cpu_isa()));
    return VG_OK;
}

static const char *const backend_names[VG_BACKEND_COUNT] = {
    "scalar", "auto_avx2", "auto_avx512", "auto_neon", "avx2", "avx512", "neon", "onednn",
};

const char *vg_backend_name(vg_backend backend)
{
    return (unsigned)backend < VG_BACKEND_COUNT ? backend_names[backend] : "?";
}

vg_backend vg_backend_by_name(const char *name)
{
    if (!strcmp(name, "best"))
        return vg_backend_best();
    int i = 0;
    while (i < VG_BACKEND_COUNT && strcmp(name, backend_names[i]))
        i++;
    return (vg_backend)i;
}

vg_backend vg_backend_best(void)
{
    static const vg_backend order[] = {VG_BACKEND_avx512, VG_BACKEND_avx2, VG_BACKEND_neon};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (vg_backend_usable(order[i]) == VG_OK)
            return order[i];
    return VG_BACKEND_scalar;
}

static const vg_kernel *first_row(int backend)
{
    for (int i = 0; i < KERNELS; i++)
        if ((int)kernels[i].backend == backend)
            return &kernels[i];
    return NULL;
}

vg_status vg_backend_usable(vg_backend backend)
{
    const vg_kernel *row = first_row((int)backend);
    char usable[160] = "";
    if (row)
        return vg_kernel_usable(row);
    for (int i = 0; i < VG_BACKEND_COUNT; i++) {
        row = first_row(i);
        if (row && vg_kernel_usable(row) == VG_OK)
            snprintf(usable + strlen(usable), sizeof usable - strlen(usable), " %s",
                     backend_names[i]);
    }
    return vg_fail(VG_EUNSUPPORTED, "backend %s is not in this build; usable here:%s",
                   vg_backend_name(backend), usable);
}

int vg_kernel_format(const vg_kernel *kernel, const vg_shape *shape, int threads, char *text,
                     size_t size)
{
    char keys[256], tail[32] = "";
    vg_shape_format(kernel->op, shape, keys, sizeof keys);
    if (threads > 0)
        snprintf(tail, sizeof tail, "/threads:%d", threads);
    return snprintf(text, size, "%s/%s/%s/%s%s", vg_op_name(kernel->op), vg_dir_name(kernel->dir),
                    backend_names[kernel->backend], keys, tail);
}

const char *vg_onednn_cap_word(const char *max_isa)
{
    return !strcmp(max_isa, "scalar")   ? "SSE41"
           : !strcmp(max_isa, "avx2")   ? "AVX2"
           : !strcmp(max_isa, "avx512") ? "AVX512_CORE"
                                        : NULL;
}

#if !VG_WITH_ONEDNN
const char *vg_onednn_version(void)
{
    return "";
}

vg_status vg_onednn_cap(const char *max_isa)
{
    (void)max_isa; /* nothing to cap */
    return VG_OK;
}

void vg_onednn_take_account(vg_onednn_account *account, int stop)
{
    (void)stop;
    *account = (vg_onednn_account){0};
}

vg_status vg_onednn_sequence_create(const vg_task *const tasks[], int count,
                                    vg_onednn_sequence **sequence)
{
    *sequence = NULL;
    return vg_fail(VG_EUNSUPPORTED, "built without oneDNN");
}

vg_status vg_onednn_sequence_run(const vg_onednn_sequence *sequence, double *ns)
{
    return VG_OK;
}

void vg_onednn_sequence_destroy(vg_onednn_sequence *sequence) {}

void vg_onednn_choose_untimed(void)
{
}

void vg_onednn_visit_memory(const vg_task *task, bool prepared,
                            void (*visit)(void *user, const void *p, size_t bytes), void *user)
{
    (void)task;
    (void)prepared;
    (void)visit;
    (void)user;
}
#endif
