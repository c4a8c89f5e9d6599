/* Starting programs: files of the snapshot, which the kernel cannot see, and this executable itself (reentry.h).

   CPython calls these between fork, or vfork, and exec. So starting a real program uses only the stack and takes no
   lock. Extracting a file of the snapshot allocates memory: musl and glibc keep malloc usable there. */

#include "engine/cwd.h"
#include "engine/reroute.h"
#include "native/native.h"
#include "os/files.h"
#include "os/process.h"
#include "posix/front.h"
#include "process/reentry.h"

/* POSIX leaves its declaration to the program. */
extern char **environ;

/* An environment with more variables is copied to mapped memory instead of the stack. */
#define FEW_VARIABLES 4096

/* A program to start, by exec or posix_spawn. */
struct start {
    const char *path; /* NULL: the file that is open as `fd` */
    int fd;
    char *const *argv;
    bool spawn;
    pid_t *pid;
    const posix_spawn_file_actions_t *actions;
    const posix_spawnattr_t *attributes;
};

/* An error of posix_spawn is the result, one of exec is in errno. */
static int
launch(const struct start *start, char *const envp[])
{
    if (start->spawn) {
        return posix_spawn(start->pid, start->path, start->actions, start->attributes, start->argv, envp);
    }
    return start->path != NULL ? execve(start->path, start->argv, envp)
                               : pypkg_execute_descriptor(start->fd, start->argv, envp);
}

static int
fail_start(const struct start *start, int error)
{
    errno = error;
    return start->spawn ? error : -1;
}

/* -- the environment -------------------------------------------------------------------------------------------- */

static bool
is_reentry(const char *variable)
{
    return strncmp(variable, PYPKG_REENTRY "=", sizeof(PYPKG_REENTRY)) == 0;
}

static void
copy_environment(char **copy, char *const envp[], const char *added)
{
    if (added != NULL) {
        *copy++ = (char *)(uintptr_t)added;
    }
    for (; envp != NULL && *envp != NULL; envp++) {
        if (!is_reentry(*envp)) {
            *copy++ = *envp;
        }
    }
    *copy = NULL;
}

/* Start with the given environment, the variable of a re-entry removed, and `added` if it is not NULL. */
static int
start_with(const struct start *start, char *const envp[], const char *added)
{
    size_t count = 0, kept = 0;

    for (; envp != NULL && envp[count] != NULL; count++) {
        kept += !is_reentry(envp[count]);
    }
    if (added == NULL && kept == count) {
        return launch(start, envp);
    }
    size_t size = (kept + 2) * sizeof(char *);
    char *few[kept <= FEW_VARIABLES ? kept + 2 : 1];
    if (kept <= FEW_VARIABLES) {
        copy_environment(few, envp, added);
        return launch(start, few);
    }
    char **many = pypkg_map_memory(size, false);
    if (many == NULL) {
        return fail_start(start, ENOMEM);
    }
    copy_environment(many, envp, added);
    int result = launch(start, many);
    int saved = errno;
    pypkg_unmap_memory(many, size);
    errno = saved;
    return result;
}

static bool
is_open_program(const struct pypkg_program *program, int fd)
{
    struct pypkg_status own, other;
    return program->path != NULL && pypkg_status_of(fd, &other) == 0
        && pypkg_status_at(pypkg_working_directory, program->path, true, &own) == 0 && pypkg_is_same_file(&own, &other);
}

/* The variable of a re-entry (reentry.h). Not by printf, which may take a lock. */
static void
write_variable(char *out, const char *path)
{
    uint32_t cwd = pypkg_cwd();

    out = stpcpy(out, PYPKG_REENTRY "=");
    if (cwd != 0) {
        out = stpcpy(pypkg_put_decimal(out, cwd - 1), ":");
    }
    strcpy(out, path);
}

