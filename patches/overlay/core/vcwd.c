/* The working directory may lie in the snapshot; realpath. */

#include "vfs.h"

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
    atomic_store(&pypkg_state.cwd, found->index + 1);
    return 0;
}

static int
leave_snapshot(int result)
{
    if (result == 0) {
        atomic_store(&pypkg_state.cwd, 0);
    }
    return result;
}

int
pypkg_chdir(const char *path)
{
    struct pypkg_route route;

    if (!pypkg_concerns(AT_FDCWD, path)) {
        return leave_snapshot(chdir(path));
    }
    switch (pypkg_follow(AT_FDCWD, path, true, &route)) {
    case PYPKG_REAL:
        return leave_snapshot(chdir(route.path));
    case PYPKG_VIRTUAL:
        return enter_directory(&route.found);
    default:
        return -1;
    }
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
    uint32_t cwd = atomic_load(&pypkg_state.cwd);
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

    if (!pypkg_concerns(AT_FDCWD, path)) {
        return realpath(path, resolved);
    }
    switch (pypkg_follow(AT_FDCWD, path, true, &route)) {
    case PYPKG_REAL:
        return realpath(route.path, resolved);
    case PYPKG_VIRTUAL:
        return give_path(&route.found.entry, resolved, resolved != NULL ? PYPKG_MAX_PATH + 1 : 0);
    default:
        return NULL;
    }
}
