/* The working directory may lie in the snapshot; realpath. */

#include "engine/vfs.h"

#include <pthread.h>

/* The process this memory belongs to. A child made by fork has memory of its own and says so; one made by vfork runs
   in its parent's, and what it does to the working directory must not be seen there. */
static _Atomic pid_t owner;

/* The virtual working directory of a child made by vfork, and which child that was: no other thread can be it. */
static _Thread_local pid_t child;
static _Thread_local uint32_t child_cwd;

static void
note_owner(void)
{
    atomic_store(&owner, getpid());
}

void
pypkg_watch_forks(void)
{
    static atomic_bool watched;

    note_owner();
    if (!atomic_exchange(&watched, true)) {
        pthread_atfork(NULL, NULL, note_owner);
    }
}

bool
pypkg_is_vforked(void)
{
    return getpid() != atomic_load(&owner);
}

uint32_t
pypkg_cwd(void)
{
    return child != 0 && child == getpid() ? child_cwd : atomic_load(&pypkg_state.cwd);
}

static void
set_cwd(uint32_t cwd)
{
    if (!pypkg_is_vforked()) {
        atomic_store(&pypkg_state.cwd, cwd);
        return;
    }
    child = getpid();
    child_cwd = cwd;
    atomic_store(&pypkg_state.cwd_is_split, true);
}

static char *
copy_path(struct pypkg_text path, char *buffer, size_t size)
{
    size_t needed = PYPKG_ROOT_SIZE + (path.size > 0 ? 1 + path.size : 0) + 1;

    if (needed > size) {
        errno = ERANGE;
        return NULL;
    }
    memcpy(buffer, PYPKG_ROOT, PYPKG_ROOT_SIZE + 1);
    if (path.size > 0) {
        buffer[PYPKG_ROOT_SIZE] = '/';
        memcpy(buffer + PYPKG_ROOT_SIZE + 1, path.data, path.size);
        buffer[needed - 1] = '\0';
    }
    return buffer;
}

/* As copy_path, into fresh memory when no buffer is given. */
static char *
give_path(const struct pypkg_entry *entry, char *buffer, size_t size)
{
    struct pypkg_text path = pypkg_entry_path(&pypkg_state.image, entry);

    if (buffer != NULL) {
        return copy_path(path, buffer, size);
    }
    size = size > 0 ? size : PYPKG_ROOT_SIZE + path.size + 2;
    buffer = malloc(size);
    if (buffer == NULL) {
        return NULL;
    }
    char *result = copy_path(path, buffer, size);
    if (result == NULL) {
        free(buffer);
        errno = ERANGE;
    }
    return result;
}

static int
enter_directory(const struct pypkg_found *found)
{
    if (found->entry.type != PYPKG_DIRECTORY) {
        errno = ENOTDIR;
        return -1;
    }
    set_cwd(found->index + 1);
    return 0;
}

static int
leave_snapshot(int result)
{
    if (result == 0) {
        set_cwd(0);
    }
    return result;
}

int
pypkg_chdir(const char *path)
{
    struct pypkg_route route;

    pypkg_route(&route, "chdir", AT_FDCWD, path, true);
    PYPKG_TRY_REAL(&route, int, -1, leave_snapshot(chdir(route.path)));
    return route.where == PYPKG_VIRTUAL ? enter_directory(&route.found) : -1;
}

int
pypkg_fchdir(int fd)
{
    struct pypkg_found found;
    return pypkg_fd_directory(fd, &found) ? enter_directory(&found) : leave_snapshot(fchdir(fd));
}

char *
pypkg_getcwd(char *buffer, size_t size)
{
    uint32_t cwd = pypkg_cwd();
    struct pypkg_entry entry;

    if (cwd == 0 || !pypkg_entry_at(&pypkg_state.image, cwd - 1, &entry)) {
        return getcwd(buffer, size);
    }
    if (buffer != NULL && size == 0) {
        errno = EINVAL;
        return NULL;
    }
    return give_path(&entry, buffer, size);
}

char *
pypkg_realpath(const char *path, char *resolved)
{
    struct pypkg_route route;

    pypkg_route(&route, "realpath", AT_FDCWD, path, true);
    PYPKG_TRY_REAL(&route, char *, NULL, realpath(route.path, resolved));
    return route.where == PYPKG_VIRTUAL
        ? give_path(&route.found.entry, resolved, resolved != NULL ? PYPKG_MAX_PATH + 1 : 0) : NULL;
}
