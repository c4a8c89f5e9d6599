/* Walking a path through the snapshot as a kernel walks it: links, `.`, `..`, repeated and trailing slashes, mounts.
   Entries and links: docs/image-format.md, "Entry". */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image/image.h"

/* Where a walk stands. `path` is canonical; above the root it is empty and `above` is set: that is "/". Inside a mount
   it is still the path below the root; the real one follows from the mount. */
struct walk {
    const struct pypkg_image *image;
    const struct pypkg_mounts *mounts;
    const struct pypkg_mount *mount; /* the innermost one, or NULL */
    char path[PYPKG_MAX_PATH + 1];
    size_t path_size;
    bool above;
    char rest[2 * PYPKG_MAX_PATH + 2];
    const char *next;
    bool dot; /* the last name was `.`: what is before it must be a directory */
    int links;
};

/* Nothing in `path` needs walking: it may be looked up as it is. */
static bool
is_canonical(const char *path, size_t size)
{
    if (size > 0 && (path[0] == '/' || path[0] == '.' || path[size - 1] == '/')) {
        return false;
    }
    for (size_t i = 1; i < size; i++) {
        if (path[i - 1] == '/' && (path[i] == '/' || path[i] == '.')) {
            return false;
        }
    }
    return true;
}

/* Put a link's target before what is left to walk. */
static int
enter_link(struct walk *walk, const struct pypkg_entry *link)
{
    struct pypkg_text target = pypkg_string(walk->image, link->data_offset, link->stored_size);
    size_t rest_size = strlen(walk->next);

    if (target.data == NULL || memchr(target.data, '\0', target.size) != NULL) {
        return EIO;
    }
    if (target.size == 0) {
        return ENOENT;
    }
    if (++walk->links > PYPKG_MAX_LINKS) {
        return ELOOP;
    }
    if (target.size + rest_size > PYPKG_MAX_PATH) {
        return ENAMETOOLONG;
    }
    memmove(walk->rest + target.size, walk->next, rest_size + 1);
    memcpy(walk->rest, target.data, target.size);
    walk->next = walk->rest;
    if (target.data[0] == '/') {
        walk->path_size = 0;
        walk->above = true;
    }
    return 0;
}

static void
find_mount(struct walk *walk)
{
    walk->mount = walk->mounts != NULL ? pypkg_mount_over(walk->mounts, walk->path, walk->path_size) : NULL;
}

static void
leave_directory(struct walk *walk)
{
    if (walk->path_size == 0) {
        walk->above = true;
        return;
    }
    while (walk->path_size > 0 && walk->path[walk->path_size - 1] != '/') {
        walk->path_size--;
    }
    if (walk->path_size > 0) {
        walk->path_size--;
    }
    find_mount(walk);
}

/* Leave the snapshot for what a mount shows, `tail` behind it. */
static int
leave_by_mount(const struct walk *walk, const char *tail, char *outside)
{
    const struct pypkg_mount *mount = walk->mount;
    int size = snprintf(outside, PYPKG_MAX_PATH + 1, "%s%.*s%s", mount->real, (int)(walk->path_size - mount->path_size),
                        walk->path + mount->path_size, tail);
    return size < 0 || size > PYPKG_MAX_PATH ? ENAMETOOLONG : PYPKG_OUTSIDE;
}

/* A real link is followed where it really is. If it stays inside the mount, go on from where it leads. */
static bool
follow_in_mount(struct walk *walk, const char *link)
{
    const struct pypkg_mount *mount = walk->mount;
    char *target = realpath(link, NULL), *top = realpath(mount->real, NULL);
    size_t size = top != NULL ? strlen(top) : 0;
    bool inside = size > 1 && target != NULL && strncmp(target, top, size) == 0
        && (target[size] == '/' || target[size] == '\0')
        && mount->path_size + strlen(target + size) <= PYPKG_MAX_PATH;

    if (inside) {
        walk->path_size = mount->path_size + strlen(target + size);
        memcpy(walk->path + mount->path_size, target + size, walk->path_size - mount->path_size);
        find_mount(walk);
    }
    free(target);
    free(top);
    return inside;
}

/* `..` inside a mount. From a real directory it leads up as it reads, and may lead out of the mount; what lies behind
   a link out of it only the system knows, and what is no directory it refuses. */
static int
step_up_in_mount(struct walk *walk, char *outside)
{
    struct stat status;

    if (walk->path_size > walk->mount->path_size) {
        int left = leave_by_mount(walk, "", outside);
        if (left != PYPKG_OUTSIDE) {
            return left;
        }
        bool there = lstat(outside, &status) == 0;
        if (there && S_ISLNK(status.st_mode) && ++walk->links <= PYPKG_MAX_LINKS && follow_in_mount(walk, outside)) {
            return step_up_in_mount(walk, outside);
        }
        if (!there || !S_ISDIR(status.st_mode)) {
            char tail[sizeof(walk->rest) + 3];
            snprintf(tail, sizeof(tail), "/..%s", walk->next);
            return leave_by_mount(walk, tail, outside);
        }
    }
    else if (stat(walk->mount->real, &status) < 0) {
        return errno;
    }
    else if (!S_ISDIR(status.st_mode)) {
        return ENOTDIR;
    }
    leave_directory(walk);
    return 0;
}

