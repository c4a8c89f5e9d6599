/* Rerouting. The kernel does not know /snapshot and returns ENOENT for every path below it. Only such a path is
   resolved a second time, here, so that a path that exists costs nothing. */

#include "engine/reroute.h"

#include <unistd.h>

#include "os/files.h"

struct search {
    char done[PYPKG_MAX_PATH + 1]; /* real, absolute, no links; "" is the root */
    size_t size;
    char rest[2 * PYPKG_MAX_PATH + 2];
    const char *next;
    int links;
};

static bool
is_root_name(const char *name, size_t size)
{
    return size == PYPKG_ROOT_SIZE - 1 && memcmp(name, PYPKG_ROOT_NAME, size) == 0;
}

/* The usual missing file: its directory exists, and its last name is not a link. */
static bool
is_simply_missing(const struct pypkg_route *route)
{
    char parent[PYPKG_MAX_PATH + 1], target[1];
    size_t size = pypkg_stripped_size(route->path);
    size_t name = pypkg_last_name(route->path, size);

    if (size == 0 || size > PYPKG_MAX_PATH || readlinkat(route->dirfd, route->path, target, sizeof(target)) >= 0) {
        return size == 0 || size > PYPKG_MAX_PATH;
    }
    if (size < strlen(route->path) || is_root_name(route->path + name, size - name)) {
        return false;
    }
    if (name == 0) {
        return true;
    }
    memcpy(parent, route->path, name);
    parent[name] = '\0';
    return faccessat(route->dirfd, parent, F_OK, 0) == 0;
}

/* The real directory that a relative path starts from. */
static bool
find_real_start(int dirfd, struct search *search)
{
    if (dirfd == AT_FDCWD) {
        if (getcwd(search->done, sizeof(search->done)) == NULL) {
            return false;
        }
    }
    else {
        ssize_t size = pypkg_descriptor_target(dirfd, search->done, sizeof(search->done) - 1);
        if (size <= 0) {
            return false;
        }
        search->done[size] = '\0';
    }
    search->size = strlen(search->done);
    if (search->done[0] != '/') {
        return false;
    }
    search->size = search->size == 1 ? 0 : search->size;
    return true;
}

static bool
enter_real_link(struct search *search, const char *target, size_t size)
{
    if (++search->links > PYPKG_MAX_LINKS
        || !pypkg_prepend_target(search->rest, 2 * PYPKG_MAX_PATH, &search->next, target, size)) {
        return false;
    }
    if (target[0] == '/') {
        search->size = 0;
    }
    return true;
}

static bool
is_at_root(const struct search *search)
{
    return search->size == PYPKG_ROOT_SIZE && memcmp(search->done, PYPKG_ROOT, PYPKG_ROOT_SIZE) == 0;
}

/* Resolve the next name. False: the path cannot be resolved. */
static bool
search_name(struct search *search, const char *name, size_t size)
{
    char target[PYPKG_MAX_PATH + 1];
    size_t parent = search->size;
    int dots = pypkg_dots(name, size);

    if (dots != 0) {
        search->size = dots == 2 ? pypkg_parent_size(search->done, search->size) : search->size;
        return true;
    }
    if (!pypkg_append_name(search->done, &search->size, PYPKG_MAX_PATH, true, name, size)) {
        return false;
    }
    if (is_at_root(search)) {
        return true;
    }
    ssize_t target_size = readlink(search->done, target, sizeof(target));
    if (target_size >= 0) {
        search->size = parent;
        return (size_t)target_size < sizeof(target) && target_size > 0
            && enter_real_link(search, target, (size_t)target_size);
    }
    return errno == EINVAL;
}

static bool
search_snapshot(struct search *search)
{
    do {
        struct pypkg_text name = pypkg_next_name(&search->next);
        if (name.size == 0 || !search_name(search, name.data, name.size)) {
            return false;
        }
    } while (!is_at_root(search));
    return true;
}

/* Resolve the rest of a path from the root of the snapshot. */
static void
enter_snapshot(struct pypkg_route *route, const char *rest)
{
    memcpy(route->buffer, PYPKG_ROOT, PYPKG_ROOT_SIZE);
    memcpy(route->buffer + PYPKG_ROOT_SIZE, rest, strlen(rest) + 1);
    route->dirfd = AT_FDCWD;
    route->path = route->buffer;
    route->hops++;
    pypkg_route_virtual(route);
}

bool
pypkg_reroute(struct pypkg_route *route)
{
    struct search search;

    search.size = 0;
    search.links = 0;
    search.next = search.rest;
    if (route->hops > PYPKG_MAX_LINKS || is_simply_missing(route)
        || (route->path[0] != '/' && !find_real_start(route->dirfd, &search))) {
        errno = ENOENT;
        return false;
    }
    memcpy(search.rest, route->path, strlen(route->path) + 1);
    if (!search_snapshot(&search) || PYPKG_ROOT_SIZE + strlen(search.next) > PYPKG_MAX_PATH) {
        errno = ENOENT;
        return false;
    }
    enter_snapshot(route, search.next);
    return true;
}

/* Whether the directory of the last name, which begins at `name`, is the real root. */
static bool
is_in_root(int dirfd, const char *path, size_t name)
{
    char parent[PYPKG_MAX_PATH + 1] = ".";
    struct stat directory;

    if (name > PYPKG_MAX_PATH) {
        return false;
    }
    memcpy(parent, path, name);
    parent[name > 0 ? name : 1] = '\0';
    return fstatat(dirfd, parent, &directory, 0) == 0 && pypkg_is_root(&directory);
}

/* Replace the last name, which begins at `name` and is a link, with its target. */
static bool
replace_name(int dirfd, char *path, size_t name)
{
    char target[PYPKG_MAX_PATH + 1];
    ssize_t size = readlinkat(dirfd, path, target, sizeof(target));

    if (size <= 0 || (size_t)size == sizeof(target)) {
        return false;
    }
    name = target[0] == '/' ? 0 : name;
    if (name + (size_t)size > PYPKG_MAX_PATH) {
        return false;
    }
    memcpy(path + name, target, (size_t)size);
    path[name + (size_t)size] = '\0';
    return true;
}

/* Only the system can tell which directory the last name is in: one call of fstatat for each link. */
bool
pypkg_reroute_root(struct pypkg_route *route)
{
    char path[PYPKG_MAX_PATH + 1];

    if (!pypkg_state.ready || route->path == NULL || route->hops > PYPKG_MAX_LINKS
        || strlen(route->path) > PYPKG_MAX_PATH) {
        return false;
    }
    strcpy(path, route->path);
    for (int links = 0; links <= PYPKG_MAX_LINKS; links++) {
        size_t size = pypkg_stripped_size(path);
        size_t name = pypkg_last_name(path, size);
        if (is_root_name(path + name, size - name) && is_in_root(route->dirfd, path, name)) {
            enter_snapshot(route, path[size] != '\0' ? "/" : "");
            return true;
        }
        if (!route->follow || !replace_name(route->dirfd, path, name)) {
            return false;
        }
    }
    return false;
}
