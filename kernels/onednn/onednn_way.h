/* SPDX-License-Identifier: Apache-2.0 */
/** @file onednn_way.h
 * Ways: one op instance as oneDNN can compute it, a list of primitives on memory objects. A row
 * offers several ways; vg_dnn_prepare() builds them all, times them on the task's own tensors and
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

enum {
    VG_DNN_MAX_ARGS = 28,
    VG_DNN_MAX_MEMORIES = 96,
    VG_DNN_MAX_STEPS = 40,
    VG_DNN_MAX_OWNED = 96
};

typedef struct vg_dnn_way vg_dnn_way;

/** A step in C, for what is no primitive (variance <-> rstd, a gather of labels). */
typedef void vg_dnn_glue_fn(const vg_task *task, vg_dnn_way *way, const int memory[4]);

/** When a step runs. */
typedef enum vg_dnn_when {
    VG_DNN_RUN = 0, /**< every run, timed */
    VG_DNN_PREPARE  /**< once in prepare: reorders of packed weights, constants */
} vg_dnn_when;

typedef struct vg_dnn_memory {
    dnnl_memory_t memory;
    void *pointer; /**< what the memory object points to now */
    void *own;     /**< buffer of the way, or NULL */
    int slot;      /**< tensor of the task, or -1 */
    size_t offset; /**< floats from the start of the slot's tensor */
} vg_dnn_memory;

typedef struct vg_dnn_step {
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t args[VG_DNN_MAX_ARGS];
    int count;
    vg_dnn_glue_fn *glue;
    int glue_memory[4];
    vg_dnn_when when;
    bool reorder;
} vg_dnn_step;

