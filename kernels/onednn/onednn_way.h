/* SPDX-License-Identifier: Apache-2.0 */
/** @file onednn_way.h
 * Ways: one op instance as oneDNN can compute it, a list of primitives on memory objects. A row
 * offers several ways; vgd_prepare() builds them all, times them on the task's own tensors and
 * keeps the fastest, so that the oneDNN number of a shape is the best of what the library offers.
 *
 * Building is sticky: after the first failure every call is a no-op, and the way's status and
 * message say what went wrong. Memories are referred to by index; 0 and up, -1 after a failure.
 */
#ifndef VG_ONEDNN_WAY_H
#define VG_ONEDNN_WAY_H

#include <stdbool.h>

#include "onednn/onednn_compat.h"
#include "vgbench/kernel.h"

enum { VGD_MAX_ARGS = 28, VGD_MAX_MEMORIES = 64, VGD_MAX_STEPS = 24, VGD_MAX_OWNED = 64 };

typedef struct vgd_way vgd_way;

/** A step in C, for what is no primitive (variance <-> rstd, a gather of labels). */
typedef void vgd_glue_fn(const vg_task *task, vgd_way *way, const int memory[4]);

/** When a step runs. */
typedef enum vgd_when {
    VGD_RUN = 0, /**< every run, timed */
    VGD_PREPARE  /**< once in prepare: reorders of packed weights, constants */
} vgd_when;

typedef struct vgd_memory {
    dnnl_memory_t memory;
    void *pointer; /**< what the memory object points to now */
    void *own;     /**< buffer of the way, or NULL */
    int slot;      /**< tensor of the task, or -1 */
    size_t offset; /**< floats from the start of the slot's tensor */
} vgd_memory;

typedef struct vgd_step {
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t args[VGD_MAX_ARGS];
    int count;
    vgd_glue_fn *glue;
    int glue_memory[4];
    vgd_when when;
} vgd_step;

struct vgd_way {
    const char *label;
    int variant; /**< of the choice that is being built */
    const vg_task *task;
    vg_status status;
    vgd_memory memories[VGD_MAX_MEMORIES];
    int memory_count;
    vgd_step steps[VGD_MAX_STEPS];
    int step_count;
    vgd_md owned_mds[VGD_MAX_OWNED]; /* freed when the build ends */
    int owned_md_count;
    dnnl_primitive_desc_t owned_pds[VGD_MAX_STEPS]; /* hints; freed then, too */
    int owned_pd_count;
    dnnl_primitive_attr_t owned_attrs[VGD_MAX_STEPS];
    int owned_attr_count;
    dnnl_memory_t scratch_memories[VGD_MAX_STEPS];
    int scratch_count;
    size_t scratch_bytes;
    void *scratch;
    char impl[224];   /**< implementation names of the steps */
    char layout[48];  /**< of the weights, where that is interesting */
    bool reference;   /**< some step is reference code */
    double create_ns; /**< first build: primitive descriptors, JIT, buffers */
};

/* --- building --------------------------------------------------------------------------------- */

/** Descriptor owned by the way: [rows][cols] with the row distance ld, or any layout. */
vgd_md vgd_matrix(vgd_way *way, int64_t rows, int64_t cols, int64_t ld);
/** The same memory seen transposed: [cols][rows], strides 1 and ld. */
vgd_md vgd_transposed(vgd_way *way, int64_t rows, int64_t cols, int64_t ld);
vgd_md vgd_any(vgd_way *way, int64_t rows, int64_t cols);
vgd_md vgd_vector(vgd_way *way, int64_t n);
vgd_md vgd_strided(vgd_way *way, int ndims, const dnnl_dims_t dims, const dnnl_dims_t strides);
vgd_md vgd_tagged(vgd_way *way, int ndims, const dnnl_dims_t dims, dnnl_format_tag_t tag);

/** The layout that @p pd chose for an argument. */
vgd_cmd vgd_arg_md(const_dnnl_primitive_desc_t pd, int arg);

/** Strict f32, user scratchpad, owned by the way; with @p ops (or NULL; destroyed) as post-ops. */
dnnl_primitive_attr_t vgd_attr(vgd_way *way, dnnl_post_ops_t ops);
/** An empty list of post-ops for vgd_attr(). */
dnnl_post_ops_t vgd_ops(vgd_way *way);

