/* SPDX-License-Identifier: Apache-2.0 */
#include "results/save.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static vg_status io_error(const char *path, const char *what)
{
    return vg_fail(VG_EIO, "%s: %s: %s", path, what, strerror(errno));
}

vg_status vg_folder_lock(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return io_error(dir, "cannot be opened");
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return VG_OK; /* stays open: the lock lives as long as the process */
    close(fd);
    return vg_fail(VG_EIO, "%s: another vgbench writes into this folder now", dir);
}

vg_status vg_file_check(const char *path)
{
    char copy[4096];
    struct stat info;
    if (!strcmp(path, "-"))
        return VG_OK;
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
        return vg_fail(VG_EIO, "a path of more than %zu bytes", sizeof copy - 1);
    if (!stat(path, &info) && S_ISDIR(info.st_mode))
        return vg_fail(VG_EIO, "%s: is a folder, a file is needed", path);
    if (access(dirname(copy), W_OK | X_OK))
        return io_error(path, "cannot be written");
    return VG_OK;
}

static bool write_all(int fd, const char *text, size_t size)
{
    while (size) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        size -= (size_t)n;
    }
    return true;
}

vg_status vg_file_save(const char *path, const char *text, size_t size)
{
    if (!strcmp(path, "-")) {
        bool fine = fwrite(text, 1, size, stdout) == size && !fflush(stdout);
        return fine ? VG_OK : io_error("stdout", "cannot be written");
    }
    VG_TRY(vg_file_check(path));
    struct stat info;
    if (!stat(path, &info) && !S_ISREG(info.st_mode)) { /* /dev/null, a pipe: nothing to rename */
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        bool fine = fd >= 0 && write_all(fd, text, size);
        if (fd >= 0)
            fine &= !close(fd);
        return fine ? VG_OK : io_error(path, "cannot be written");
    }
    char temporary[4200];
    snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return io_error(path, "cannot be written");
    bool fine = write_all(fd, text, size) && !fsync(fd);
    fine &= !close(fd);
    if (fine && !rename(temporary, path))
        return VG_OK;
    int reason = errno;
    unlink(temporary);
    errno = reason;
    return io_error(path, "cannot be written");
}

vg_status vg_file_open(const char *path, vg_file *file)
{
    struct stat info;
    *file = (vg_file){.stream = stdout};
    VG_TRY(vg_file_check(path));
    snprintf(file->path, sizeof file->path, "%s", path);
    if (!strcmp(path, "-"))
        return VG_OK;
    if (!stat(path, &info) && !S_ISREG(info.st_mode)) {
        file->stream = fopen(path, "we");
    } else {
        snprintf(file->temporary, sizeof file->temporary, "%s.%ld.tmp", path, (long)getpid());
        file->stream = fopen(file->temporary, "wxe");
    }
    return file->stream ? VG_OK : io_error(path, "cannot be written");
}

vg_status vg_file_close(vg_file *file, bool keep)
{
    bool fine = !fflush(file->stream) && !ferror(file->stream);
    if (file->temporary[0])
        fine = fine && !fsync(fileno(file->stream));
    int reason = errno;
    if (file->stream != stdout)
        fine = !fclose(file->stream) && fine;
    if (file->temporary[0] && keep && fine)
        fine = !rename(file->temporary, file->path);
    else if (file->temporary[0])
        unlink(file->temporary);
    if (fine || !keep)
        return VG_OK;
    errno = reason;
    return io_error(file->path, "cannot be written");
}
