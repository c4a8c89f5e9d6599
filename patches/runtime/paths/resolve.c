/* Resolving a path in the snapshot as a kernel does: links, `.`, `..`, repeated and trailing slashes, mounts.
   Entries and links: docs/image-format.md, "Entry". */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/files.h"
#include "paths/paths.h"

/* The state of a walk. `path` is canonical and below the root, also inside a mount; the real path follows from the
   mount. At "/", above the root, `path` is empty and `above` is set. */
struct walk {
    const struct pypkg_image *image;
    const struct pypkg_mounts *mounts;
    const struct pypkg_mount *mount; /* the innermost one, or NULL */
    char path[PYPKG_MAX_PATH + 1];
    size_t path_size;
    bool above;
    char rest[2 * PYPKG_MAX_PATH + 2];
    const char *next;
    bool dot; /* the last name was `.`: the path before it must be a directory */
    int links;
};

/* Whether `path` can be looked up as it is. */
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

/* Continue at the target of a link. */
static int
enter_link(struct walk *walk, const struct pypkg_entry *link)
{
    struct pypkg_text target = pypkg_string(walk->image, link->data_offset, link->stored_size);

    if (target.data == NULL || memchr(target.data, '\0', target.size) != NULL) {
        return EIO;
    }
    if (target.size == 0) {
        return ENOENT;
    }
    if (++walk->links > PYPKG_MAX_LINKS) {
        return ELOOP;
    }
    if (!pypkg_prepend_target(walk->rest, PYPKG_MAX_PATH, &walk->next, target.data, target.size)) {
        return ENAMETOOLONG;
    }
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
    walk->path_size = pypkg_parent_size(walk->path, walk->path_size);
    find_mount(walk);
}

/* Write the real path of the current one, through its mount, followed by `tail`. */
static int
leave_by_mount(const struct walk *walk, const char *tail, char *outside)
{
    const struct pypkg_mount *mount = walk->mount;
    int size = snprintf(outside, PYPKG_MAX_PATH + 1, "%s%.*s%s", mount->real, (int)(walk->path_size - mount->path_size),
                        walk->path + mount->path_size, tail);
    return size < 0 || size > PYPKG_MAX_PATH ? ENAMETOOLONG : PYPKG_OUTSIDE;
}

/* Follow a real link. True if it leads to a path inside the mount, which becomes the current one. */
static bool
follow_in_mount(struct walk *walk, const char *link)
{
    const struct pypkg_mount *mount = walk->mount;
    char *target = pypkg_real_path(link), *top = pypkg_real_path(mount->real);
    size_t size = top != NULL ? strlen(top) : 0;
    bool inside = size > 1 && target != NULL && strncmp(target, top, size) == 0
        && (target[size] == '/' || target[size] == '\0') && mount->path_size + strlen(target + size) <= PYPKG_MAX_PATH;

    if (inside) {
        walk->path_size = mount->path_size + strlen(target + size);
        memcpy(walk->path + mount->path_size, target + size, walk->path_size - mount->path_size);
        find_mount(walk);
    }
    free(target);
    free(top);
    return inside;
}

/* `..` inside a mount. From a real directory it leads to the parent of the virtual path, which may be outside the
   mount. The system handles the rest: links out of the mount, and the error for a file that is not a directory. */
static int
step_up_in_mount(struct walk *walk, char *outside)
{
    if (walk->path_size > walk->mount->path_size) {
        int left = leave_by_mount(walk, "", outside);
        if (left != PYPKG_OUTSIDE) {
            return left;
        }
        enum pypkg_kind kind = pypkg_kind_at(pypkg_working_directory, outside, false);
        if (kind == PYPKG_IS_LINK && ++walk->links <= PYPKG_MAX_LINKS && follow_in_mount(walk, outside)) {
            return step_up_in_mount(walk, outside);
        }
        if (kind != PYPKG_IS_DIRECTORY) {
            char tail[sizeof(walk->rest) + 3];
            snprintf(tail, sizeof(tail), "/..%s", walk->next);
            return leave_by_mount(walk, tail, outside);
        }
    }
    else {
        enum pypkg_kind kind = pypkg_kind_at(pypkg_working_directory, walk->mount->real, true);
        if (kind != PYPKG_IS_DIRECTORY) {
            return kind == PYPKG_IS_NOTHING ? errno : ENOTDIR;
        }
    }
    leave_directory(walk);
    return 0;
}

/* A name in "/": the root of the snapshot, or the real file system, where the walk ends. */
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

/* Whether only slashes are left. */
static bool
is_end(const char *rest)
{
    return rest[strspn(rest, "/")] == '\0';
}

static int
step(struct walk *walk, const char *name, size_t size, bool follow, struct pypkg_found *out, char *outside)
{
    bool last = walk->next[0] == '\0';
    int dots = pypkg_dots(name, size);

    walk->dot = dots == 1;
    if (walk->dot) {
        return 0;
    }
    if (dots == 2) {
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
    if (!pypkg_append_name(walk->path, &walk->path_size, PYPKG_MAX_PATH, parent_size > 0, name, size)) {
        return ENAMETOOLONG;
    }
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
        struct pypkg_text name = pypkg_next_name(&walk->next);
        if (name.size == 0) {
            break;
        }
        int status = step(walk, name.data, name.size, follow, out, outside);
        if (status != 0) {
            return status;
        }
    }
    if (walk->above) {
        memcpy(outside, "/", 2);
        return PYPKG_OUTSIDE;
    }
    if (walk->mount != NULL) {
        /* Keep a final dot or slash: after a file it is an error. */
        return leave_by_mount(walk, walk->dot ? "/." : out->slash ? "/" : "", outside);
    }
    int64_t index = pypkg_find_path(walk->image, walk->path, walk->path_size, &out->entry);
    if (index < 0) {
        return ENOENT;
    }
    if (walk->path_size == 0 && out->entry.type != PYPKG_DIRECTORY) {
        return EIO; /* a second entry for the root: only in a corrupt image */
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
