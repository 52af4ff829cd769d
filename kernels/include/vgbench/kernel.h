/* SPDX-License-Identifier: Apache-2.0 */
/** @file kernel.h
 * Kernel rows, and op instances (tasks) as lists of phases.
 *
 * A row is one implementation of (op, direction) on one backend. Binding it to a shape, tensors and
 * parameters gives a task. A task runs as phases; a phase has `units` units of work. A unit runs on
 * one thread, writes only its own part of the outputs or its own workspace slot, and its bits do
 * not depend on the thread. How many units there are, and how large, depends on the shape alone, so
 * results are bitwise the same for any number of threads.
 */
#ifndef VGBENCH_KERNEL_H
#define VGBENCH_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vgbench/cpu.h"
#include "vgbench/ops.h"
#include "vgbench/shape.h"
#include "vgbench/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vg_backend {
    VG_BACKEND_scalar = 0,  /**< plain C, vectoriser off */
    VG_BACKEND_auto_avx2,   /**< the same C, the compiler's best for the cluster */
    VG_BACKEND_auto_avx512,
    VG_BACKEND_auto_neon,
    VG_BACKEND_avx2, /**< hand-written */
    VG_BACKEND_avx512,
    VG_BACKEND_neon,
    VG_BACKEND_onednn,
    VG_BACKEND_COUNT
} vg_backend;

/** A tensor argument. @p ld is the distance of rows in floats, at least cols; vectors ignore it. */
typedef struct vg_tensor {
    void *p;
    int64_t ld;
} vg_tensor;

/** Scalars of an op, owned by the caller; they may change between runs of a task, not during one.
 * Fields an op does not name are ignored. */
typedef struct vg_params {
    float slope;    /**< leaky_relu: slope for x < 0 */
    float alpha;    /**< scaled_add: branch factor */
    float eps;      /**< norms (1e-5), adam (1e-8) */
    float momentum; /**< momentum sgd; batch norm's running statistics (0.1) */
    float lr, beta1, beta2, weight_decay;
    float clip_norm;  /**< clip: limit of the global norm */
    float loss_scale; /**< losses: factor of the gradient, 1 normally */
    int64_t step;     /**< adam: 1 for the first step (bias correction) */
    /** Rows that can write past the caches do so where their matrices take this many bytes or more;
     * 0: where that was measured to gain, 32 or 64 MiB. For tests of those paths. */
    int64_t stream_bytes;
} vg_params;

/** Defaults as in PyTorch: slope .01, alpha 1, eps 1e-5, momentum .1, lr 1e-3, beta .9 .999, ... */
extern const vg_params vg_params_default;

typedef struct vg_task vg_task;
typedef struct vg_kernel vg_kernel;

/** Runs unit @p unit of a phase. @p scratch is this thread's scratch memory, 64-byte aligned, of at
 * least the row's scratch size; its contents are undefined at entry. Non-temporal stores need no fence:
 * the executor has one behind a worker's units. */
typedef void vg_unit_fn(const vg_task *task, int64_t unit, void *scratch);

enum { VG_MAX_PHASES = 6 };

typedef struct vg_phase {
    vg_unit_fn *run;
    int64_t units;
    /** > 0: unit u reads and writes only rows [u*row_block, (u+1)*row_block) of row-major tensors
     * with the batch as rows. Two neighbouring phases with the same units and row_block need no
     * barrier between them. */
    int64_t row_block;
    /** > 1: the phase is run so often, with a barrier between the rounds; unit u of round r is given
     * as r * units + u. For steps that need what all units of the step before have made. */
    int64_t rounds;
    /** A library call that brings its own threads: run once, outside any parallel region. */
    bool serial;
    /** What it reads is ready at the barrier before it, and what it writes is read by nobody before
     * the barrier after the next phase: none is needed behind it. */
    bool independent;
    /** Estimated time of the whole phase on one thread, in nanoseconds, from the shape alone; the
     * executor uses it to leave small work on one thread. */
    double cost_ns;
} vg_phase;

