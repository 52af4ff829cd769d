/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of the process, the version, and the ISA cap. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "onednn/onednn_compat.h"
#include "vgbench/onednn.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static dnnl_engine_t engine;

static void create_engine(void)
{
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success)
        engine = NULL;
}

dnnl_engine_t vg_dnn_engine(void)
{
    pthread_once(&once, create_engine);
    return engine;
}

const char *vg_onednn_version(void)
{
    static _Thread_local char text[32];
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
    return text;
}

vg_status vg_onednn_cap(const char *max_isa)
{
    static const struct {
        const char *word;
        dnnl_cpu_isa_t isa;
    } caps[] = {
        {"scalar", dnnl_cpu_isa_sse41},
        {"avx2", dnnl_cpu_isa_avx2},
        /* the highest cap that still means f32 AVX-512 alone to oneDNN: no AMX, no half formats */
        {"avx512", dnnl_cpu_isa_avx512_core},
    };
    if (!strcmp(max_isa, "neon"))
        return VG_OK;
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        if (strcmp(max_isa, caps[i].word))
            continue;
        if (dnnl_set_max_cpu_isa(caps[i].isa) != dnnl_success)
            return vg_fail(VG_EEXTERNAL,
                           "max-isa=%s: oneDNN refused the cap; it must come before its first use",
                           max_isa);
        return VG_OK;
    }
    return vg_fail(VG_EINVAL, "max-isa=%s: allowed are scalar, avx2, avx512, neon", max_isa);
}
