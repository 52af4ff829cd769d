/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/data/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vgbench/memory.h"

static vg_status read_all(const char *path, int fd, uint8_t *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, bytes + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vg_fail(VG_EIO, "%s: offset %zu: %s", path, done, strerror(errno));
        if (n == 0)
            return vg_fail(VG_EIO, "%s: became shorter while it was read (%zu of %zu bytes)", path,
                           done, size);
        done += (size_t)n;
    }
    bytes[size] = 0;
    return VG_OK;
}

static vg_status load(const char *path, int fd, uint8_t **bytes, size_t *size)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return vg_fail(VG_EIO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return vg_fail(VG_EIO, "%s: not a regular file", path);
    void *memory;
    *size = (size_t)info.st_size;
    VG_TRY(vg_alloc(*size + 1, 0, &memory));
    vg_status status = read_all(path, fd, memory, *size);
    if (status != VG_OK)
        vg_free(memory);
    else
        *bytes = memory;
    return status;
}

vg_status vg_file_load(const char *path, uint8_t **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    /* Non-blocking, so that opening a FIFO returns and is refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return vg_fail(VG_EIO, "%s: cannot be read: %s", path, strerror(errno));
    vg_status status = load(path, fd, bytes, size);
    close(fd);
    return status;
}

vg_status vg_path_join(const char *folder, const char *name, char *path, size_t size)
{
    if (snprintf(path, size, "%s/%s", folder, name) >= (int)size)
        return vg_fail(VG_EINVAL, "%.200s...: a path of more than %zu characters", folder,
                       size - 1);
    return VG_OK;
}

vg_status vg_extents_product(const char *file, const int64_t *shape, int dims, int64_t item,
                             int64_t *product)
{
    int64_t total = item;
    for (int i = 0; i < dims; i++)
        if (shape[i] < 0 || __builtin_mul_overflow(total, shape[i], &total))
            return vg_fail(VG_EFORMAT, "%s: extent %d is %lld: the array would be too large", file,
                           i + 1, (long long)shape[i]);
    *product = total;
    return VG_OK;
}
