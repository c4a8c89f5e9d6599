/* Directory streams. The lowest bit of a virtual DIR* is set, so that no registry and no lock are needed, and a real
   stream costs one test.

   The stream of "/" lists the real root and `snapshot`, so it wraps a real stream. */

#include "posix/fd_table.h"
#include "engine/reroute.h"
#include "os/files.h"
#include "posix/front.h"

struct stream {
    DIR *real;                /* the real root's stream, or NULL */
    bool root_listed;         /* `snapshot` was listed */
    struct pypkg_found found; /* the virtual directory, when there is no real stream */
    uint64_t position;        /* 0 is ".", 1 is "..", then the children */
    size_t mount;             /* then the mounts in it that are not among its children */
    int fd;                   /* its descriptor, or -1 */
    struct dirent entry;
};

static inline struct stream *
stream_of(DIR *dir)
{
    return (struct stream *)((uintptr_t)dir & ~(uintptr_t)1);
}

static DIR *
make_stream(const struct stream *contents)
{
    struct stream *stream = malloc(sizeof(*stream));
    if (stream == NULL) {
        return NULL;
    }
    *stream = *contents;
    return (DIR *)((uintptr_t)stream | 1);
}

static DIR *
open_root(DIR *real)
{
    if (real == NULL) {
        return NULL;
    }
    DIR *dir = make_stream(&(struct stream){.real = real, .fd = -1});
    if (dir == NULL) {
        closedir(real);
        errno = ENOMEM;
    }
    return dir;
}

static DIR *
open_virtual(const struct pypkg_found *found, int fd)
{
    if (found->entry.type != PYPKG_DIRECTORY) {
        errno = ENOTDIR;
        return NULL;
    }
    return make_stream(&(struct stream){.found = *found, .fd = fd});
}

static bool
is_root(int fd)
{
    struct pypkg_status status;
    return pypkg_state.ready && pypkg_status_of(fd, &status) == 0 && status.kind == PYPKG_IS_DIRECTORY
        && pypkg_is_root(&status);
}

static DIR *
open_real(const char *path)
{
    DIR *dir = opendir(path);
    return dir != NULL && is_root(dirfd(dir)) ? open_root(dir) : dir;
}

DIR *
pypkg_opendir(const char *path)
{
    struct pypkg_route route;

    pypkg_route(&route, "opendir", AT_FDCWD, path, true);
    PYPKG_TRY_REAL(&route, DIR *, NULL, open_real(route.path));
    return route.where == PYPKG_VIRTUAL ? open_virtual(&route.found, -1) : NULL;
}

DIR *
pypkg_fdopendir(int fd)
{
    struct pypkg_found found;

    if (pypkg_fd_directory(fd, &found)) {
        return open_virtual(&found, fd);
    }
    return is_root(fd) ? open_root(fdopendir(fd)) : fdopendir(fd);
}

static void
fill_entry(struct dirent *entry, const char *name, size_t size, ino_t inode, unsigned char type)
{
    memset(entry, 0, offsetof(struct dirent, d_name));
    entry->d_ino = inode;
    entry->d_type = type;
    entry->d_reclen = sizeof(*entry);
    memcpy(entry->d_name, name, size);
    entry->d_name[size] = '\0';
}

static unsigned char
type_of(const struct pypkg_entry *entry)
{
    return entry->type == PYPKG_DIRECTORY ? DT_DIR : entry->type == PYPKG_LINK ? DT_LNK : DT_REG;
}

/* The next child; false at the end. A damaged image may have names that are invalid or too long: they are skipped. */
static bool
next_child(struct stream *stream)
{
    const struct pypkg_image *image = &pypkg_state.image;
    const struct pypkg_entry *directory = &stream->found.entry;

    while (stream->position - 2 < directory->size) {
        struct pypkg_entry child;
        int64_t index = pypkg_child_at(image, directory->data_offset, directory->size, stream->position - 2);
        stream->position++;
        if (index < 0 || !pypkg_entry_at(image, (uint32_t)index, &child)) {
            continue;
        }
        struct pypkg_text name = pypkg_entry_name(image, &child);
        if (name.data != NULL && name.size < sizeof(stream->entry.d_name)
            && pypkg_is_plain_name(name.data, name.size)) {
            fill_entry(&stream->entry, name.data, name.size, (ino_t)index + 1, type_of(&child));
            return true;
        }
    }
    return false;
}