/* One name below "/": the snapshot's root, or the end of the walk in the real file system. */
static int
step_from_above(struct walk *walk, const char *name, size_t size, char *outside)
{
    if (size == PYPKG_ROOT_SIZE - 1 && memcmp(name, PYPKG_ROOT_NAME, size) == 0) {
        walk->above = false;
        return 0;
    }
    size_t rest_size = strlen(name);
    if (rest_size > PYPKG_MAX_PATH - 1) {
        return ENAMETOOLONG;
    }
    outside[0] = '/';
    memcpy(outside + 1, name, rest_size + 1);
    return PYPKG_OUTSIDE;
}

/* Nothing but slashes. */
static bool
is_end(const char *rest)
{
    return rest[strspn(rest, "/")] == '\0';
}

static int
step(struct walk *walk, const char *name, size_t size, bool follow, struct pypkg_found *out, char *outside)
{
    bool last = walk->next[0] == '\0';

    walk->dot = size == 1 && name[0] == '.';
    if (walk->dot) {
        return 0;
    }
    if (size == 2 && name[0] == '.' && name[1] == '.') {
        if (walk->mount != NULL) {
            return step_up_in_mount(walk, outside);
        }
        leave_directory(walk);
        return 0;
    }
    if (!last && is_end(walk->next)) {
        out->slash = true;
    }
    if (walk->above) {
        return step_from_above(walk, name, size, outside);
    }
    size_t parent_size = walk->path_size;
    if (parent_size + 1 + size > PYPKG_MAX_PATH) {
        return ENAMETOOLONG;
    }
    if (parent_size > 0) {
        walk->path[walk->path_size++] = '/';
    }
    memcpy(walk->path + walk->path_size, name, size);
    walk->path_size += size;

    find_mount(walk);
    if (walk->mount != NULL) {
        return 0;
    }
    int64_t index = pypkg_find_path(walk->image, walk->path, walk->path_size, &out->entry);
    if (index < 0) {
        bool on_the_way = walk->mounts != NULL && pypkg_leads_to_mount(walk->mounts, walk->path, walk->path_size);
        out->in_directory = last;
        return on_the_way && !last ? 0 : size > PYPKG_MAX_NAME ? ENAMETOOLONG : ENOENT;
    }
    if (out->entry.type == PYPKG_LINK && (follow || !last)) {
        walk->path_size = parent_size;
        return enter_link(walk, &out->entry);
    }
    return out->entry.type != PYPKG_DIRECTORY && !last ? ENOTDIR : 0;
}

static int
walk_path(struct walk *walk, bool follow, struct pypkg_found *out, char *outside)
{
    for (;;) {
        const char *name = walk->next + strspn(walk->next, "/");
        if (name[0] == '\0') {
            break;
        }
        size_t size = strcspn(name, "/");
        walk->next = name + size;
        int status = step(walk, name, size, follow, out, outside);
        if (status != 0) {
            return status;
        }
    }
    if (walk->above) {
        memcpy(outside, "/", 2);
        return PYPKG_OUTSIDE;
    }
    if (walk->mount != NULL) {
        /* The dot too: the system refuses it behind a file before it looks at what is wanted. */
        const char *dot = walk->dot ? "/." : "", *slash = walk->next[0] == '/' ? "/" : "";
        char tail[4];
        snprintf(tail, sizeof(tail), "%s%s", dot, slash);
        return leave_by_mount(walk, tail, outside);
    }
    int64_t index = pypkg_find_path(walk->image, walk->path, walk->path_size, &out->entry);
    if (index < 0) {
        return ENOENT;
    }
    if (walk->path_size == 0 && out->entry.type != PYPKG_DIRECTORY) {
        return EIO; /* the root twice: only in an image that was made so */
    }
    out->index = (uint32_t)index;
    return 0;
}

int
pypkg_resolve(const struct pypkg_image *image, struct pypkg_text start, const char *path, bool follow,
              struct pypkg_found *out, char *outside)
{
    size_t size = strlen(path);

    out->in_directory = false;
    out->slash = size > 0 && is_end(path);
    if (size > PYPKG_MAX_PATH || start.size > PYPKG_MAX_PATH) {
        return ENAMETOOLONG;
    }
    const struct pypkg_mounts *mounts = pypkg_mounts();
    if (mounts == NULL && start.data != NULL && start.size == 0 && is_canonical(path, size)) {
        int64_t index = pypkg_find_path(image, path, size, &out->entry);
        if (index >= 0 && (out->entry.type != PYPKG_LINK || !follow)) {
            out->index = (uint32_t)index;
            return 0;
        }
    }
    struct walk walk;
    walk.image = image;
    walk.mounts = mounts;
    walk.above = start.data == NULL;
    walk.dot = false;
    walk.links = 0;
    walk.path_size = start.size;
    if (start.size > 0) {
        memcpy(walk.path, start.data, start.size);
    }
    memcpy(walk.rest, path, size + 1);
    walk.next = walk.rest;
    find_mount(&walk);
    return walk_path(&walk, follow, out, outside);
}
