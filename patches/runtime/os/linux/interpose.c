/* The calls of native addons: their own C code opens files of the snapshot too.

   CPython and the libraries linked into it are compiled with the redirect header; a wheel's library is not. It calls
   open() of the C library by name, and the dynamic linker looks for a name in the executable first. So the functions
   that matter are defined here, under the C library's names. What concerns the snapshot goes to the core, all else to the
   next definition of the name, which is the C library's, or that of an LD_PRELOAD.

   The core's own calls come here too, so each function knows when it was called from the core: `inside`. A program
   that is started does not return, and a child made by vfork shares this memory with its parent: there the thread's
   number tells. Nothing here needs an initialization; constructors of libraries may call before main.

   Only for GNU/Linux with 64 bits, where the variants of a call for large files are one and the same. */

#if defined(__linux__)
#include <features.h>
#endif

#if defined(PYPKG_INTERPOSE) && defined(__linux__) && defined(__GLIBC__) && defined(__LP64__)

#include "engine/vfs.h"

#include <linux/stat.h>
#include <stdarg.h>
#include <sys/syscall.h>

/* Functions that are called in place of the C library's: their names here differ, because its headers declare theirs. */
#define INTERPOSE(type, name, ...)                                                                     \
    type pypkg_at_##name(__VA_ARGS__) __asm__(#name) __attribute__((visibility("default")));          \
    type pypkg_at_##name(__VA_ARGS__)
