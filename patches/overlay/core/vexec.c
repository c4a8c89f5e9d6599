/* Starting programs. */

#include "vfs.h"

int
pypkg_execv(const char *path, char *const argv[])
{
    return execv(path, argv);
}

int
pypkg_execve(const char *path, char *const argv[], char *const envp[])
{
    return execve(path, argv, envp);
}

int
pypkg_fexecve(int fd, char *const argv[], char *const envp[])
{
    return fexecve(fd, argv, envp);
}

int
pypkg_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                  const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    return posix_spawn(pid, path, actions, attributes, argv, envp);
}

int
pypkg_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                   const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    return posix_spawnp(pid, file, actions, attributes, argv, envp);
}
