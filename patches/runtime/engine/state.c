/* The one state of the process, and routing: which file system a path leads to. */

#include "engine/vfs.h"

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

    if (pypkg_state.ready) {
        pypkg_forget_files();
    }
    pypkg_state.ready = false;
    if (size < sizeof(struct pypkg_header) || !is_readable(bytes) || !is_readable(bytes + size - 8)) {
        return "the image is truncated";
    }
    const char *problem = pypkg_image_open(&pypkg_state.image, data, size);
#if !defined(PYPKG_UNCHECKED) /* for tests that look at what lies behind the checksums */
    if (problem == NULL && !pypkg_image_is_whole(&pypkg_state.image)) {
        problem = "the image is corrupt: its tables do not match their checksum";
    }
#endif
    pypkg_state.ready = problem == NULL;
    pypkg_watch_forks();
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
    uint32_t cwd = pypkg_cwd();
    start->index = cwd - 1;
    return cwd != 0 && pypkg_entry_at(&pypkg_state.image, start->index, &start->entry);
}

/* The path as a mount by pattern sees it: absolute, without `.`, `..` and double slashes. */
static bool
make_lexical(struct pypkg_text start, const char *path, char *out)
{
    size_t size = PYPKG_ROOT_SIZE;

    if (start.size + strlen(path) + PYPKG_ROOT_SIZE + 2 > PYPKG_MAX_PATH) {
        return false;
    }
    memcpy(out, PYPKG_ROOT, size);
    if (start.size > 0) {
        out[size++] = '/';
        memcpy(out + size, start.data, start.size);
        size += start.size;
    }
    while (*path != '\0') {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        if (length == 2 && path[0] == '.' && path[1] == '.') {
            while (size > PYPKG_ROOT_SIZE && out[--size] != '/') {
            }
        }
        else if (length > 0 && !(length == 1 && path[0] == '.')) {
            out[size++] = '/';
            memcpy(out + size, path, length);
            size += length;
        }
        path += length;
    }
    out[size] = '\0';
    return true;
}

static bool
ask_mount_hook(struct pypkg_route *route, struct pypkg_text start, const char *path)
{
    pypkg_mount_hook hook = pypkg_get_mount_hook();
    char lexical[PYPKG_MAX_PATH + 1];
    int saved = errno;

    /* A child made by vfork must not run Python: its memory is its parent's. */
    bool mounted = hook != NULL && start.data != NULL && !pypkg_is_vforked() && make_lexical(start, path, lexical)
        && hook(lexical, route->buffer, sizeof(route->buffer));
    errno = saved;
    return mounted;
}

static void
fail(struct pypkg_route *route, int error)
{
    route->where = PYPKG_FAILED;
    route->error = error;
    errno = error;
}

/* route->buffer is a real path; a slash that was behind its name belongs there still. */
static void
go_outside(struct pypkg_route *route, bool slash)
{
    size_t size = strlen(route->buffer);

    if (slash && size >= PYPKG_MAX_PATH) {
        fail(route, ENAMETOOLONG);
        return;
    }
    memcpy(route->buffer + size, "/", slash ? 2 : 0);
    route->where = PYPKG_REAL;
    route->dirfd = AT_FDCWD;
    route->path = route->buffer;
}

static void
follow(struct pypkg_route *route)
{
    const char *path = route->path;
    struct pypkg_text start = {NULL, 0};
    char trimmed[PYPKG_MAX_PATH + 1];
    bool slash = false;

    route->found.in_directory = false;
    route->found.slash = false;
    if (path[0] != '/') {
        struct pypkg_found directory;
        if (!find_start(route->dirfd, &directory)) {
            return;
        }
        if (path[0] == '\0') {
            fail(route, ENOENT);
            return;
        }
        start = pypkg_entry_path(&pypkg_state.image, &directory.entry);
    }
    if (strlen(path) > PYPKG_MAX_PATH) {
        fail(route, ENAMETOOLONG);
        return;
    }
    if (route->name && pypkg_trimmed(path, trimmed)) {
        path = trimmed;
        slash = true;
    }
    if (path[0] == '/' && path[1] == PYPKG_ROOT[1]) {
        path += PYPKG_ROOT_SIZE;
        path += path[0] == '/' && path[1] != '\0';
        start.data = "";
    }
    if (ask_mount_hook(route, start, path)) {
        go_outside(route, slash);
        return;
    }
    int status = pypkg_resolve(&pypkg_state.image, start, path, route->follow, &route->found, route->buffer);
    if (status == PYPKG_OUTSIDE) {
        go_outside(route, slash);
        return;
    }
    if (status != 0) {
        fail(route, status);
        return;
    }
    route->where = PYPKG_VIRTUAL;
}

void
pypkg_follow(struct pypkg_route *route)
{
    if (route->call == NULL || !pypkg_is_traced()) {
        follow(route);
        return;
    }
    char path[PYPKG_MAX_PATH + 1];
    snprintf(path, sizeof(path), "%s", route->path);
    follow(route);
    pypkg_trace(route, path);
}

bool
pypkg_trimmed(const char *path, char *out)
{
    size_t size = strlen(path);
    size_t whole = size;

    while (size > 1 && path[size - 1] == '/') {
        size--;
    }
    if (out != NULL) {
        size_t taken = size <= PYPKG_MAX_PATH ? size : PYPKG_MAX_PATH;
        memcpy(out, path, taken);
        out[taken] = '\0';
    }
    return size < whole;
}

int
pypkg_last_dots(const char *path)
{
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/') {
        end--;
    }
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    bool dots = end - start == 1 || end - start == 2 ? strspn(path + start, ".") >= end - start : false;
    return dots ? (int)(end - start) : 0;
}