/** Memory on a tensor of the task, or @p offset floats into it. */
int vgd_slot(vgd_way *way, vg_slot slot, vgd_cmd md);
int vgd_slot_at(vgd_way *way, vg_slot slot, size_t offset, vgd_cmd md);
/** A matrix of the task as dense memory [rows][cols]: the tensor itself, or where its rows are
 * further apart a buffer that a copy in C fills before (inputs) or empties after the primitives
 * that use it (outputs: call vgd_dense_done() once they are added). For primitives that turn to
 * reference code on strided memory, and for the reorder of 3.7, which is wrong on it. */
int vgd_dense_in(vgd_way *way, vg_slot slot, vgd_cmd dense);
int vgd_dense_out(vgd_way *way, vg_slot slot, vgd_cmd dense);
void vgd_dense_done(vgd_way *way, vg_slot slot, int memory);
/** Whether a row of the tensor is followed by a gap. */
bool vgd_is_strided(const vg_task *task, vg_slot slot);
/** Whether the tensor is a matrix of one column. */
bool vgd_is_column(const vg_task *task, vg_slot slot);
/** Memory of the way's own, zeroed. */
int vgd_own(vgd_way *way, vgd_cmd md);
/** The bytes of @p memory seen in another layout of the same size. */
int vgd_alias(vgd_way *way, int memory, vgd_cmd md);
float *vgd_data(const vgd_way *way, int memory);

typedef struct vgd_arg {
    int arg, memory;
} vgd_arg;

/** Records a failure of creating a primitive descriptor. True if all is well so far. */
bool vgd_ok(vgd_way *way, dnnl_status_t status, const char *what);

/** Turns @p pd into a step; ends the ownership of @p pd, unless it is kept by vgd_keep_pd(). */
void vgd_add(vgd_way *way, dnnl_primitive_desc_t pd, int count, const vgd_arg *args);
void vgd_add_when(vgd_way *way, dnnl_primitive_desc_t pd, int count, const vgd_arg *args,
                  vgd_when when);
/** Keeps @p pd (a hint for a backward one) until the build ends. */
dnnl_primitive_desc_t vgd_keep_pd(vgd_way *way, dnnl_primitive_desc_t pd);
void vgd_add_glue(vgd_way *way, vgd_glue_fn *glue, const int memory[4], vgd_when when);

/** @p memory (laid out as @p from) in layout @p to: itself if they are equal, else a buffer of the
 * way that a reorder fills. */
int vgd_to_layout(vgd_way *way, int memory, vgd_cmd from, vgd_cmd to, vgd_when when);
/** Where a primitive writes layout @p made that must end as @p wanted in @p memory: @p memory, or a
 * buffer of the way; vgd_from_layout() then adds the reorder, after the primitive. */
int vgd_target(vgd_way *way, int memory, vgd_cmd made, vgd_cmd wanted);
void vgd_from_layout(vgd_way *way, int made_memory, vgd_cmd made, int memory, vgd_cmd wanted);
/** Notes the layout of @p md for the description: "W AB16b64a". */
void vgd_note_layout(vgd_way *way, const char *name, vgd_cmd md);
/** Gives up on a way that brings nothing over another one. */
void vgd_skip(vgd_way *way, const char *why);

/* --- rows ------------------------------------------------------------------------------------- */

typedef void vgd_build_fn(vgd_way *way, const vg_task *task);

typedef struct vgd_choice {
    const char *label; /**< "matmul plain" */
    vgd_build_fn *build;
    int variant; /**< for `build`, as way->variant: choices that share a function */
} vgd_choice;

/** prepare of a row: builds, times, chooses. Called again with state: repacks only. */
vg_status vgd_prepare(vg_task *task, int threads, const vgd_choice *choices, int count);
/** phases, release and describe of every row. The phase is serial. */
int vgd_phases(const vg_shape *shape, vg_phase phases[VG_MAX_PHASES]);
void vgd_release(vg_task *task);
void vgd_describe(const vg_task *task, char *text, size_t size);

#endif
