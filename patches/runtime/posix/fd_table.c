/* The table of virtual descriptors.

   A slot is valid only while device, inode and modification time of its descriptor are those recorded, so that a number
   which was closed and reused for another file is not taken for a virtual one. The time tells an unlinked temporary file
   from the next one that gets its inode. A duplicate (dup) has no slot of its own: it is recognised by the same three,
   which the table of files remembers for the last few thousand memory files, and the slots for files whose descriptor's
   number is not used again. No name and no time alone makes a file a virtual one. A fork inherits both tables; after an
   exec they are empty. Descriptors above the end of the table are valid files without a slot; directories need one. */

#include "posix/fd_table.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/state.h"
#include "os/memory_file.h"
#include "os/posix/status.h"

#define CHUNK_SIZE 1024
#define CHUNK_COUNT 256
#define FILE_COUNT 4096
#define READER_COUNT 1024

/* Whether another reader is looked for in the whole table: a copy of a smaller file is as cheap. */
#define SCAN_SIZE 65536

struct slot {
    _Atomic uint64_t device;
    _Atomic uint64_t inode;
    _Atomic int64_t modified;
    _Atomic uint32_t index;
};

static struct {
    _Atomic(struct slot *) chunks[CHUNK_COUNT];
    /* The last memory files, by inode: a system numbers them in sequence. */
    struct slot files[FILE_COUNT];
    /* Where the last of them is: the slots are not searched for temporary files of the program, which are elsewhere. */
    _Atomic uint64_t device;
    /* By entry, the descriptor that opened it last, plus one. */
    _Atomic int readers[READER_COUNT];
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

/* The modification time in nanoseconds; of one that is too far away, the part that fits. */
static int64_t
time_of(const struct stat *status)
{
    struct timespec modified = pypkg_modified(status);
    return (int64_t)((uint64_t)modified.tv_sec * 1000000000u + (uint64_t)modified.tv_nsec);
}

/* Whether a slot is of this file, and of which entry. The index is read before, and written after the inode was cleared,
   so that it is never that of a file which another thread records meanwhile. */
static bool
read_slot(const struct slot *slot, const struct stat *status, uint32_t *index)
{
    if (slot == NULL || status->st_ino == 0) {
        return false;
    }
    *index = atomic_load_explicit(&slot->index, memory_order_acquire);
    return atomic_load_explicit(&slot->inode, memory_order_acquire) == (uint64_t)status->st_ino
        && atomic_load_explicit(&slot->device, memory_order_relaxed) == (uint64_t)status->st_dev
        && atomic_load_explicit(&slot->modified, memory_order_relaxed) == time_of(status);
}

static void
set_slot(struct slot *slot, const struct stat *status, uint32_t index)
{
    atomic_store_explicit(&slot->inode, 0, memory_order_relaxed);
    atomic_store_explicit(&slot->index, index, memory_order_release);
    atomic_store_explicit(&slot->device, (uint64_t)status->st_dev, memory_order_relaxed);
    atomic_store_explicit(&slot->modified, time_of(status), memory_order_relaxed);
    atomic_store_explicit(&slot->inode, (uint64_t)status->st_ino, memory_order_release);
}

void
pypkg_fd_remember(const struct stat *status, uint32_t index)
{
    set_slot(&table.files[(uint64_t)status->st_ino % FILE_COUNT], status, index);
    atomic_store_explicit(&table.device, (uint64_t)status->st_dev, memory_order_relaxed);
}

bool
pypkg_fd_record(int fd, const struct stat *status, uint32_t index)
{
    struct slot *slot = slot_of(fd, true);

    atomic_store_explicit(&pypkg_state.has_descriptors, true, memory_order_relaxed);
    if (slot == NULL) {
        return false;
    }
    set_slot(slot, status, index);
    atomic_store_explicit(&table.readers[index % READER_COUNT], fd + 1, memory_order_relaxed);
    return true;
}

static bool
find_file(const struct stat *status, uint32_t *index)
{
    return read_slot(&table.files[(uint64_t)status->st_ino % FILE_COUNT], status, index);
}

/* The entry number of a duplicate whose original has a slot. */
static bool
find_original(const struct stat *status, uint32_t *index)
{
    if (atomic_load_explicit(&table.device, memory_order_relaxed) != (uint64_t)status->st_dev) {
        return false;
    }
    for (int i = 0; i < CHUNK_COUNT; i++) {
        struct slot *chunk = atomic_load(&table.chunks[i]);
        for (int j = 0; chunk != NULL && j < CHUNK_SIZE; j++) {
            if (read_slot(&chunk[j], status, index)) {
                return true;
            }
        }
    }
    return false;
}

static bool
find_index(int fd, const struct stat *status, uint32_t *index)
{
    if (read_slot(slot_of(fd, false), status, index)) {
        return true;
    }
    /* It may be a duplicate. Memory files are unlinked regular files. */
    if (!S_ISREG(status->st_mode) || status->st_nlink != 0) {
        return false;
    }
    if (find_file(status, index) || find_original(status, index)) {
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

/* Open the file of `fd` again if it has the contents of the entry and nobody can change it. The program may close `fd`
   and use its number again at any time, so what was opened is checked too. */
static int
open_reader(int fd, const struct pypkg_found *found, int flags, struct stat *status)
{
    struct slot *slot = slot_of(fd, false);
    struct stat opened;
    uint32_t index;

    if (slot == NULL || atomic_load_explicit(&slot->index, memory_order_relaxed) != found->index
        || fstat(fd, status) != 0 || !read_slot(slot, status, &index) || index != found->index
        || (uint64_t)status->st_size != found->entry.size || !pypkg_is_sealed(fd)) {
        return -1;
    }
    int own = pypkg_open_again(fd, flags);
    if (own >= 0 && (fstat(own, &opened) != 0 || opened.st_ino != status->st_ino || opened.st_dev != status->st_dev)) {
        close(own);
        return -1;
    }
    return own;
}

int
pypkg_fd_share(const struct pypkg_found *found, int flags, struct stat *status)
{
    int last = atomic_load_explicit(&table.readers[found->index % READER_COUNT], memory_order_relaxed) - 1;
    int fd = last >= 0 ? open_reader(last, found, flags, status) : -1;

    for (int i = 0; fd < 0 && found->entry.size > SCAN_SIZE && i < CHUNK_COUNT; i++) {
        bool used = atomic_load(&table.chunks[i]) != NULL;
        for (int j = 0; used && fd < 0 && j < CHUNK_SIZE; j++) {
            fd = open_reader(i * CHUNK_SIZE + j, found, flags, status);
        }
    }
    return fd;
}
