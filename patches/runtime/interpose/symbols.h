/* The symbols that native addons call, which differ by C library and processor.

   With 64 bits, glibc has one function for a call and its variant for large files: `open64` is a second name of `open`.
   With 32 bits these are two functions with structures of different sizes: the addon's compiler has chosen one by
   _FILE_OFFSET_BITS. The runtime is compiled with 64, so its `open` is the symbol `open64`; narrow.c has the others.

   musl's offsets always have 64 bits. Up to 1.2.3 its libc.so has the names with 64 too; later ones only for programs
   that were linked before, by cutting off the 64. With 32 bits its `struct stat` changed with 1.2, when times got 64
   bits, and so did the symbol of `stat`: `__stat_time64`. What was linked with 1.1 calls `stat`, which narrow.c has.

   Only glibc has symbol versions, checked functions (`__open_2`, `__getcwd_chk`), and `__xstat`. A definition in the
   executable has no version, and the loader takes it for any. */

#ifndef PYPKG_SYMBOLS_H
#define PYPKG_SYMBOLS_H

#define PYPKG_VISIBLE __attribute__((visibility("default")))

/* Define a function that is called in place of the C library's. Its name in C differs, because the headers declare
   theirs. */
#define PYPKG_DEFINE(type, name, symbol, ...)                        \
    type pypkg_at_##name(__VA_ARGS__) __asm__(symbol) PYPKG_VISIBLE; \
    type pypkg_at_##name(__VA_ARGS__)
#define INTERPOSE(type, name, ...) PYPKG_DEFINE(type, name, #name, __VA_ARGS__)

/* A second name of the same function. */
#define SAME(name, other)                                              \
    extern __typeof__(pypkg_at_##other) pypkg_at_##name __asm__(#name) \
        __attribute__((alias(#other), visibility("default")))

/* LARGE: a call with another name for large files; TIMED: one whose structure has times too. SAME_LARGE and SAME_TIMED
   follow their definitions. X_LARGE and X_TIMED are the symbols as text. */
#if defined(__LP64__)
#define LARGE(type, name, large, ...) PYPKG_DEFINE(type, name, #name, __VA_ARGS__)
#define TIMED(type, name, large, timed, ...) PYPKG_DEFINE(type, name, #name, __VA_ARGS__)
#define SAME_LARGE(large, name) SAME(large, name)
#define SAME_TIMED(large, name) SAME(large, name)
#define PYPKG_LARGE_TEXT(name, large) #name
#define PYPKG_TIMED_TEXT(name, large, timed) #name
#elif defined(__GLIBC__)
#define LARGE(type, name, large, ...) PYPKG_DEFINE(type, name, #large, __VA_ARGS__)
#define TIMED(type, name, large, timed, ...) PYPKG_DEFINE(type, name, #large, __VA_ARGS__)
#define SAME_LARGE(large, name) typedef int pypkg_is_##large
#define SAME_TIMED(large, name) typedef int pypkg_is_##large
#define PYPKG_LARGE_TEXT(name, large) #large
#define PYPKG_TIMED_TEXT(name, large, timed) #large
#else
#define LARGE(type, name, large, ...) PYPKG_DEFINE(type, name, #name, __VA_ARGS__)
#define TIMED(type, name, large, timed, ...) PYPKG_DEFINE(type, name, #timed, __VA_ARGS__)
#define SAME_LARGE(large, name) SAME(large, name)
#define SAME_TIMED(large, name) typedef int pypkg_is_##large
#define PYPKG_LARGE_TEXT(name, large) #name
#define PYPKG_TIMED_TEXT(name, large, timed) #timed
#endif

/* The version of `struct stat` that programs linked with glibc before 2.33 pass to __xstat: glibc's xstatver.h. */
#if defined(__x86_64__)
#define PYPKG_STAT_VERSION 1
#elif defined(__LP64__)
#define PYPKG_STAT_VERSION 0
#else
#define PYPKG_STAT_VERSION 3
#endif

/* clang-format off */
/* Symbols of every C library, and those whose symbol differs. */
#define PYPKG_NAMES(X, LARGE_, TIMED_)                                                                            \
    LARGE_(open, open64) LARGE_(openat, openat64) LARGE_(creat, creat64) LARGE_(fopen, fopen64)                   \
    TIMED_(stat, stat64, __stat_time64) TIMED_(lstat, lstat64, __lstat_time64)                                    \
    TIMED_(fstatat, fstatat64, __fstatat_time64) X(statx)                                                         \
    X(access) X(faccessat) X(euidaccess) X(readlink) X(readlinkat) X(realpath) X(opendir) X(fdopendir)            \
    LARGE_(readdir, readdir64) LARGE_(readdir_r, readdir64_r) X(closedir) X(rewinddir) X(dirfd) X(telldir)        \
    X(seekdir) X(chdir) X(fchdir) X(getcwd) X(dlopen) X(dlerror) X(execv) X(execve) X(execvp) X(execvpe)          \
    X(posix_spawn) X(posix_spawnp)
/* Symbols of glibc. */
#define PYPKG_GLIBC_NAMES(X, LARGE_) \
    LARGE_(__xstat, __xstat64) LARGE_(__lxstat, __lxstat64) LARGE_(__fxstatat, __fxstatat64)
/* Symbols of glibc with 32 bits that the definitions of narrow.c go on to, by the names of LARGE. */
#define PYPKG_NARROW_NAMES(X) X(open) X(openat) X(creat) X(fopen) X(readdir) X(readdir_r)
/* clang-format on */

#endif
