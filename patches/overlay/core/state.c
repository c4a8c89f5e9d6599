/* The one state of the process, and routing: which file system a path leads to. */

#include "vfs.h"

#include <signal.h>
#include <sys/syscall.h>

struct pypkg_state pypkg_state;

/* Can these 8 bytes be read? A page behind the end of a truncated file is mapped but raises SIGBUS. The kernel reads
   the new mask before it looks at the bad `how`, and answers EFAULT where we would have crashed. */
static bool
is_readable(const void *address)
{
#if defined(__linux__)
    int saved = errno;
    bool good = syscall(SYS_rt_sigprocmask, -1, address, NULL, 8) == 0 || errno != EFAULT;
    errno = saved;
    return good;
#else
    (void)address;
    return true;
#endif
}

const char *
pypkg_start_with(const void *data, uint64_t size)
{
    const uint8_t *bytes = data;

    pypkg_state.ready = false;
    if (size < sizeof(struct pypkg_header) || !is_readable(bytes) || !is_readable(bytes + size - 8)) {
        return "the image is truncated";
    }
    const char *problem = pypkg_image_open(&pypkg_state.image, data, size);
    pypkg_state.ready = problem == NULL;
    return problem;
}

const char *
pypkg_start(void)
{
    uint64_t size;
    const void *data = pypkg_located_image(&size);
    return data == NULL ? NULL : pypkg_start_with(data, size);
}

const struct pypkg_image *
pypkg_image(void)
{
    return pypkg_state.ready ? &pypkg_state.image : NULL;
}

/* The directory a relative path starts from; false when it is one of the real file system. */
static bool
find_start(int dirfd, struct pypkg_found *start)
{
    if (dirfd != AT_FDCWD) {
        return pypkg_fd_directory(dirfd, start);
    }
    uint32_t cwd = atomic_load_explicit(&pypkg_state.cwd, memory_order_relaxed);
    start->index = cwd - 1;
    return cwd != 0 && pypkg_entry_at(&pypkg_state.image, start->index, &start->entry);
}

enum pypkg_where
pypkg_follow(int dirfd, const char *path, bool follow, struct pypkg_route *route)
{
    struct pypkg_text start = {NULL, 0};

    route->dirfd = dirfd;
    route->path = path;
    if (path[0] == '\0') {
        errno = ENOENT;
        return PYPKG_FAILED;
    }
    if (path[0] != '/') {
        struct pypkg_found directory;
        if (!find_start(dirfd, &directory)) {
            return PYPKG_REAL;
        }
        start = pypkg_entry_path(&pypkg_state.image, &directory.entry);
    }
    else if (path[1] == PYPKG_ROOT[1]) {
        path += PYPKG_ROOT_SIZE;
        path += path[0] == '/';
        start.data = "";
    }
    int status = pypkg_resolve(&pypkg_state.image, start, path, follow, &route->found, route->buffer);
    if (status == PYPKG_OUTSIDE) {
        route->dirfd = AT_FDCWD;
        route->path = route->buffer;
        return PYPKG_REAL;
    }
    errno = status;
    return status == 0 ? PYPKG_VIRTUAL : PYPKG_FAILED;
}