/* A second name of the same function. */
#define SAME(name, other)                                                                              \
    extern __typeof__(pypkg_at_##other) pypkg_at_##name __asm__(#name)                                 \
        __attribute__((alias(#other), visibility("default")))

#define NAMES(X)                                                                                       \
    X(open) X(openat) X(creat) X(fopen) X(stat) X(lstat) X(fstatat) X(__xstat) X(__lxstat) X(__fxstatat) X(statx)   \
    X(access) X(faccessat) X(euidaccess) X(readlink) X(readlinkat) X(realpath) X(opendir) X(fdopendir) X(readdir)   \
    X(readdir_r) X(closedir) X(rewinddir) X(dirfd) X(telldir) X(seekdir) X(chdir) X(fchdir) X(getcwd) X(dlopen)      \
    X(dlerror) X(execv) X(execve) X(execvp) X(execvpe) X(posix_spawn) X(posix_spawnp)

#define NUMBER(name) NUMBER_##name,
#define TEXT(name) #name,
enum { NAMES(NUMBER) NAME_COUNT };
static const char *const names[] = {NAMES(TEXT)};
static _Atomic(void *) next[NAME_COUNT];

/* Stands for what the C library does not have. */
static char nothing;

static void *
find_next(int number)
{
    void *found = atomic_load_explicit(&next[number], memory_order_relaxed);

    if (found == NULL) {
        found = dlsym(RTLD_NEXT, names[number]);
        if (found == NULL) {
            /* Nobody asked, so nobody is to see that message. */
            char *(*forget)(void) = (char *(*)(void))(uintptr_t)dlsym(RTLD_NEXT, "dlerror");
            forget();
            found = &nothing;
        }
        atomic_store_explicit(&next[number], found, memory_order_relaxed);
    }
    return found;
}

/* The dynamic linker's lock may be held when a process forks: its child must not have to ask. */
__attribute__((constructor)) static void
find_all(void)
{
    for (int i = 0; i < NAME_COUNT; i++) {
        find_next(i);
    }
}

#define HAS_NEXT(name) (find_next(NUMBER_##name) != (void *)&nothing)
#define NEXT(name, ...) \
    ((__typeof__(pypkg_at_##name) *)(uintptr_t)find_next(NUMBER_##name))(__VA_ARGS__)

/* How many functions of the core this thread is in. */
static _Thread_local int inside;

#define CORE(type, call)                                                                               \
    do {                                                                                               \
        inside++;                                                                                      \
        type result_ = (call);                                                                         \
        inside--;                                                                                      \
        return result_;                                                                                \
    } while (0)

static inline bool
is_ours(int dirfd, const char *path)
{
    return pypkg_concerns(dirfd, path) && inside == 0;
}

/* -- files ------------------------------------------------------------------------------------------------------ */

#define NEEDS_MODE(flags) (((flags) & O_CREAT) != 0 || ((flags) & O_TMPFILE) == O_TMPFILE)

#define TAKE_MODE(flags, mode)                                                                         \
    mode_t mode = 0;                                                                                   \
    if (NEEDS_MODE(flags)) {                                                                           \
        va_list arguments;                                                                             \
        va_start(arguments, flags);                                                                    \
        mode = (mode_t)va_arg(arguments, int);                                                         \
        va_end(arguments);                                                                             \
    }

INTERPOSE(int, open, const char *path, int flags, ...)
{
    TAKE_MODE(flags, mode)
    if (!is_ours(AT_FDCWD, path)) {
        return NEXT(open, path, flags, mode);
    }
    CORE(int, pypkg_open(path, flags, mode));
}
SAME(open64, open);

INTERPOSE(int, openat, int dirfd, const char *path, int flags, ...)
{
    TAKE_MODE(flags, mode)
    if (!is_ours(dirfd, path)) {
        return NEXT(openat, dirfd, path, flags, mode);
    }
    CORE(int, pypkg_openat(dirfd, path, flags, mode));
}
SAME(openat64, openat);

/* What open becomes when it is compiled with _FORTIFY_SOURCE: without a mode. */
INTERPOSE(int, __open_2, const char *path, int flags)
{
    return pypkg_at_open(path, flags, 0);
}
SAME(__open64_2, __open_2);

INTERPOSE(int, __openat_2, int dirfd, const char *path, int flags)
{
    return pypkg_at_openat(dirfd, path, flags, 0);
}
SAME(__openat64_2, __openat_2);

INTERPOSE(int, creat, const char *path, mode_t mode)
{
    if (!is_ours(AT_FDCWD, path)) {
        return NEXT(creat, path, mode);
    }
    CORE(int, pypkg_creat(path, mode));
}
SAME(creat64, creat);

INTERPOSE(FILE *, fopen, const char *path, const char *mode)
{
    if (!is_ours(AT_FDCWD, path)) {
        return NEXT(fopen, path, mode);
    }
    CORE(FILE *, pypkg_fopen(path, mode));
}
SAME(fopen64, fopen);

/* -- what a path leads to ---------------------------------------------------------------------------------------- */

/* Up to glibc 2.32 programs call __xstat, with a version of the structure; from then on stat. There is only one version. */
#define STAT_VERSION 1

INTERPOSE(int, __xstat, int version, const char *path, struct stat *status);
INTERPOSE(int, __lxstat, int version, const char *path, struct stat *status);
INTERPOSE(int, __fxstatat, int version, int dirfd, const char *path, struct stat *status, int flags);

INTERPOSE(int, stat, const char *path, struct stat *status)
{
    if (!is_ours(AT_FDCWD, path)) {
        return HAS_NEXT(stat) ? NEXT(stat, path, status) : NEXT(__xstat, STAT_VERSION, path, status);
    }
    CORE(int, pypkg_stat(path, status));
}
SAME(stat64, stat);

INTERPOSE(int, lstat, const char *path, struct stat *status)
{
    if (!is_ours(AT_FDCWD, path)) {
        return HAS_NEXT(lstat) ? NEXT(lstat, path, status) : NEXT(__lxstat, STAT_VERSION, path, status);
    }
    CORE(int, pypkg_lstat(path, status));
}
SAME(lstat64, lstat);

INTERPOSE(int, fstatat, int dirfd, const char *path, struct stat *status, int flags)
{
    if (!is_ours(dirfd, path)) {
        return HAS_NEXT(fstatat) ? NEXT(fstatat, dirfd, path, status, flags)
                                 : NEXT(__fxstatat, STAT_VERSION, dirfd, path, status, flags);
    }
    CORE(int, pypkg_fstatat(dirfd, path, status, flags));
}
SAME(fstatat64, fstatat);

INTERPOSE(int, __xstat, int version, const char *path, struct stat *status)
{
    (void)version;
    return pypkg_at_stat(path, status);
}
SAME(__xstat64, __xstat);

INTERPOSE(int, __lxstat, int version, const char *path, struct stat *status)
{
    (void)version;
    return pypkg_at_lstat(path, status);
}
SAME(__lxstat64, __lxstat);

INTERPOSE(int, __fxstatat, int version, int dirfd, const char *path, struct stat *status, int flags)
{
    (void)version;
    return pypkg_at_fstatat(dirfd, path, status, flags);
}
SAME(__fxstatat64, __fxstatat);

static void
fill_statx(const struct stat *status, struct statx *out)
{
    memset(out, 0, sizeof(*out));
    out->stx_mask = STATX_BASIC_STATS;
    out->stx_blksize = (uint32_t)status->st_blksize;
    out->stx_nlink = (uint32_t)status->st_nlink;
    out->stx_mode = (uint16_t)status->st_mode;
    out->stx_ino = status->st_ino;
    out->stx_size = (uint64_t)status->st_size;
    out->stx_blocks = (uint64_t)status->st_blocks;
    out->stx_mtime.tv_sec = status->st_mtim.tv_sec;
    out->stx_atime.tv_sec = status->st_atim.tv_sec;
    out->stx_ctime.tv_sec = status->st_ctim.tv_sec;
    out->stx_dev_minor = (uint32_t)status->st_dev;
}

INTERPOSE(int, statx, int dirfd, const char *path, int flags, unsigned mask, struct statx *out)
{
    if (path != NULL && path[0] != '\0' && is_ours(dirfd, path)) {
        struct pypkg_route route;
        struct stat status;
        inside++;
        enum pypkg_where where = pypkg_route(&route, "statx", dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
        inside--;
        if (where == PYPKG_FAILED) {
            return -1;
        }
        if (where == PYPKG_VIRTUAL) {
            pypkg_fill_stat(&route.found, &status);
            fill_statx(&status, out);
            return 0;
        }
    }
    if (!HAS_NEXT(statx)) {
        errno = ENOSYS;
        return -1;
    }
    return NEXT(statx, dirfd, path, flags, mask, out);
}

INTERPOSE(int, access, const char *path, int mode)
{
    if (!is_ours(AT_FDCWD, path)) {
        return NEXT(access, path, mode);
    }
    CORE(int, pypkg_access(path, mode));
}

INTERPOSE(int, faccessat, int dirfd, const char *path, int mode, int flags)
{
    if (!is_ours(dirfd, path)) {
        return NEXT(faccessat, dirfd, path, mode, flags);
    }
    CORE(int, pypkg_faccessat(dirfd, path, mode, flags));
}

INTERPOSE(int, euidaccess, const char *path, int mode)
{
    if (!is_ours(AT_FDCWD, path)) {
        return NEXT(euidaccess, path, mode);
    }
    CORE(int, pypkg_access(path, mode));
}
SAME(eaccess, euidaccess);

INTERPOSE(ssize_t, readlink, const char *path, char *buffer, size_t size)
{
    if (!is_ours(AT_FDCWD, path)) {
        return NEXT(readlink, path, buffer, size);
    }
    CORE(ssize_t, pypkg_readlink(path, buffer, size));
}

INTERPOSE(ssize_t, __readlink_chk, const char *path, char *buffer, size_t size, size_t buffer_size)
{
    return pypkg_at_readlink(path, buffer, size < buffer_size ? size : buffer_size);
}

INTERPOSE(ssize_t, readlinkat, int dirfd, const char *path, char *buffer, size_t size)
{
    if (!is_ours(dirfd, path)) {
        return NEXT(readlinkat, dirfd, path, buffer, size);
    }
    CORE(ssize_t, pypkg_readlinkat(dirfd, path, buffer, size));
}

INTERPOSE(char *, realpath, const char *path, char *resolved)
{
    if (!is_ours(AT_FDCWD, path)) {
        return NEXT(realpath, path, resolved);
    }
    CORE(char *, pypkg_realpath(path, resolved));
}

INTERPOSE(char *, __realpath_chk, const char *path, char *resolved, size_t size)
{
    (void)size; /* glibc aborts when it is less than PATH_MAX */
    return pypkg_at_realpath(path, resolved);
}

/* -- directories ------------------------------------------------------------------------------------------------ */

/* The core marks its streams in the lowest bit: vdir.c. */
static inline bool
is_virtual(DIR *dir)
{
    return ((uintptr_t)dir & 1) != 0;
}

INTERPOSE(DIR *, opendir, const char *path)
{
    if (!is_ours(AT_FDCWD, path)) {
        return NEXT(opendir, path);
    }
    CORE(DIR *, pypkg_opendir(path));
}

INTERPOSE(DIR *, fdopendir, int fd)
{
    if (inside > 0 || !atomic_load_explicit(&pypkg_state.has_descriptors, memory_order_relaxed)) {
        return NEXT(fdopendir, fd);
    }
    CORE(DIR *, pypkg_fdopendir(fd));
}

INTERPOSE(struct dirent *, readdir, DIR *dir)
{
    return is_virtual(dir) ? pypkg_readdir(dir) : NEXT(readdir, dir);
}
SAME(readdir64, readdir);

INTERPOSE(int, readdir_r, DIR *dir, struct dirent *entry, struct dirent **result)
{
    if (!is_virtual(dir)) {
        return NEXT(readdir_r, dir, entry, result);
    }
    struct dirent *found = pypkg_readdir(dir);
    if (found != NULL) {
        memcpy(entry, found, sizeof(*entry));
    }
    *result = found != NULL ? entry : NULL;
    return 0;
}
SAME(readdir64_r, readdir_r);

INTERPOSE(int, closedir, DIR *dir)
{
    return is_virtual(dir) ? pypkg_closedir(dir) : NEXT(closedir, dir);
}

INTERPOSE(void, rewinddir, DIR *dir)
{
    if (is_virtual(dir)) {
        pypkg_rewinddir(dir);
        return;
    }
    NEXT(rewinddir, dir);
}

INTERPOSE(int, dirfd, DIR *dir)
{
    return is_virtual(dir) ? pypkg_dirfd(dir) : NEXT(dirfd, dir);
}

/* A stream of the snapshot can be read from its start only. */
INTERPOSE(long, telldir, DIR *dir)
{
    if (is_virtual(dir)) {
        errno = ENOTSUP;
        return -1;
    }
    return NEXT(telldir, dir);
}

INTERPOSE(void, seekdir, DIR *dir, long position)
{
    if (!is_virtual(dir)) {
        NEXT(seekdir, dir, position);
    }
}

/* -- the working directory -------------------------------------------------------------------------------------- */

INTERPOSE(int, chdir, const char *path)
{
    if (inside > 0) {
        return NEXT(chdir, path);
    }
    CORE(int, pypkg_chdir(path));
}

INTERPOSE(int, fchdir, int fd)
{
    if (inside > 0) {
        return NEXT(fchdir, fd);
    }
    CORE(int, pypkg_fchdir(fd));
}

INTERPOSE(char *, getcwd, char *buffer, size_t size)
{
    if (inside > 0) {
        return NEXT(getcwd, buffer, size);
    }
    CORE(char *, pypkg_getcwd(buffer, size));
}

INTERPOSE(char *, __getcwd_chk, char *buffer, size_t size, size_t buffer_size)
{
    return pypkg_at_getcwd(buffer, size < buffer_size ? size : buffer_size);
}

/* -- libraries -------------------------------------------------------------------------------------------------- */

/* The linker looks where the caller's own RUNPATH says, and finds the caller by the return address: this one must not
   be on the stack. */
INTERPOSE(void *, dlopen, const char *path, int flags)
{
    if (path == NULL || strchr(path, '/') == NULL || !is_ours(AT_FDCWD, path)) {
        __typeof__(pypkg_at_dlopen) *real = (__typeof__(pypkg_at_dlopen) *)(uintptr_t)find_next(NUMBER_dlopen);
        __attribute__((musttail)) return real(path, flags);
    }
    return pypkg_dlopen(path, flags);
}

INTERPOSE(char *, dlerror, void)
{
    if (inside > 0) {
        return NEXT(dlerror);
    }
    CORE(char *, pypkg_dlerror());
}

/* -- programs --------------------------------------------------------------------------------------------------- */

/* The thread that is on its way through the core to start a program. */
static _Thread_local long starting;

#define START(core_call, real_call)                                                                    \
    do {                                                                                               \
        long thread = syscall(SYS_gettid);                                                             \
        if (inside > 0 || starting == thread || !pypkg_state.ready) {                                  \
            return (real_call);                                                                        \
        }                                                                                              \
        starting = thread;                                                                             \
        int result_ = (core_call);                                                                     \
        starting = 0;                                                                                  \
        return result_;                                                                                \
    } while (0)

INTERPOSE(int, execve, const char *path, char *const argv[], char *const envp[])
{
    START(pypkg_execve(path, argv, envp), NEXT(execve, path, argv, envp));
}

INTERPOSE(int, execv, const char *path, char *const argv[])
{
    START(pypkg_execv(path, argv), NEXT(execv, path, argv));
}

INTERPOSE(int, execvp, const char *file, char *const argv[])
{
    if (file == NULL || strchr(file, '/') == NULL) {
        return NEXT(execvp, file, argv);
    }
    return pypkg_at_execv(file, argv);
}

INTERPOSE(int, execvpe, const char *file, char *const argv[], char *const envp[])
{
    if (file == NULL || strchr(file, '/') == NULL) {
        return NEXT(execvpe, file, argv, envp);
    }
    return pypkg_at_execve(file, argv, envp);
}

INTERPOSE(int, posix_spawn, pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
          const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    if (inside > 0) {
        return NEXT(posix_spawn, pid, path, actions, attributes, argv, envp);
    }
    CORE(int, pypkg_posix_spawn(pid, path, actions, attributes, argv, envp));
}

INTERPOSE(int, posix_spawnp, pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
          const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    if (inside > 0) {
        return NEXT(posix_spawnp, pid, file, actions, attributes, argv, envp);
    }
    CORE(int, pypkg_posix_spawnp(pid, file, actions, attributes, argv, envp));
}

#else

/* A file must not be empty. */
extern int pypkg_no_interpose;
int pypkg_no_interpose;

#endif
