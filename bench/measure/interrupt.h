/* SPDX-License-Identifier: Apache-2.0 */
/** @file interrupt.h
 * Ctrl-C keeps what is finished: a signal asks, and whoever measures looks between two steps.
 */
#ifndef VG_MEASURE_INTERRUPT_H
#define VG_MEASURE_INTERRUPT_H

/** SIGINT, SIGTERM, SIGHUP and SIGPIPE ask to stop; a second signal ends the program at once. */
void vg_interrupt_install(void);

/** The signal that asked, or 0. */
int vg_interrupted(void);

#endif
