/* Mounts: real directories that are served below the snapshot's root.

   The table is copied, changed and swapped in by one atomic exchange, so that a walk needs no lock and a fork finds
   nothing half done. Old tables are kept: mounting is rare, and a walk may be reading one. */

#include "image/image.h"

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
lies_below(const char *path, size_t size, const char *directory, size_t directory_size)
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
        if ((is_same(mount, path, size) || lies_below(path, size, mount->path, mount->path_size))
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
        if (lies_below(mounts->items[i].path, mounts->items[i].path_size, path, size)) {
            return true;
        }
    }
    return false;
}

/* The path below the root without double and trailing slashes, in fresh memory. `.` and `..` have no place in it. */
static int
make_canonical(const char *path, char **out)
{
    if (strncmp(path, PYPKG_ROOT "/", PYPKG_ROOT_SIZE + 1) != 0 || strlen(path) > PYPKG_MAX_PATH) {
        return EINVAL;
    }
    char *text = malloc(strlen(path) + 1);
    size_t size = 0;
    if (text == NULL) {
        return ENOMEM;
    }
    for (const char *name = path + PYPKG_ROOT_SIZE; *name != '\0';) {
        name += strspn(name, "/");
        size_t length = strcspn(name, "/");
        if ((length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.')) {
            free(text);
            return EINVAL;
        }
        if (length > 0) {
            text[size] = '/';
            size += size > 0;
            memcpy(text + size, name, length);
            size += length;
        }
        name += length;
    }
    text[size] = '\0';
    *out = text;
    if (size == 0) {
        free(text);
        return EINVAL;
    }
    return 0;
}

/* A copy of `old` without the mount at `path`, and with one for `real` if that is given. */
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

/* Swap in a changed table. `path` and `real` become the table's. */
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
    size_t size = strlen(real);

    if (real[0] != '/' || size > PYPKG_MAX_PATH) {
        return EINVAL;
    }
    while (size > 1 && real[size - 1] == '/') {
        size--;
    }
    int status = make_canonical(path, &canonical);
    if (status != 0) {
        return status;
    }
    char *copy = strndup(real, size);
    status = copy == NULL ? ENOMEM : change_table(canonical, copy);
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
