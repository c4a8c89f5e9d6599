/* The cache of memory files. When a small file is opened the second time, its memory file is cached under a descriptor
   of the runtime, and opened again from then on, which takes a third of the time of creating it.

   A cached file is sealed, so that nobody can change what is opened next. A slot is taken and put back with one
   atomic exchange each, so that no lock can be held across a fork; a thread that finds the slot empty makes a file
   of its own. A program may close descriptors that are not its own and use their numbers again, so each is checked
   every time. */

#include "posix/fd_cache.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/memory_file.h"

#define CACHE_COUNT 16
#define MAX_FILE_SIZE 65536
/* The last numbers of a table of 256 descriptors. Where a program uses them itself nothing is cached. */
#define HIGHEST_FD 255
#define LOWEST_FD (HIGHEST_FD + 1 - CACHE_COUNT)

struct cached {
    int fd;
    uint32_t index;
    dev_t device;
    ino_t inode;
};

static struct {
    _Atomic(struct cached *) files[CACHE_COUNT];
    /* Entry numbers, plus one, whose contents were checked. */
    _Atomic uint32_t checked[1024];
} cache;

static _Atomic uint32_t *
checked_slot(uint32_t index)
{
    return &cache.checked[index % (sizeof(cache.checked) / sizeof(cache.checked[0]))];
}

bool
pypkg_fd_cache_is_checked(uint32_t index)
{
    return atomic_load_explicit(checked_slot(index), memory_order_relaxed) == index + 1;
}

void
pypkg_fd_cache_set_checked(uint32_t index)
{
    atomic_store_explicit(checked_slot(index), index + 1, memory_order_relaxed);
}

/* Whether `fd` is the cached file, and not another one that got its number. */
static bool
is_file_of(const struct cached *cached, int fd, struct stat *status)
{
    return fstat(fd, status) == 0 && status->st_ino == cached->inode && status->st_dev == cached->device;
}

static void
discard(struct cached *cached)
{
    struct stat status;

    if (cached != NULL) {
        if (is_file_of(cached, cached->fd, &status)) {
            close(cached->fd);
        }
        free(cached);
    }
}

#if defined(PYPKG_TESTS)
void
pypkg_fd_cache_clear(void)
{
    for (size_t i = 0; i < CACHE_COUNT; i++) {
        discard(atomic_exchange(&cache.files[i], NULL));
    }
    for (size_t i = 0; i < sizeof(cache.checked) / sizeof(cache.checked[0]); i++) {
        atomic_store_explicit(&cache.checked[i], 0, memory_order_relaxed);
    }
}
#endif

static void
put(struct cached *cached)
{
    discard(atomic_exchange(&cache.files[cached->index % CACHE_COUNT], cached));
}

int
pypkg_fd_cache_open(const struct pypkg_found *found, int flags, struct stat *status)
{
    struct cached *cached = atomic_exchange(&cache.files[found->index % CACHE_COUNT], NULL);

    if (cached == NULL) {
        return -1;
    }
    if (!is_file_of(cached, cached->fd, status)) {
        free(cached);
        return -1;
    }
    int fd = cached->index == found->index ? pypkg_open_again(cached->fd, flags) : -1;
    if (fd >= 0 && !is_file_of(cached, fd, status)) {
        close(fd);
        fd = -1;
    }
    put(cached);
    return fd;
}

void
pypkg_fd_cache_add(int fd, const struct pypkg_found *found, const struct stat *status)
{
    if (found->entry.size > MAX_FILE_SIZE) {
        return;
    }
    struct cached *cached = malloc(sizeof(*cached));
    int own = cached != NULL ? fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_FD) : -1;
    if (own < 0 || own > HIGHEST_FD) {
        if (own >= 0) {
            close(own);
        }
        free(cached);
        return;
    }
    *cached = (struct cached){own, found->index, status->st_dev, status->st_ino};
    put(cached);
}
