/* The names in a path. */

#include "paths/paths.h"

bool
pypkg_prepend_target(char *buffer, size_t limit, const char **rest, const char *target, size_t size)
{
    size_t rest_size = strlen(*rest);

    if (size > limit || rest_size > limit - size) {
        return false;
    }
    memmove(buffer + size, *rest, rest_size + 1);
    memcpy(buffer, target, size);
    *rest = buffer;
    return true;
}

bool
pypkg_is_plain_name(const char *name, size_t size)
{
    return size > 0 && pypkg_dots(name, size) == 0 && memchr(name, '/', size) == NULL
        && memchr(name, '\0', size) == NULL;
}

size_t
pypkg_stripped_size(const char *path)
{
    size_t size = strlen(path);

    while (size > 1 && path[size - 1] == '/') {
        size--;
    }
    return size;
}

size_t
pypkg_last_name(const char *path, size_t size)
{
    while (size > 0 && path[size - 1] != '/') {
        size--;
    }
    return size;
}

size_t
pypkg_parent_size(const char *path, size_t size)
{
    size_t name = pypkg_last_name(path, size);
    return name > 0 ? name - 1 : 0;
}

int
pypkg_last_dots(const char *path)
{
    size_t size = pypkg_stripped_size(path);
    size_t name = pypkg_last_name(path, size);
    return pypkg_dots(path + name, size - name);
}

size_t
pypkg_append_names(char *out, size_t size, size_t floor, const char *path)
{
    for (;;) {
        struct pypkg_text name = pypkg_next_name(&path);
        int dots = pypkg_dots(name.data, name.size);
        if (name.size == 0) {
            out[size] = '\0';
            return size;
        }
        if (dots == 0) {
            out[size++] = '/';
            memcpy(out + size, name.data, name.size);
            size += name.size;
        }
        else if (dots == 2) {
            size_t parent = pypkg_parent_size(out, size);
            size = parent > floor ? parent : floor;
        }
    }
}

size_t
pypkg_virtual_path(struct pypkg_text below, char *out, size_t out_size)
{
    size_t needed = PYPKG_ROOT_SIZE + (below.size > 0 ? 1 + below.size : 0) + 1;

    if (needed <= out_size) {
        memcpy(out, PYPKG_ROOT, PYPKG_ROOT_SIZE);
        if (below.size > 0) {
            out[PYPKG_ROOT_SIZE] = '/';
            memcpy(out + PYPKG_ROOT_SIZE + 1, below.data, below.size);
        }
        out[needed - 1] = '\0';
    }
    return needed;
}
