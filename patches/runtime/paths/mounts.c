/* The table of mounts: real directories served at paths of the snapshot.

   The table is copied, changed, and swapped in by one atomic exchange, so that resolving a path takes no lock and a
   fork finds a complete table. Old tables are not freed: mounting is rare, and another thread may be reading one. */

#include "paths/paths.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic(const struct pypkg_mounts *) table;
static _Atomic(pypkg_mount_hook) hook;

const struct pypkg_mounts *
pypkg_mounts(void)
{
    const struct pypkg_mounts *mounts = atomic_load_explicit(&table, memory_order_acquire);
    return mounts != NULL && mounts->count > 0 ? mounts : NULL;
}

void
pypkg_set_mount_hook(pypkg_mount_hook function)
{
    atomic_store(&hook, function);
}

pypkg_mount_hook
pypkg_get_mount_hook(void)
{
    return atomic_load_explicit(&hook, memory_order_acquire);
}

static bool
is_below(const char *path, size_t size, const char *directory, size_t directory_size)
{
    return size > directory_size && path[directory_size] == '/' && memcmp(path, directory, directory_size) == 0;
}

static bool
is_same(const struct pypkg_mount *mount, const char *path, size_t size)
{
    return mount->path_size == size && memcmp(mount->path, path, size) == 0;
}

const struct pypkg_mount *
pypkg_mount_over(const struct pypkg_mounts *mounts, const char *path, size_t size)
{
    const struct pypkg_mount *best = NULL;

    for (size_t i = 0; i < mounts->count; i++) {
        const struct pypkg_mount *mount = &mounts->items[i];
        if ((is_same(mount, path, size) || is_below(path, size, mount->path, mount->path_size))
            && (best == NULL || mount->path_size > best->path_size)) {
            best = mount;
        }
    }
    return best;
}

bool
pypkg_leads_to_mount(const struct pypkg_mounts *mounts, const char *path, size_t size)
{
    for (size_t i = 0; i < mounts->count; i++) {
        if (is_below(mounts->items[i].path, mounts->items[i].path_size, path, size)) {
            return true;
        }
    }
    return false;
}

/* The canonical path below the root, in new memory. `.` and `..` are not allowed. */
static int
make_canonical(const char *path, char **out)
{
    const char *below = pypkg_below_root(path), *rest = below;
    struct pypkg_text name;

    if (below == NULL || strlen(path) > PYPKG_MAX_PATH) {
        return EINVAL;
    }
    while ((name = pypkg_next_name(&rest)).size > 0) {
        if (pypkg_dots(name.data, name.size) != 0) {
            return EINVAL;
        }
    }
    char *text = malloc(strlen(below) + 2);
    if (text == NULL) {
        return ENOMEM;
    }
    size_t size = pypkg_append_names(text, 0, 0, below);
    if (size == 0) {
        free(text);
        return EINVAL;
    }
    memmove(text, text + 1, size); /* without its slash, with its terminator */
    *out = text;
    return 0;
}

/* Copy `old` without the mount at `path`, and with one for `real` if it is not NULL. */
static struct pypkg_mounts *
copy_table(const struct pypkg_mounts *old, const char *path, const char *real)
{
    size_t count = old != NULL ? old->count : 0;
    struct pypkg_mounts *fresh = malloc(sizeof(*fresh) + (count + 1) * sizeof(fresh->items[0]));

    if (fresh == NULL) {
        return NULL;
    }
    fresh->previous = old;
    fresh->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_same(&old->items[i], path, strlen(path))) {
            fresh->items[fresh->count++] = old->items[i];
        }
    }
    if (real != NULL) {
        fresh->items[fresh->count++] = (struct pypkg_mount){path, strlen(path), real, strlen(real)};
    }
    return fresh;
}

/* Swap in a changed table. On success it owns `path` and `real`. */
static int
change_table(char *path, char *real)
{
    const struct pypkg_mounts *old = atomic_load(&table);

    for (;;) {
        size_t count = old != NULL ? old->count : 0;
        struct pypkg_mounts *fresh = copy_table(old, path, real);
        bool useless = fresh != NULL && real == NULL && fresh->count == count;
        if (fresh == NULL || useless) {
            free(fresh);
            return useless ? EINVAL : ENOMEM;
        }
        if (atomic_compare_exchange_strong(&table, &old, fresh)) {
            return 0;
        }
        free(fresh);
    }
}

int
pypkg_mount_add(const char *path, const char *real)
{
    char *canonical;

    if (real[0] != '/' || strlen(real) > PYPKG_MAX_PATH) {
        return EINVAL;
    }
    int status = make_canonical(path, &canonical);
    if (status != 0) {
        return status;
    }
    size_t size = pypkg_stripped_size(real);
    char *copy = malloc(size + 1);
    status = ENOMEM;
    if (copy != NULL) {
        memcpy(copy, real, size);
        copy[size] = '\0';
        status = change_table(canonical, copy);
    }
    if (status != 0) {
        free(canonical);
        free(copy);
    }
    return status;
}

int
pypkg_mount_remove(const char *path)
{
    char *canonical;
    int status = make_canonical(path, &canonical);

    if (status != 0) {
        return status;
    }
    status = change_table(canonical, NULL);
    free(canonical);
    return status;
}
