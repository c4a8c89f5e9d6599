/* Finding the next definitions of the functions that are interposed. */

#include "interpose/next.h"

#if defined(PYPKG_INTERPOSES)

_Thread_local int pypkg_inside;
char pypkg_next_missing;

#if !defined(__LP64__)
/* A linker takes from libpypkg.a only what something names: the runtime calls the wide variants, and only addons those of
   narrow.c. */
__attribute__((used)) static const char *const narrow_calls = &pypkg_narrow_calls;
#endif

#define TEXT(name) #name,
#define LARGE_TEXT(name, large) PYPKG_LARGE_TEXT(name, large),
#define TIMED_TEXT(name, large, timed) PYPKG_TIMED_TEXT(name, large, timed),
static const char *const names[PYPKG_NEXT_COUNT] = {PYPKG_NAMES(TEXT, LARGE_TEXT, TIMED_TEXT)
#if defined(__GLIBC__)
                                                        PYPKG_GLIBC_NAMES(TEXT, LARGE_TEXT)
#if !defined(__LP64__)
                                                            PYPKG_NARROW_NAMES(TEXT)
#endif
#endif
};
static _Atomic(void *) next[PYPKG_NEXT_COUNT];

void *
pypkg_find_next(enum pypkg_next number)
{
    void *found = atomic_load_explicit(&next[number], memory_order_relaxed);

    if (found == NULL) {
        found = dlsym(RTLD_NEXT, names[number]);
        if (found == NULL) {
            /* Remove the message, which the program did not cause. */
            char *(*clear)(void) = (char *(*)(void))(uintptr_t)dlsym(RTLD_NEXT, "dlerror");
            clear();
            found = &pypkg_next_missing;
        }
        atomic_store_explicit(&next[number], found, memory_order_relaxed);
    }
    return found;
}

/* When a process forks, the dynamic linker's lock may be held: its child must not need dlsym. */
__attribute__((constructor)) static void
find_all(void)
{
    for (int i = 0; i < PYPKG_NEXT_COUNT; i++) {
        pypkg_find_next((enum pypkg_next)i);
    }
}

#else

/* ISO C forbids an empty file. */
typedef int pypkg_no_interposition;

#endif