static int
start_real(const struct start *start, char *const envp[])
{
    const struct pypkg_program *program = &pypkg_state.program;
    int saved = errno;
    bool own = start->path != NULL ? pypkg_is_program(program, start->path) : is_open_program(program, start->fd);

    own = own && pypkg_is_interpreter_call(program, start->argv);
    errno = saved;
    if (!own) {
        return start_with(start, envp, NULL);
    }
    char variable[sizeof(PYPKG_REENTRY) + 1 + 12 + strlen(program->path)];
    write_variable(variable, program->path);
    return start_with(start, envp, variable);
}

/* -- programs of the snapshot ----------------------------------------------------------------------------------- */

/* Extract a program and get its real path. Returns 0 or an errno value. */
static int
extract_program(const struct pypkg_found *found, char *path, size_t size)
{
    char message[768];

    if (found->entry.type != PYPKG_FILE || (found->entry.mode & 0111) == 0) {
        return EACCES;
    }
    errno = 0;
    char *extracted = pypkg_extract_program(found, message, sizeof(message));
    if (extracted == NULL) {
        return errno != 0 ? errno : EACCES;
    }
    bool fits = strlen(extracted) < size;
    if (fits) {
        strcpy(path, extracted);
    }
    free(extracted);
    return fits ? 0 : ENAMETOOLONG;
}

static int
start_path(struct start *start, char *const envp[])
{
    struct pypkg_route route;

    pypkg_route(&route, start->spawn ? "posix_spawn" : "execve", AT_FDCWD, start->path, true);
    while (route.where == PYPKG_REAL) {
        start->path = route.path;
        int result = start_real(start, envp);
        errno = start->spawn ? result : errno;
        if (result == 0 || !pypkg_is_rerouted(&route)) {
            return result;
        }
    }
    int error =
        route.where == PYPKG_VIRTUAL ? extract_program(&route.found, route.buffer, sizeof(route.buffer)) : route.error;
    if (error != 0) {
        return fail_start(start, error);
    }
    start->path = route.buffer;
    int result = start_real(start, envp);
    pypkg_memload_close(route.buffer);
    return result;
}

/* Get the path of the first program `file` in a directory of PATH. */
static bool
search_program(const char *file, char *path, size_t size)
{
    const char *path_variable = pypkg_environment("PATH");
    const char *directory = path_variable != NULL ? path_variable : "/usr/local/bin:/bin:/usr/bin";
    size_t file_size = strlen(file);
    struct stat status;

    while (directory != NULL && file_size > 0) {
        size_t directory_size = strcspn(directory, ":"), path_size = 0;
        /* An empty item means the working directory. */
        if (pypkg_append_name(path, &path_size, size - 1, false, directory, directory_size)
            && pypkg_append_name(path, &path_size, size - 1, directory_size > 0, file, file_size)
            && pypkg_access(path, X_OK) == 0 && pypkg_stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
            return true;
        }
        directory = directory[directory_size] == ':' ? directory + directory_size + 1 : NULL;
    }
    return false;
}

/* -- the calls -------------------------------------------------------------------------------------------------- */

int
pypkg_execve(const char *path, char *const argv[], char *const envp[])
{
    struct start start = {.path = path, .argv = argv};
    return start_path(&start, envp);
}

int
pypkg_execv(const char *path, char *const argv[])
{
    return pypkg_execve(path, argv, environ);
}

int
pypkg_fexecve(int fd, char *const argv[], char *const envp[])
{
    struct start start = {.fd = fd, .argv = argv};
    return start_real(&start, envp);
}

int
pypkg_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                  const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    struct start start = {
        .path = path,
        .argv = argv,
        .spawn = true,
        .pid = pid,
        .actions = actions,
        .attributes = attributes,
    };
    return start_path(&start, envp);
}

int
pypkg_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                   const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    char path[PYPKG_MAX_PATH + 1];

    if (strchr(file, '/') == NULL) {
        /* The system's call does not find it either, and returns the right error. In a privileged process, where
           PATH is not read here, it is left to that call. */
        if (pypkg_is_privileged() || !search_program(file, path, sizeof(path))) {
            return posix_spawnp(pid, file, actions, attributes, argv, envp);
        }
        file = path;
    }
    return pypkg_posix_spawn(pid, file, actions, attributes, argv, envp);
}
