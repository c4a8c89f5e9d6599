/* Paths below the root of the snapshot: their names, mounts, and resolving them. */

#ifndef PYPKG_PATHS_H
#define PYPKG_PATHS_H

#include "image/image.h"

#include <string.h>

/* --- names.c --- */

/* The rest of a path after "/snapshot", empty or with its slash; NULL if the path does not begin with "/snapshot". */
static inline const char *
pypkg_below_root(const char *path)
{
    bool below = strncmp(path, PYPKG_ROOT, PYPKG_ROOT_SIZE) == 0
        && (path[PYPKG_ROOT_SIZE] == '/' || path[PYPKG_ROOT_SIZE] == '\0');
    return below ? path + PYPKG_ROOT_SIZE : NULL;
}

/* 1 if a name is `.`, 2 if it is `..`, otherwise 0. */
static inline int
pypkg_dots(const char *name, size_t size)
{
    return size == 1 && name[0] == '.' ? 1 : size == 2 && name[0] == '.' && name[1] == '.' ? 2 : 0;
}

/* The next name of a path, without slashes; `*rest` becomes what follows it. At the end of the path its size is 0. */
static inline struct pypkg_text
pypkg_next_name(const char **rest)
{
    const char *name = *rest + strspn(*rest, "/");
    size_t size = strcspn(name, "/");
    *rest = name + size;
    return (struct pypkg_text){name, size};
}

/* Append a name and a terminator to the `*size` bytes of `path`, with a slash between them if `slash`. False, and
   nothing changes, if the result has more than `limit` bytes without its terminator. */
static inline bool
pypkg_append_name(char *path, size_t *size, size_t limit, bool slash, const char *name, size_t name_size)
{
    size_t start = *size + slash;

    if (start > limit || name_size > limit - start) {
        return false;
    }
    if (slash) {
        path[start - 1] = '/';
    }
    memcpy(path + start, name, name_size);
    *size = start + name_size;
    path[*size] = '\0';
    return true;
}

/* Put the target of a link before `*rest`, which is the end of the path in `buffer`, and set `*rest` to the whole.
   False, and nothing changes, if it has more than `limit` bytes without its terminator. */
bool pypkg_prepend_target(char *buffer, size_t limit, const char **rest, const char *target, size_t size);

/* Whether bytes can be a file's name: not empty, `.` or `..`, without slashes and zeros. */
bool pypkg_is_plain_name(const char *name, size_t size);

/* The size of a path without the slashes at its end; "/" keeps its slash. */
size_t pypkg_stripped_size(const char *path);

/* The offset of the last name in a path of `size` bytes, which has no slash at its end. */
size_t pypkg_last_name(const char *path, size_t size);

/* The size of the path of the parent directory, without its slash; 0 if there is no slash. */
size_t pypkg_parent_size(const char *path, size_t size);

/* 1 or 2 if the last name of a path, slashes after it ignored, is `.` or `..`; otherwise 0. */
int pypkg_last_dots(const char *path);

/* Append the names of `path` to the `size` bytes in `out`, each after a slash; `.` is left out and `..` removes a
   name, but none of the first `floor` bytes. `out` has room for all of `path`, a slash and a terminator. Returns the
   new size. */
size_t pypkg_append_names(char *out, size_t size, size_t floor, const char *path);

/* Write "/snapshot", or "/snapshot/" and the path `below`, and a terminator. Returns the size with the terminator;
   nothing is written if it is more than `out_size`. */
size_t pypkg_virtual_path(struct pypkg_text below, char *out, size_t out_size);

/* --- mounts.c --- */

/* Real directories (or files) served below the root. A table never changes; a new one takes its place. */
struct pypkg_mount {
    const char *path; /* canonical, below the root */
    size_t path_size;
    const char *real; /* absolute */
    size_t real_size;
};

struct pypkg_mounts {
    const struct pypkg_mounts *previous; /* not freed: another thread may be reading it */
    size_t count;
    struct pypkg_mount items[];
};

/* Serve `real`, an absolute path, under `path`, which begins with "/snapshot/". A second mount on the same path
   replaces the first. Returns 0 or an errno value: EINVAL for other paths, ENOMEM. */
int pypkg_mount_add(const char *path, const char *real);

/* Remove a mount. Returns 0, EINVAL if nothing is mounted at this path, or ENOMEM. */
int pypkg_mount_remove(const char *path);

/* The current mounts, or NULL. */
const struct pypkg_mounts *pypkg_mounts(void);

/* The innermost mount that contains a path (canonical, below the root), or NULL. */
const struct pypkg_mount *pypkg_mount_over(const struct pypkg_mounts *mounts, const char *path, size_t size);

/* Whether a mount is below the path. */
bool pypkg_leads_to_mount(const struct pypkg_mounts *mounts, const char *path, size_t size);

/* Mounts by pattern: a function that is called with each path that leads into the snapshot (absolute, without `.`, `..`
   and repeated slashes), and that may return a real path for it; NULL: none. */
typedef bool (*pypkg_mount_hook)(const char *path, char *real, size_t real_size);
void pypkg_set_mount_hook(pypkg_mount_hook hook);
pypkg_mount_hook pypkg_get_mount_hook(void);

/* --- resolve.c --- */

/* The result of resolving a path. */
struct pypkg_found {
    uint32_t index;
    bool in_directory; /* the path was not found, but the directory of its last name was */
    bool slash;        /* a slash follows the last name, of the path or of the link that it ends in */
    struct pypkg_entry entry;
};

/* Resolve `path`, relative to the directory `start` (canonical, below the root; data NULL: "/" above the snapshot), as
   a kernel does: links, `.`, `..`, repeated slashes, mounts. `follow`: also a link in the last name.
   Returns 0, an errno value, or PYPKG_OUTSIDE with the absolute real path in `outside` (PYPKG_MAX_PATH + 1 bytes). */
#define PYPKG_OUTSIDE (-1)
int pypkg_resolve(const struct pypkg_image *image, struct pypkg_text start, const char *path, bool follow,
                  struct pypkg_found *out, char *outside);

/* --- contents.c --- */

/* The contents of an entry, or of the file that it links to. Returns 0, an errno value, or PYPKG_OUTSIDE. */
int pypkg_linked_contents(const struct pypkg_image *image, const struct pypkg_entry *entry, struct pypkg_bytes *out);

#endif