/* Whether a mount is in this directory and hides none of its children; sets its name. */
static bool
is_listed_mount(const struct stream *stream, const struct pypkg_mount *mount, const char **name, size_t *size)
{
    struct pypkg_text directory = pypkg_entry_path(&pypkg_state.image, &stream->found.entry);
    size_t start = directory.size > 0 ? directory.size + 1 : 0;
    struct pypkg_entry hidden;

    if (directory.data == NULL || mount->path_size <= start || memcmp(mount->path, directory.data, directory.size) != 0
        || (start > 0 && mount->path[start - 1] != '/')) {
        return false;
    }
    *name = mount->path + start;
    *size = mount->path_size - start;
    return memchr(*name, '/', *size) == NULL && *size < sizeof(stream->entry.d_name)
        && pypkg_find_path(&pypkg_state.image, mount->path, mount->path_size, &hidden) < 0;
}

static bool
next_mount(struct stream *stream)
{
    const struct pypkg_mounts *mounts = pypkg_mounts();
    struct stat status;
    const char *name;
    size_t size;

    while (mounts != NULL && stream->mount < mounts->count) {
        const struct pypkg_mount *mount = &mounts->items[stream->mount++];
        if (is_listed_mount(stream, mount, &name, &size) && stat(mount->real, &status) == 0) {
            fill_entry(&stream->entry, name, size, status.st_ino, S_ISDIR(status.st_mode) ? DT_DIR : DT_REG);
            return true;
        }
    }
    return false;
}

static struct dirent *
read_root(struct stream *stream)
{
    struct dirent *entry = readdir(stream->real);
    if (entry != NULL) {
        stream->root_listed = stream->root_listed || strcmp(entry->d_name, PYPKG_ROOT_NAME) == 0;
        return entry;
    }
    if (stream->root_listed) {
        return NULL;
    }
    stream->root_listed = true;
    fill_entry(&stream->entry, PYPKG_ROOT_NAME, PYPKG_ROOT_SIZE - 1, 1, DT_DIR);
    return &stream->entry;
}

struct dirent *
pypkg_readdir(DIR *dir)
{
    if (!pypkg_is_virtual_stream(dir)) {
        return readdir(dir);
    }
    struct stream *stream = stream_of(dir);
    if (stream->real != NULL) {
        return read_root(stream);
    }
    if (stream->position < 2) {
        stream->position++;
        fill_entry(&stream->entry, "..", (size_t)stream->position, (ino_t)stream->found.index + 1, DT_DIR);
        return &stream->entry;
    }
    return next_child(stream) || next_mount(stream) ? &stream->entry : NULL;
}

int
pypkg_closedir(DIR *dir)
{
    if (!pypkg_is_virtual_stream(dir)) {
        return closedir(dir);
    }
    struct stream *stream = stream_of(dir);
    int result = stream->real != NULL ? closedir(stream->real) : 0;
    if (stream->fd >= 0) {
        result = close(stream->fd);
    }
    free(stream);
    return result;
}

void
pypkg_rewinddir(DIR *dir)
{
    if (!pypkg_is_virtual_stream(dir)) {
        rewinddir(dir);
        return;
    }
    struct stream *stream = stream_of(dir);
    stream->position = 0;
    stream->mount = 0;
    stream->root_listed = false;
    if (stream->real != NULL) {
        rewinddir(stream->real);
    }
}

int
pypkg_dirfd(DIR *dir)
{
    if (!pypkg_is_virtual_stream(dir)) {
        return dirfd(dir);
    }
    struct stream *stream = stream_of(dir);
    if (stream->real != NULL) {
        return dirfd(stream->real);
    }
    if (stream->fd < 0) {
        stream->fd = pypkg_fd_open(&stream->found, O_RDONLY | O_CLOEXEC);
    }
    return stream->fd;
}
