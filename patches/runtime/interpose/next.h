/* The calls of native addons, whose own C code opens files of the snapshot too.

   CPython and the libraries linked into it are compiled with the redirect header; a wheel's library is not. It calls
   open() of the C library by name, and the dynamic linker resolves a name in the executable first. So the functions
   that matter are defined here, under the C library's names. They call the runtime for what may be in the snapshot, and
   otherwise the next definition of the name, which is the C library's, or that of an LD_PRELOAD.

   The runtime's own calls arrive here too, so `pypkg_inside` counts the runtime's functions that a thread is in.
   Nothing here needs an initialization: constructors of libraries may call before main.

   symbols.h says which names there are. Not on systems where the executable's definitions are not the first, or where
   a static executable loads nothing. */

#ifndef PYPKG_NEXT_H
#define PYPKG_NEXT_H

#include <stdarg.h>

#include "engine/route.h"
#include "posix/front.h"

/* The headers of the C library say which one it is: __REDIR is musl's. */
#if defined(PYPKG_INTERPOSE) && (defined(__GLIBC__) || defined(__REDIR))
#define PYPKG_INTERPOSES 1

#include "interpose/symbols.h"

#define PYPKG_NUMBER(name) PYPKG_NEXT_##name,
#define PYPKG_LARGE_NUMBER(name, large) PYPKG_NEXT_##name,
#define PYPKG_TIMED_NUMBER(name, large, timed) PYPKG_NEXT_##name,
#define PYPKG_NARROW_NUMBER(name) PYPKG_NEXT_narrow_##name,
enum pypkg_next {
    PYPKG_NAMES(PYPKG_NUMBER, PYPKG_LARGE_NUMBER, PYPKG_TIMED_NUMBER)
#if defined(__GLIBC__)
        PYPKG_GLIBC_NAMES(PYPKG_NUMBER, PYPKG_LARGE_NUMBER)
#if !defined(__LP64__)
            PYPKG_NARROW_NAMES(PYPKG_NARROW_NUMBER)
#endif
#endif
                PYPKG_NEXT_COUNT
};

/* The next definition of a function; &pypkg_next_missing if there is none. */
void *pypkg_find_next(enum pypkg_next number);
extern char pypkg_next_missing;
/* Is in narrow.c. */
extern const char pypkg_narrow_calls;

#define HAS_NEXT(name) (pypkg_find_next(PYPKG_NEXT_##name) != (void *)&pypkg_next_missing)
#define NEXT(name, ...) ((__typeof__(pypkg_at_##name) *)(uintptr_t)pypkg_find_next(PYPKG_NEXT_##name))(__VA_ARGS__)
#define NEXT_NARROW(name, ...) \
    ((__typeof__(pypkg_at_##name) *)(uintptr_t)pypkg_find_next(PYPKG_NEXT_narrow_##name))(__VA_ARGS__)

/* How many functions of the runtime this thread is in. */
extern _Thread_local int pypkg_inside __attribute__((visibility("hidden")));

#define RUNTIME(type, call)    \
    do {                       \
        pypkg_inside++;        \
        type result_ = (call); \
        pypkg_inside--;        \
        return result_;        \
    } while (0)

/* The mode of a call like open, which is passed only if the call may create a file: open(2). */
#define NEEDS_MODE(flags) (((flags) & O_CREAT) != 0 || ((flags) & O_TMPFILE) == O_TMPFILE)

#define TAKE_MODE(flags, mode)                 \
    mode_t mode = 0;                           \
    if (NEEDS_MODE(flags)) {                   \
        va_list arguments;                     \
        va_start(arguments, flags);            \
        mode = (mode_t)va_arg(arguments, int); \
        va_end(arguments);                     \
    }

/* Whether the runtime handles a call with this path. */
static inline bool
is_virtual(int dirfd, const char *path)
{
    return pypkg_may_be_virtual(dirfd, path) && pypkg_inside == 0;
}

#endif

#endif