struct vg_dnn_way {
    const char *label;
    int variant; /**< of the choice that is being built */
    const vg_task *task;
    const vg_task *bound; /**< whose tensors the memories point to */
    vg_status status;
    vg_dnn_memory memories[VG_DNN_MAX_MEMORIES];
    int memory_count;
    int kept; /**< memory that the backward task needs of this forward one, or -1 */
    vg_dnn_step steps[VG_DNN_MAX_STEPS];
    int step_count;
    vg_dnn_md owned_mds[VG_DNN_MAX_OWNED]; /* freed when the build ends */
    int owned_md_count;
    dnnl_primitive_desc_t owned_pds[VG_DNN_MAX_STEPS]; /* hints; freed then, too */
    int owned_pd_count;
    dnnl_primitive_attr_t owned_attrs[VG_DNN_MAX_STEPS];
    int owned_attr_count;
    dnnl_memory_t scratch_memories[VG_DNN_MAX_STEPS];
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
vg_dnn_md vg_dnn_matrix(vg_dnn_way *way, int64_t rows, int64_t cols, int64_t ld);
/** The same memory seen transposed: [cols][rows], strides 1 and ld. */
vg_dnn_md vg_dnn_transposed(vg_dnn_way *way, int64_t rows, int64_t cols, int64_t ld);
vg_dnn_md vg_dnn_any(vg_dnn_way *way, int64_t rows, int64_t cols);
vg_dnn_md vg_dnn_vector(vg_dnn_way *way, int64_t n);
vg_dnn_md vg_dnn_strided(vg_dnn_way *way, int ndims, const dnnl_dims_t dims,
                         const dnnl_dims_t strides);
vg_dnn_md vg_dnn_tagged(vg_dnn_way *way, int ndims, const dnnl_dims_t dims, dnnl_format_tag_t tag);

/** The layout that @p pd chose for an argument. */
vg_dnn_cmd vg_dnn_arg_md(const_dnnl_primitive_desc_t pd, int arg);

/** Strict f32, user scratchpad, owned by the way; with @p ops (or NULL; destroyed) as post-ops. */
dnnl_primitive_attr_t vg_dnn_attr(vg_dnn_way *way, dnnl_post_ops_t ops);
/** An empty list of post-ops for vg_dnn_attr(). */
dnnl_post_ops_t vg_dnn_ops(vg_dnn_way *way);

/** Memory on a tensor of the task, or @p offset floats into it. */
int vg_dnn_slot(vg_dnn_way *way, vg_slot slot, vg_dnn_cmd md);
int vg_dnn_slot_at(vg_dnn_way *way, vg_slot slot, size_t offset, vg_dnn_cmd md);
/** A matrix of the task as dense memory [rows][cols]: the tensor itself, or where its rows are
 * further apart a buffer that a copy in C fills before (inputs) or empties after the primitives
 * that use it (outputs: call vg_dnn_dense_done() once they are added). For primitives that turn to
 * reference code on strided memory, and for the reorder of 3.7, which is wrong on it. */
int vg_dnn_dense_in(vg_dnn_way *way, vg_slot slot, vg_dnn_cmd dense);
int vg_dnn_dense_in_when(vg_dnn_way *way, vg_slot slot, vg_dnn_cmd dense, vg_dnn_when when);
int vg_dnn_dense_out(vg_dnn_way *way, vg_slot slot, vg_dnn_cmd dense);
void vg_dnn_dense_done(vg_dnn_way *way, vg_slot slot, int memory);
/** Whether a row of the tensor is followed by a gap. */
bool vg_dnn_is_strided(const vg_task *task, vg_slot slot);
/** Whether the tensor is a matrix of one column. */
bool vg_dnn_is_column(const vg_task *task, vg_slot slot);
/** Memory of the way's own, zeroed. */
int vg_dnn_own(vg_dnn_way *way, vg_dnn_cmd md);
/** The bytes of @p memory seen in another layout of the same size. */
int vg_dnn_alias(vg_dnn_way *way, int memory, vg_dnn_cmd md);
/** A part of it: what begins @p offset floats behind its start. */
int vg_dnn_part(vg_dnn_way *way, int memory, size_t offset, vg_dnn_cmd md);
/** A memory object without memory; vg_dnn_borrow() gives it that of another. */
int vg_dnn_unbound(vg_dnn_way *way, vg_dnn_cmd md);
void vg_dnn_borrow(vg_dnn_way *way, int memory, const vg_dnn_way *lender, int lent);
float *vg_dnn_data(const vg_dnn_way *way, int memory);

typedef struct vg_dnn_arg {
    int arg, memory;
} vg_dnn_arg;

/** Records a failure of creating a primitive descriptor. True if all is well so far. */
bool vg_dnn_ok(vg_dnn_way *way, dnnl_status_t status, const char *what);

/** Turns @p pd into a step; ends the ownership of @p pd, unless it is kept by vg_dnn_keep_pd(). */
void vg_dnn_add(vg_dnn_way *way, dnnl_primitive_desc_t pd, int count, const vg_dnn_arg *args);
void vg_dnn_add_when(vg_dnn_way *way, dnnl_primitive_desc_t pd, int count, const vg_dnn_arg *args,
                     vg_dnn_when when);
/** Keeps @p pd (a hint for a backward one) until the build ends. */
dnnl_primitive_desc_t vg_dnn_keep_pd(vg_dnn_way *way, dnnl_primitive_desc_t pd);
void vg_dnn_add_glue(vg_dnn_way *way, vg_dnn_glue_fn *glue, const int memory[4], vg_dnn_when when);

/** Copies @p from to @p to, each in its layout. */
void vg_dnn_add_reorder(vg_dnn_way *way, int from, vg_dnn_cmd from_md, int to, vg_dnn_cmd to_md,
                        vg_dnn_when when);
/** @p memory (laid out as @p from) in layout @p to: itself if they are equal, else a buffer of the
 * way that a reorder fills. */
int vg_dnn_to_layout(vg_dnn_way *way, int memory, vg_dnn_cmd from, vg_dnn_cmd to, vg_dnn_when when);
/** Where a primitive writes layout @p made that must end as @p wanted in @p memory: @p memory, or a
 * buffer of the way; vg_dnn_from_layout() then adds the reorder, after the primitive. */
int vg_dnn_target(vg_dnn_way *way, int memory, vg_dnn_cmd made, vg_dnn_cmd wanted);
void vg_dnn_from_layout(vg_dnn_way *way, int made_memory, vg_dnn_cmd made, int memory,
                        vg_dnn_cmd wanted);
/** Notes the layout of @p md for the description: "W AB16b64a". */
void vg_dnn_note_layout(vg_dnn_way *way, const char *name, vg_dnn_cmd md);
/** Gives up on a way that brings nothing over another one. */
void vg_dnn_skip(vg_dnn_way *way, const char *why);

/* --- rows ------------------------------------------------------------------------------------- */

typedef void vg_dnn_build_fn(vg_dnn_way *way, const vg_task *task);

typedef struct vg_dnn_choice {
    const char *label; /**< "matmul plain" */
    vg_dnn_build_fn *build;
    int variant; /**< for `build`, as way->variant: choices that share a function */
} vg_dnn_choice;

/** prepare of a row: builds, times, chooses. Called again with state: repacks only. */
vg_status vg_dnn_prepare(vg_task *task, int threads, const vg_dnn_choice *choices, int count);
/** The way that a prepared task runs, or NULL. */
const vg_dnn_way *vg_dnn_way_of(const vg_task *task);
/** phases, release and describe of every row. The phase is serial. */
int vg_dnn_phases(const vg_shape *shape, vg_phase phases[VG_MAX_PHASES]);
void vg_dnn_release(vg_task *task);
void vg_dnn_describe(const vg_task *task, char *text, size_t size);

#endif
