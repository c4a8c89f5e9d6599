/* Real paths that the system does not find because they lead into the snapshot: through a real symbolic link, by
   `..`, or as a relative path from the real root. The kernel knows nothing of /snapshot and answers ENOENT; only then
   is the path looked at again here, so that a path that exists pays nothing. */

#include "engine/vfs.h"

struct search {
    char done[PYPKG_MAX_PATH + 1]; /* real, absolute, no links; "" is the root */
    size_t size;
    char rest[2 * PYPKG_MAX_PATH + 2];
    char *next;
    int links;
};

static bool
is_root_name(const char *name, size_t size)
{
    return size == PYPKG_ROOT_SIZE - 1 && memcmp(name, PYPKG_ROOT_NAME, size) == 0;
}

/* The size of a path without the slashes at its end, and where its last name begins. */
static size_t
find_last_name(const char *path, size_t *name)
{
    size_t size = strlen(path);

    while (size > 1 && path[size - 1] == '/') {
        size--;
    }
    *name = size;
    while (*name > 0 && path[*name - 1] != '/') {
        --*name;
    }
    return size;
}

/* An ordinary missing file: its directory is there, and it is no link. That is what nearly all of them are. */
static bool
is_simply_missing(const struct pypkg_route *route)
{
    char parent[PYPKG_MAX_PATH + 1], target[1];
    size_t name, size = find_last_name(route->path, &name);

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

/* The real directory a relative path starts from. */
static bool
find_real_start(int dirfd, struct search *search)
{
    char link[32];

    if (dirfd == AT_FDCWD) {
        if (getcwd(search->done, sizeof(search->done)) == NULL) {
            return false;
        }
    }
    else {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
        ssize_t size = readlink(link, search->done, sizeof(search->done) - 1);
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
    size_t rest_size = strlen(search->next);

    if (++search->links > PYPKG_MAX_LINKS || size + rest_size > 2 * PYPKG_MAX_PATH) {
        return false;
    }
    memmove(search->rest + size, search->next, rest_size + 1);
    memcpy(search->rest, target, size);
    search->next = search->rest;
    if (target[0] == '/') {
        search->size = 0;
    }
    return true;
}

/* Take the next name. 1: go on; 0: the path ends nowhere. */
static bool
search_name(struct search *search, const char *name, size_t size)
{
    char target[PYPKG_MAX_PATH + 1];
    size_t parent = search->size;

    if (size == 1 && name[0] == '.') {
        return true;
    }
    if (size == 2 && name[0] == '.' && name[1] == '.') {
        while (search->size > 0 && search->done[--search->size] != '/') {
        }
        return true;
    }
    if (search->size + 1 + size > PYPKG_MAX_PATH) {
        return false;
    }
    search->done[search->size] = '/';
    memcpy(search->done + search->size + 1, name, size);
    search->size += 1 + size;
    search->done[search->size] = '\0';
    if (search->size == PYPKG_ROOT_SIZE && memcmp(search->done, PYPKG_ROOT, PYPKG_ROOT_SIZE) == 0) {
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
    for (;;) {
        char *name = search->next + strspn(search->next, "/");
        size_t size = strcspn(name, "/");
        if (size == 0) {
            return false;
        }
        search->next = name + size;
        if (!search_name(search, name, size)) {
            return false;
        }
        if (search->size == PYPKG_ROOT_SIZE && memcmp(search->done, PYPKG_ROOT, PYPKG_ROOT_SIZE) == 0) {
            return true;
        }
    }
}

/* Go on from the snapshot's root with the rest of a path. */
static void
enter_snapshot(struct pypkg_route *route, const char *rest)
{
    memcpy(route->buffer, PYPKG_ROOT, PYPKG_ROOT_SIZE);
    memcpy(route->buffer + PYPKG_ROOT_SIZE, rest, strlen(rest) + 1);
    route->dirfd = AT_FDCWD;
    route->path = route->buffer;
    route->turns++;
    pypkg_follow(route);
}

bool
pypkg_find_lost(struct pypkg_route *route)
{
    struct search search;

    search.size = 0;
    search.links = 0;
    search.next = search.rest;
    if (route->turns > PYPKG_MAX_LINKS || is_simply_missing(route)
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

/* Is the directory of a path's last name, which begins at `name`, the real root? */
static bool
is_in_root(int dirfd, const char *path, size_t name)
{
    char parent[PYPKG_MAX_PATH + 1] = ".";
    struct stat here, root;

    if (name > PYPKG_MAX_PATH) {
        return false;
    }
    memcpy(parent, path, name);
    parent[name > 0 ? name : 1] = '\0';
    return fstatat(dirfd, parent, &here, 0) == 0 && stat("/", &root) == 0 && here.st_dev == root.st_dev
        && here.st_ino == root.st_ino;
}

/* The target of a link in place of its name, which begins at `name`. */
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

/* Only the system knows where all but the last name leads: it is asked, once for each link. */
bool
pypkg_finds_root(struct pypkg_route *route)
{
    char path[PYPKG_MAX_PATH + 1];

    if (!pypkg_state.ready || route->path == NULL || route->turns > PYPKG_MAX_LINKS
        || strlen(route->path) > PYPKG_MAX_PATH) {
        return false;
    }
    strcpy(path, route->path);
    for (int links = 0; links <= PYPKG_MAX_LINKS; links++) {
        size_t name, size = find_last_name(path, &name);
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
