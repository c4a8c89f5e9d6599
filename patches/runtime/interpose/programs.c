/* Libraries and programs. */

#include "interpose/next.h"

#if defined(PYPKG_INTERPOSES)

#include "os/process.h"

/* clang, which compiles every base, has it. */
#if __has_attribute(musttail)
#define MUST_TAIL __attribute__((musttail))
#else
#define MUST_TAIL
#endif

/* The linker searches the RUNPATH of the caller, which it identifies by the return address: this function must not
   be on the stack. */
INTERPOSE(void *, dlopen, const char *path, int flags)
{
    if (path == NULL || strchr(path, '/') == NULL || !is_virtual(AT_FDCWD, path)) {
        __typeof__(pypkg_at_dlopen) *real =
            (__typeof__(pypkg_at_dlopen) *)(uintptr_t)pypkg_find_next(PYPKG_NEXT_dlopen);
        MUST_TAIL return real(path, flags);
    }
    return pypkg_dlopen(path, flags);
}

INTERPOSE(char *, dlerror, void)
{
    if (pypkg_inside > 0) {
        return NEXT(dlerror);
    }
    RUNTIME(char *, pypkg_dlerror());
}

/* The thread in which the runtime is starting a program. Not pypkg_inside: a program that is started does not
   return, and a child made by vfork shares this memory with its parent. */
static _Thread_local uint64_t starting;

#define START(runtime_call, real_call)                                      \
    do {                                                                    \
        uint64_t thread = pypkg_thread_id();                                \
        if (pypkg_inside > 0 || starting == thread || !pypkg_state.ready) { \
            return (real_call);                                             \
        }                                                                   \
        starting = thread;                                                  \
        int result_ = (runtime_call);                                       \
        starting = 0;                                                       \
        return result_;                                                     \
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
    if (pypkg_inside > 0) {
        return NEXT(posix_spawn, pid, path, actions, attributes, argv, envp);
    }
    RUNTIME(int, pypkg_posix_spawn(pid, path, actions, attributes, argv, envp));
}

INTERPOSE(int, posix_spawnp, pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
          const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    if (pypkg_inside > 0) {
        return NEXT(posix_spawnp, pid, file, actions, attributes, argv, envp);
    }
    RUNTIME(int, pypkg_posix_spawnp(pid, file, actions, attributes, argv, envp));
}

#else

/* ISO C forbids an empty file. */
typedef int pypkg_no_interposition;

#endif