/** What an implementation provides. Callbacks that are NULL mean: none needed. */
typedef struct vg_kernel_impl {
    const char *impl; /**< how it works, in a few words: "6x16, B packed" */
    /** Fills @p phases for @p shape and returns their number (1 .. VG_MAX_PHASES). */
    int (*phases)(const vg_shape *shape, vg_phase phases[VG_MAX_PHASES]);
    /** Bytes of scratch per thread. */
    size_t (*scratch)(const vg_shape *shape);
    /** Bytes of workspace of the task, shared by its units (64-byte aligned). */
    size_t (*workspace)(const vg_shape *shape);
    /** Says whether the row takes this shape; message by vg_fail(VG_EUNSUPPORTED). */
    vg_status (*supports)(const vg_shape *shape);
    /** Shapes of so few numbers, or of rows so narrow, that to set up vectors costs more than they
     * save: the op's scalar row runs them in this row's place. */
    bool (*too_small)(const vg_kernel *kernel, const vg_shape *shape);
    /** Untimed preparation: packs weights, creates primitives; may allocate task->state. All
     * tensors of the task are bound. Called again when a packed input has changed. */
    vg_status (*prepare)(vg_task *task, int threads);
    /** Frees task->state. */
    void (*release)(vg_task *task);
    /** Outputs that the row does not write, as bits 1 << slot: what a library keeps to itself. */
    uint64_t omits;
    /** The implementation behind the task, for the record ("brg_matmul:avx512_core, any"), into
     * @p text. NULL: `impl` says it. */
    void (*describe)(const vg_task *task, char *text, size_t size);
} vg_kernel_impl;

struct vg_kernel {
    vg_op op;
    vg_dir dir;
    vg_backend backend;
    uint32_t isa; /**< VG_ISA_ bits, all needed */
    const vg_kernel_impl *impl;
};

/** One op instance: a row bound to a shape, tensors and parameters. */
struct vg_task {
    const vg_kernel *kernel;
    /** What runs: the row's own, or that of the scalar row where the shape is too_small. */
    const vg_kernel_impl *impl;
    vg_shape shape;
    vg_tensor t[VG_SLOT_COUNT];
    const vg_params *params;
    void *workspace; /**< vg_task_workspace_bytes(), or NULL where that is 0 */
    void *state;     /**< of prepare */
    /** Backward: the task of the forward pass it belongs to, prepared before this one, for rows that
     * keep what they need in its state (oneDNN's recurrent layers). NULL: prepare runs that pass on
     * the tensors as they are then. Ignored by rows that read tensors alone. */
    const struct vg_task *forward;
    double prepare_ns; /**< how long prepare took: the creation-time column. A row that tries several
                          ways sets the time of the one it kept. */
};

/* --- registry ------------------------------------------------------------------------------ */

/** All rows that were built, in the order of kernels.inc. */
int vg_kernel_count(void);
const vg_kernel *vg_kernel_at(int index);

/** The row of (op, dir, backend), or NULL if it was not built. */
const vg_kernel *vg_kernel_find(vg_op op, vg_dir dir, vg_backend backend);

/** Whether the row runs on this CPU now; if not, VG_EUNSUPPORTED with the reason. */
vg_status vg_kernel_usable(const vg_kernel *kernel);

const char *vg_backend_name(vg_backend backend);
/** VG_BACKEND_COUNT for an unknown name; "best" gives vg_backend_best(). */
vg_backend vg_backend_by_name(const char *name);
/** First usable of avx512, avx2, neon, scalar: a fixed order, never a measurement. */
vg_backend vg_backend_best(void);
/** Whether the backend was built and runs on this CPU; if not, the reason as VG_EUNSUPPORTED. */
vg_status vg_backend_usable(vg_backend backend);

/** "<op>/<dir>/<backend>/<keys>/threads:N"; threads < 1 leaves that part out. Returns the length
 * needed. */
int vg_kernel_format(const vg_kernel *kernel, const vg_shape *shape, int threads, char *text,
                     size_t size);

/* --- tasks --------------------------------------------------------------------------------- */

/** Checks the shape and fills @p task with the row; tensors are bound by the caller afterwards
 * (task->t[slot]), with ld set where a row of the tensor is longer than its columns. */
vg_status vg_task_init(vg_task *task, const vg_kernel *kernel, const vg_shape *shape,
                       const vg_params *params);

size_t vg_task_workspace_bytes(const vg_task *task);

/** VG_EINVAL, with the names, where an output of the task shares memory with another of its tensors
 * in a way that its op does not allow (vg_tensor_spec). Tensors that are NULL are passed over. */
vg_status vg_task_check_tensors(const vg_task *task);

/** Checks the tensors as above, runs the row's prepare (if it has one) and takes the time. Call once
 * all tensors are bound. On failure nothing was written. */
vg_status vg_task_prepare(vg_task *task, int threads);

/** Releases state; not tensors, not workspace. */
void vg_task_release(vg_task *task);

/** What ran: impl text of the row or of its state. */
void vg_task_describe(const vg_task *task, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
