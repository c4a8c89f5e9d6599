/* Rerouting. The kernel does not know /snapshot and returns ENOENT for every path below it. Only such a path is
   resolved a second time, here, so that a path that exists costs nothing. */

#include "engine/reroute.h"

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

    if (size == 0 || pypkg_read_link_at(route->directory, route->path, target, sizeof(target)) >= 0) {
        return size == 0;
    }
    if (size < strlen(route->path) || is_root_name(route->path + name, size - name)) {
        return false;
    }
    if (name == 0) {
        return true;
    }
    memcpy(parent, route->path, name);
    parent[name] = '\0';
    return pypkg_exists_at(route->directory, parent);
}

/* The real directory that a relative path starts from. */
static bool
find_real_start(pypkg_directory directory, struct search *search)
{
    if (!pypkg_directory_path(directory, search->done, sizeof(search->done)) || search->done[0] != '/') {
        return false;
    }
    search->size = strlen(search->done);
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
    int64_t target_size = pypkg_read_link_at(pypkg_working_directory, search->done, target, sizeof(target));
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
    route->directory = pypkg_working_directory;
    route->path = route->buffer;
    route->hops++;
    pypkg_route_virtual(route, NULL);
}

bool
pypkg_reroute(struct pypkg_route *route)
{
    struct search search;

    search.size = 0;
    search.links = 0;
    search.next = search.rest;
    /* The C library, not the kernel, may have reported a path of any length missing. */
    if (route->hops > PYPKG_MAX_LINKS || strlen(route->path) > PYPKG_MAX_PATH || is_simply_missing(route)
        || (route->path[0] != '/' && !find_real_start(route->directory, &search))) {
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
is_in_root(pypkg_directory directory, const char *path, size_t name)
{
    char parent[PYPKG_MAX_PATH + 1] = ".";
    struct pypkg_status status;

    if (name > PYPKG_MAX_PATH) {
        return false;
    }
    memcpy(parent, path, name);
    parent[name > 0 ? name : 1] = '\0';
    return pypkg_status_at(directory, parent, true, &status) == 0 && pypkg_is_root(&status);
}

/* Replace the last name, which begins at `name` and is a link, with its target. */
static bool
replace_name(pypkg_directory directory, char *path, size_t name)
{
    char target[PYPKG_MAX_PATH + 1];
    int64_t size = pypkg_read_link_at(directory, path, target, sizeof(target));

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

/* Only the system can tell which directory the last name is in: one call for each link. */
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
        if (is_root_name(path + name, size - name) && is_in_root(route->directory, path, name)) {
            enter_snapshot(route, path[size] != '\0' ? "/" : "");
            return true;
        }
        if (!route->follow || !replace_name(route->directory, path, name)) {
            return false;
        }
    }
    return false;
}
