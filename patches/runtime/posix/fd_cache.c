/* Files that are opened again. The second time that a small file is made its memory is kept, under a descriptor of our
   own, and opened from then on: that takes a third of making it once more.

   A kept file is sealed, so that nobody can change what is opened next. A slot is taken out and put back with one
   exchange each, so that no lock can be held across a fork; whoever comes between makes a file of its own. A program
   may close descriptors that are not its own and use their numbers again: what is kept is looked at every time. */

#include "engine/vfs.h"

#define KEPT_COUNT 16
#define KEPT_SIZE 65536
/* The last of a table of 256 descriptors. A program that has so many itself keeps its numbers, and nothing is kept. */
#define KEPT_HIGHEST 255
#define KEPT_LOWEST (KEPT_HIGHEST + 1 - KEPT_COUNT)

struct kept {
    int fd;
    uint32_t index;
    uint64_t device, inode;
};

static struct {
    _Atomic(struct kept *) files[KEPT_COUNT];
    /* The number of an entry, plus one, that was opened before and is whole. */
    _Atomic uint32_t seen[1024];
} state;

static _Atomic uint32_t *
seen_slot(uint32_t index)
{
    return &state.seen[index % (sizeof(state.seen) / sizeof(state.seen[0]))];
}

bool
pypkg_is_seen(uint32_t index)
{
    return atomic_load_explicit(seen_slot(index), memory_order_relaxed) == index + 1;
}

void
pypkg_see(uint32_t index)
{
    atomic_store_explicit(seen_slot(index), index + 1, memory_order_relaxed);
}

static bool
is_still(const struct kept *kept, int fd, struct stat *status)
{
    return fstat(fd, status) == 0 && (uint64_t)status->st_ino == kept->inode
        && (uint64_t)status->st_dev == kept->device;
}

static void
drop(struct kept *kept)
{
    struct stat status;

    if (kept != NULL) {
        if (is_still(kept, kept->fd, &status)) {
            close(kept->fd);
        }
        free(kept);
    }
}

void
pypkg_forget_files(void)
{
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        drop(atomic_exchange(&state.files[i], NULL));
    }
    for (size_t i = 0; i < sizeof(state.seen) / sizeof(state.seen[0]); i++) {
        atomic_store_explicit(&state.seen[i], 0, memory_order_relaxed);
    }
}

static void
put_back(struct kept *kept)
{
    drop(atomic_exchange(&state.files[kept->index % KEPT_COUNT], kept));
}

int
pypkg_open_kept(const struct pypkg_found *found, int flags, struct stat *status)
{
    struct kept *kept = atomic_exchange(&state.files[found->index % KEPT_COUNT], NULL);

    if (kept == NULL) {
        return -1;
    }
    if (!is_still(kept, kept->fd, status)) {
        free(kept);
        return -1;
    }
    int fd = kept->index == found->index ? pypkg_open_again(kept->fd, flags) : -1;
    if (fd >= 0 && !is_still(kept, fd, status)) {
        close(fd);
        fd = -1;
    }
    put_back(kept);
    return fd;
}

void
pypkg_keep(int fd, const struct pypkg_found *found, const struct stat *status)
{
#if defined(__linux__)
    if (found->entry.size > KEPT_SIZE || fcntl(fd, F_ADD_SEALS, PYPKG_SEAL_ALL) < 0) {
        return;
    }
    struct kept *kept = malloc(sizeof(*kept));
    int own = kept != NULL ? fcntl(fd, F_DUPFD_CLOEXEC, KEPT_LOWEST) : -1;
    if (own < 0 || own > KEPT_HIGHEST) {
        if (own >= 0) {
            close(own);
        }
        free(kept);
        return;
    }
    kept->fd = own;
    kept->index = found->index;
    kept->device = (uint64_t)status->st_dev;
    kept->inode = (uint64_t)status->st_ino;
    put_back(kept);
#else
    (void)fd, (void)found, (void)status;
#endif
}
