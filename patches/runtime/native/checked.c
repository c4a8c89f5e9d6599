/* The record of checked files. */

#include "native/checked.h"

#include "posix/front.h"

#define CHECKED_NAME ".checked"
#define CHECKED_MAGIC "PYPKGCK2"
/* The clock of a file system may be this coarse. */
#define SETTLED_NS ((int64_t)2000000000)

static int64_t
nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct pypkg_mark
pypkg_mark_of(const struct pypkg_status *status)
{
    return (struct pypkg_mark){
        .inode = status->inode,
        .size = status->size,
        .modified_ns = nanoseconds(status->modified),
        .changed_ns = nanoseconds(status->changed),
    };
}

bool
pypkg_is_settled(const struct pypkg_mark *mark)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return nanoseconds(now) - mark->changed_ns > SETTLED_NS;
}

/* The size of a record in bytes; 0 if memory cannot be that large. */
static size_t
checked_size(uint64_t count)
{
    uint64_t size = sizeof(struct pypkg_checked) + count * sizeof(struct pypkg_mark);
    return size <= PTRDIFF_MAX ? (size_t)size : 0;
}

struct pypkg_checked *
pypkg_checked_new(uint32_t count)
{
    size_t size = checked_size(count);
    struct pypkg_checked *checked = size > 0 ? calloc(1, size) : NULL;

    if (checked != NULL) {
        memcpy(checked->magic, CHECKED_MAGIC, sizeof(checked->magic));
        checked->count = count;
    }
    return checked;
}

struct pypkg_checked *
pypkg_checked_read(int directory, uint32_t count)
{
    struct pypkg_status status;
    size_t size = checked_size(count);
    int fd = pypkg_above_standard(openat(directory, CHECKED_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));

    if (fd < 0) {
        return NULL;
    }
    struct pypkg_checked *checked = size > 0 ? malloc(size) : NULL;
    bool valid = checked != NULL && pypkg_status_of(fd, &status) == 0 && status.kind == PYPKG_IS_FILE
        && pypkg_is_private(&status) && status.size == size && read(fd, checked, size) == (ssize_t)size
        && memcmp(checked->magic, CHECKED_MAGIC, sizeof(checked->magic)) == 0 && checked->count == count;
    close(fd);
    if (!valid) {
        free(checked);
        return NULL;
    }
    return checked;
}

void
pypkg_checked_write(struct pypkg_cache *cache, int top, int directory, const struct pypkg_checked *checked)
{
    struct pypkg_bytes bytes = {.data = (const uint8_t *)checked, .size = checked_size(checked->count)};

    pypkg_cache_write(cache, top, directory, CHECKED_NAME, &bytes, false);
    cache->failure = PYPKG_CACHE_WORKS;
}
