/* SPDX-License-Identifier: Apache-2.0 */
/** @file command_line.h
 * The command line as it should be typed again, for records and reports.
 */
#ifndef VG_CLI_COMMAND_LINE_H
#define VG_CLI_COMMAND_LINE_H

/** "vgbench bench --shapes='dense 64 64 64'"; words are quoted where a shell needs it.
 * --resume and --force are left out: they speak of what a folder held, not of what was measured.
 * Freed by the caller; NULL when out of memory. */
char *vg_command_line(int argc, char **argv);

#endif
