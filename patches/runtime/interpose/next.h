/* The calls of native addons, whose own C code opens files of the snapshot too.

   CPython and the libraries linked into it are compiled with the redirect header; a wheel's library is not. It calls
   open() of the C library by name, and the dynamic linker resolves a name in the executable first. So the functions
   that matter are defined here, under the C library's names. They call the runtime for what may be in the snapshot, and
   otherwise the next definition of the name, which is the C library's, or that of an LD_PRELOAD.

   The runtime's own calls arrive here too, so `pypkg_inside` counts the runtime's functions that a thread is in.
   Nothing here needs an initialization: constructors of libraries may call before main.

   Only for glibc with 64 bits, where a call and its variant for large files are the same. */

#ifndef PYPKG_NEXT_H
#define PYPKG_NEXT_H

#include "engine/route.h"
#include "posix/front.h"

/* The headers of the C library say which one it is. */
#if defined(PYPKG_INTERPOSE) && defined(__GLIBC__) && defined(__LP64__)
#define PYPKG_INTERPOSES 1

/* A function that is called in place of the C library's. Its name in C differs, because the headers declare theirs. */
#define INTERPOSE(type, name, ...)                                                           \
    type pypkg_at_##name(__VA_ARGS__) __asm__(#name) __attribute__((visibility("default"))); \
    type pypkg_at_##name(__VA_ARGS__)
/* A second name of the same function. */
#define SAME(name, other)                                              \
    extern __typeof__(pypkg_at_##other) pypkg_at_##name __asm__(#name) \
        __attribute__((alias(#other), visibility("default")))

/* clang-format off */
#define PYPKG_NAMES(X)                                                                                            \
    X(open) X(openat) X(creat) X(fopen) X(stat) X(lstat) X(fstatat) X(__xstat) X(__lxstat) X(__fxstatat) X(statx) \
    X(access) X(faccessat) X(euidaccess) X(readlink) X(readlinkat) X(realpath) X(opendir) X(fdopendir) X(readdir) \
    X(readdir_r) X(closedir) X(rewinddir) X(dirfd) X(telldir) X(seekdir) X(chdir) X(fchdir) X(getcwd) X(dlopen)   \
    X(dlerror) X(execv) X(execve) X(execvp) X(execvpe) X(posix_spawn) X(posix_spawnp)
/* clang-format on */

#define PYPKG_NUMBER(name) PYPKG_NEXT_##name,
enum pypkg_next { PYPKG_NAMES(PYPKG_NUMBER) PYPKG_NEXT_COUNT };

/* The next definition of a function; &pypkg_next_missing if there is none. */
void *pypkg_find_next(enum pypkg_next number);
extern char pypkg_next_missing;

#define HAS_NEXT(name) (pypkg_find_next(PYPKG_NEXT_##name) != (void *)&pypkg_next_missing)
#define NEXT(name, ...) ((__typeof__(pypkg_at_##name) *)(uintptr_t)pypkg_find_next(PYPKG_NEXT_##name))(__VA_ARGS__)

/* How many functions of the runtime this thread is in. */
extern _Thread_local int pypkg_inside __attribute__((visibility("hidden")));

#define RUNTIME(type, call)    \
    do {                       \
        pypkg_inside++;        \
        type result_ = (call); \
        pypkg_inside--;        \
        return result_;        \
    } while (0)

/* Whether the runtime handles a call with this path. */
static inline bool
is_virtual(int dirfd, const char *path)
{
    return pypkg_may_be_virtual(dirfd, path) && pypkg_inside == 0;
}

#endif

#endif
