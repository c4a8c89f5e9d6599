/* Writing the trace. */

#include "engine/trace.h"

#include <stdio.h>

#include "os/files.h"

static _Atomic int trace_fd = -1;

void
pypkg_trace_to(int fd)
{
    atomic_store(&trace_fd, fd);
}

bool
pypkg_is_traced(void)
{
    return atomic_load_explicit(&trace_fd, memory_order_relaxed) >= 0;
}

static const char *
describe_error(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {ENOENT, "ENOENT"},
        {ENOTDIR, "ENOTDIR"},
        {ELOOP, "ELOOP"},
        {EIO, "EIO"},
        {ENAMETOOLONG, "ENAMETOOLONG"},
        {EACCES, "EACCES"},
        {EEXIST, "EEXIST"},
        {EINVAL, "EINVAL"},
        {EISDIR, "EISDIR"},
        {ENOTEMPTY, "ENOTEMPTY"},
        {EPERM, "EPERM"},
        {EROFS, "EROFS"},
        {EXDEV, "EXDEV"},
        {EBUSY, "EBUSY"},
        {ENOTSUP, "ENOTSUP"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].number == number) {
            return names[i].name;
        }
    }
    return "error";
}

static int
describe(const struct pypkg_route *route, char *text, size_t size)
{
    const struct pypkg_entry *entry = &route->found.entry;

    switch (route->where) {
    case PYPKG_REAL:
        return snprintf(text, size, "real %s", route->path);
    case PYPKG_FAILED:
        return snprintf(text, size, "%s", describe_error(errno));
    default:
        break;
    }
    if (entry->type == PYPKG_DIRECTORY) {
        return snprintf(text, size, "directory");
    }
    if (entry->type == PYPKG_LINK) {
        return snprintf(text, size, "link");
    }
    return snprintf(text, size, "file, %llu bytes%s", (unsigned long long)entry->size,
                    entry->flags & PYPKG_WITHHELD ? ", withheld" : "");
}

/* Each line in one write, so that those of threads and processes do not mix. errno is not changed. */
static void
write_line(const char *call, const char *path, const char *outcome)
{
    char line[2 * PYPKG_MAX_PATH + 128];
    int saved = errno;

    int size = snprintf(line, sizeof(line), "pypkg: %s %s: %s\n", call, path, outcome);
    if (size > 0) {
        size_t whole = (size_t)size < sizeof(line) ? (size_t)size : sizeof(line) - 1;
        (void)pypkg_write_all(atomic_load(&trace_fd), (const uint8_t *)line, whole);
    }
    errno = saved;
}

void
pypkg_trace(const struct pypkg_route *route, const char *path)
{
    char outcome[PYPKG_MAX_PATH + 64];

    describe(route, outcome, sizeof(outcome));
    write_line(route->call, path, outcome);
}

void
pypkg_trace_error(int number, const char *path)
{
    if (pypkg_is_traced()) {
        write_line("error", path, describe_error(number));
    }
}
