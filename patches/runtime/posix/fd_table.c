/* The table of virtual descriptors.

   A slot is valid only while device and inode of its descriptor are those recorded, so that a number which was closed
   and reused for another file is not taken for a virtual one. A duplicate (dup, fork and exec) has no slot of its own:
   it is recognised by a mark in the memory file, or by the slot of its original. Descriptors above the end of the table
   are valid files without a slot; directories need one. */

#include "posix/fd_table.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/state.h"
#include "os/memory_file.h"
#include "os/posix/status.h"

#define CHUNK_SIZE 1024
#define CHUNK_COUNT 256

struct slot {
    _Atomic uint64_t device;
    _Atomic uint64_t inode;
    _Atomic uint32_t index;
};

static struct {
    _Atomic(struct slot *) chunks[CHUNK_COUNT];
    /* The device of the last memory file; normally all are on the same one. */
    _Atomic uint64_t device;
} table;

static struct slot *
slot_of(int fd, bool create)
{
    if (fd < 0 || fd >= CHUNK_COUNT * CHUNK_SIZE) {
        return NULL;
    }
    _Atomic(struct slot *) *entry = &table.chunks[fd / CHUNK_SIZE];
    struct slot *chunk = atomic_load(entry);
    if (chunk == NULL && create) {
        struct slot *fresh = calloc(CHUNK_SIZE, sizeof(*fresh));
        if (fresh == NULL) {
            return NULL;
        }
        if (atomic_compare_exchange_strong(entry, &chunk, fresh)) {
            chunk = fresh;
        }
        else {
            free(fresh);
        }
    }
    return chunk == NULL ? NULL : chunk + fd % CHUNK_SIZE;
}

static bool
slot_matches(const struct slot *slot, const struct stat *status)
{
    return slot != NULL && atomic_load_explicit(&slot->inode, memory_order_acquire) == (uint64_t)status->st_ino
        && atomic_load_explicit(&slot->device, memory_order_relaxed) == (uint64_t)status->st_dev && status->st_ino != 0;
}

bool
pypkg_fd_record(int fd, const struct stat *status, uint32_t index)
{
    struct slot *slot = slot_of(fd, true);
    if (slot == NULL) {
        return false;
    }
    atomic_store_explicit(&slot->inode, 0, memory_order_relaxed);
    atomic_store_explicit(&slot->device, (uint64_t)status->st_dev, memory_order_relaxed);
    atomic_store_explicit(&slot->index, index, memory_order_relaxed);
    atomic_store_explicit(&slot->inode, (uint64_t)status->st_ino, memory_order_release);
    atomic_store_explicit(&table.device, (uint64_t)status->st_dev, memory_order_relaxed);
    atomic_store_explicit(&pypkg_state.has_descriptors, true, memory_order_relaxed);
    return true;
}

/* The mark of a directory is its modification time, which fstat returns anyway. That of a file is the number in its
   name. */
#define MARK 688215143 /* nanoseconds */

void
pypkg_fd_mark_directory(int fd, uint32_t index)
{
    const struct timespec mark = {.tv_sec = (time_t)index, .tv_nsec = MARK};
    futimens(fd, (const struct timespec[2]){mark, mark});
}

static bool
is_marked(const struct stat *status)
{
    struct timespec modified = pypkg_modified(status);
    return modified.tv_nsec == MARK && status->st_size == 0 && modified.tv_sec >= 0
        && (uint64_t)modified.tv_sec < pypkg_count(&pypkg_state.image, PYPKG_ENTRIES);
}

static bool
is_named(int fd, const struct stat *status, uint32_t *index)
{
    struct pypkg_entry entry;
    return pypkg_memory_file_number(fd, index) && pypkg_entry_at(&pypkg_state.image, *index, &entry)
        && entry.type == PYPKG_FILE && entry.size == (uint64_t)status->st_size;
}

/* The entry number of a duplicate whose original has a slot. */
static bool
find_original(const struct stat *status, uint32_t *index)
{
    for (int i = 0; i < CHUNK_COUNT; i++) {
        struct slot *chunk = atomic_load(&table.chunks[i]);
        for (int j = 0; chunk != NULL && j < CHUNK_SIZE; j++) {
            if (slot_matches(&chunk[j], status)) {
                *index = atomic_load_explicit(&chunk[j].index, memory_order_relaxed);
                return true;
            }
        }
    }
    return false;
}

static bool
find_index(int fd, const struct stat *status, uint32_t *index)
{
    struct slot *slot = slot_of(fd, false);

    if (slot_matches(slot, status)) {
        *index = atomic_load_explicit(&slot->index, memory_order_relaxed);
        return true;
    }
    /* It may be a duplicate. Memory files are unlinked regular files. */
    if (!S_ISREG(status->st_mode) || status->st_nlink != 0) {
        return false;
    }
    if (is_marked(status)) {
        *index = (uint32_t)status->st_mtime;
        return true;
    }
    if (find_original(status, index)
        || ((uint64_t)status->st_dev == atomic_load_explicit(&table.device, memory_order_relaxed)
            && is_named(fd, status, index))) {
        pypkg_fd_record(fd, status, *index);
        return true;
    }
    return false;
}

bool
pypkg_fd_entry_of(int fd, const struct stat *status, struct pypkg_found *found)
{
    int saved = errno;
    bool virtual = pypkg_has_descriptors() && find_index(fd, status, &found->index)
        && pypkg_entry_at(&pypkg_state.image, found->index, &found->entry);

    errno = saved;
    return virtual;
}

bool
pypkg_fd_entry(int fd, struct pypkg_found *found)
{
    struct stat status;
    int saved = errno;
    bool virtual = pypkg_has_descriptors() && fstat(fd, &status) == 0 && pypkg_fd_entry_of(fd, &status, found);

    errno = saved;
    return virtual;
}

bool
pypkg_fd_directory(int fd, struct pypkg_found *found)
{
    return pypkg_fd_entry(fd, found) && found->entry.type == PYPKG_DIRECTORY;
}
