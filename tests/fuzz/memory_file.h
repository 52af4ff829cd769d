/* SPDX-License-Identifier: Apache-2.0 */
/* A file in memory under a path, for parsers that open files themselves. */
#ifndef VG_FUZZ_MEMORY_FILE_H
#define VG_FUZZ_MEMORY_FILE_H

#include <stddef.h>
#include <stdint.h>

/** Path of the one memory file, which now has these bytes. */
const char *memory_file(const uint8_t *data, size_t size);

#endif
