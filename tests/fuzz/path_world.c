/* The calls of both worlds, and the log. */

#include "path_world.h"

#include <stdarg.h>
#include <sys/sysmacros.h>

const struct calls system_calls = {
    open,    openat,   stat,      lstat,    fstat,     fstatat,  access, faccessat, readlink, readlinkat,
    statvfs, opendir,  fdopendir, readdir,  rewinddir, closedir, chdir,  fchdir,    getcwd,   realpath,
    mkdirat, unlinkat, renameat,  fchmodat, utimensat, truncate, linkat, symlinkat, getxattr,
};

const struct calls redirected_calls = {
    pypkg_open,      pypkg_openat,    pypkg_stat,      pypkg_lstat,      pypkg_fstat,    pypkg_fstatat,
    pypkg_access,    pypkg_faccessat, pypkg_readlink,  pypkg_readlinkat, pypkg_statvfs,  pypkg_opendir,
    pypkg_fdopendir, pypkg_readdir,   pypkg_rewinddir, pypkg_closedir,   pypkg_chdir,    pypkg_fchdir,
    pypkg_getcwd,    pypkg_realpath,  pypkg_mkdirat,   pypkg_unlinkat,   pypkg_renameat, pypkg_fchmodat,
    pypkg_utimensat, pypkg_truncate,  pypkg_linkat,    pypkg_symlinkat,  pypkg_getxattr,
};

void
say(struct world *world, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t left = LOG_SIZE - world->log_size;
    int size = vsnprintf(world->log + world->log_size, left, format, arguments);
    world->log_size += size < 0 ? 0 : (size_t)size < left ? (size_t)size : left - 1;
    va_end(arguments);
}

/* Which file it is, in words that are the same in both worlds. */
static void
say_identity(struct world *world, const struct stat *status)
{
    if (status->st_dev == world->root.st_dev && status->st_ino == world->root.st_ino) {
        say(world, " root");
        return;
    }
    if (!world->is_reference && status->st_dev == PYPKG_DEVICE) {
        say(world, " entry %lu", (unsigned long)status->st_ino - 1);
        return;
    }
    if (world->is_reference && status->st_dev == roots.devices[world->configuration]) {
        for (unsigned i = 0; i < MOST_ENTRIES; i++) {
            if (roots.inodes[world->configuration][i] == status->st_ino) {
                say(world, " entry %u", i);
                return;
            }
        }
        say(world, " entry unknown");
        return;
    }
    say(world, " real %u:%u %lu", major(status->st_dev), minor(status->st_dev), (unsigned long)status->st_ino);
}

void
say_stat(struct world *world, int result, const struct stat *status)
{
    if (result != 0) {
        say(world, " %s", strerror(errno));
        return;
    }
    say_identity(world, status);
    say(world, " %o", (unsigned)status->st_mode);
    if (!S_ISDIR(status->st_mode)) {
        say(world, " %lld", (long long)status->st_size);
    }
}

void
say_result(struct world *world, long result)
{
    if (result < 0) {
        say(world, " %s", strerror(errno));
    }
    else {
        say(world, " %ld", result);
    }
}

void
say_refused(struct world *world, const char *path, long result)
{
    size_t size = path != NULL ? strlen(path) : 0;

    while (size > 0 && path[size - 1] == '/') {
        size--;
    }
    if (path == NULL || strncmp(path, "/snapshot", 9) != 0 || (size > 0 && path[size - 1] == '.')) {
        say(world, result < 0 ? " refused" : " done");
    }
    else {
        say_result(world, result);
    }
}
