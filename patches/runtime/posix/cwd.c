/* The working directory, which may be in the snapshot; realpath. */

#include "engine/cwd.h"
#include "posix/fd_table.h"
#include "engine/reroute.h"
#include "posix/front.h"

/* The virtual path of an entry in `buffer`, or in new memory if there is none. NULL with errno. */
static char *
return_path(const struct pypkg_entry *entry, char *buffer, size_t size)
{
    struct pypkg_text path = pypkg_entry_path(&pypkg_state.image, entry);
    char *result = buffer;

    if (buffer == NULL) {
        size = size > 0 ? size : PYPKG_ROOT_SIZE + path.size + 2;
        result = malloc(size);
        if (result == NULL) {
            return NULL;
        }
    }
    if (pypkg_virtual_path(path, result, size) <= size) {
        return result;
    }
    if (buffer == NULL) {
        free(result);
    }
    errno = ERANGE;
    return NULL;
}

static int
enter_directory(const struct pypkg_found *found)
{
    if (found->entry.type != PYPKG_DIRECTORY) {
        errno = ENOTDIR;
        return -1;
    }
    pypkg_set_cwd(found->index + 1);
    return 0;
}

static int
leave_snapshot(int result)
{
    if (result == 0) {
        pypkg_set_cwd(0);
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
    struct pypkg_found found;

    if (!pypkg_cwd_entry(&found)) {
        return getcwd(buffer, size);
    }
    if (buffer != NULL && size == 0) {
        errno = EINVAL;
        return NULL;
    }
    return return_path(&found.entry, buffer, size);
}

char *
pypkg_realpath(const char *path, char *resolved)
{
    struct pypkg_route route;

    pypkg_route(&route, "realpath", AT_FDCWD, path, true);
    PYPKG_TRY_REAL(&route, char *, NULL, realpath(route.path, resolved));
    return route.where == PYPKG_VIRTUAL
        ? return_path(&route.found.entry, resolved, resolved != NULL ? PYPKG_MAX_PATH + 1 : 0)
        : NULL;
}
