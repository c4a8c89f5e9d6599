/* Virtual files are real descriptors: memfd_create, or an unlinked temporary file where the kernel has none.

   A table remembers which descriptor stands for which entry, verified by device and inode, so that a descriptor that
   was closed and used again for something else is never mistaken. Descriptors above its end are still good files;
   only directories must be in it. */

#include "vfs.h"

#include <sys/syscall.h>

#define CHUNK_SIZE 1024
#define CHUNK_COUNT 256

struct slot {
    _Atomic uint64_t device;
    _Atomic uint64_t inode;
    _Atomic uint32_t index;
};

static struct {
    _Atomic(struct slot *) chunks[CHUNK_COUNT];
} table;

static struct slot *
slot_of(int fd, bool create)
{
    if (fd < 0 || fd >= CHUNK_COUNT * CHUNK_SIZE) {
        return NULL;
    }
    _Atomic(struct slot *) *place = &table.chunks[fd / CHUNK_SIZE];
    struct slot *chunk = atomic_load(place);
    if (chunk == NULL && create) {
        struct slot *fresh = calloc(CHUNK_SIZE, sizeof(*fresh));
        if (fresh == NULL) {
            return NULL;
        }
        if (atomic_compare_exchange_strong(place, &chunk, fresh)) {
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

static bool
remember(int fd, const struct stat *status, uint32_t index)
{
    struct slot *slot = slot_of(fd, true);
    if (slot == NULL) {
        return false;
    }
    atomic_store_explicit(&slot->inode, 0, memory_order_relaxed);
    atomic_store_explicit(&slot->device, (uint64_t)status->st_dev, memory_order_relaxed);
    atomic_store_explicit(&slot->index, index, memory_order_relaxed);
    atomic_store_explicit(&slot->inode, (uint64_t)status->st_ino, memory_order_release);
    atomic_store_explicit(&pypkg_state.has_descriptors, true, memory_order_relaxed);
    return true;
}

/* A directory's descriptor says itself which one it is, by the time of its last change: a duplicate may outlive its line
   in the table. */
#define MARK 688215143 /* nanoseconds */

static void
mark_directory(int fd, const struct pypkg_found *found)
{
    const struct timespec mark = {.tv_sec = (time_t)found->index, .tv_nsec = MARK};
    if (found->entry.type == PYPKG_DIRECTORY) {
        futimens(fd, (const struct timespec[2]){mark, mark});
    }
}

static bool
is_marked(const struct stat *status)
{
    return status->st_mtim.tv_nsec == MARK && status->st_size == 0 && status->st_mtim.tv_sec >= 0
        && (uint64_t)status->st_mtim.tv_sec < pypkg_state.image.header.entry_count;
}

bool
pypkg_fd_find(int fd, const struct stat *status, struct pypkg_found *found)
{
    struct slot *slot = slot_of(fd, false);

    if (slot_matches(slot, status)) {
        found->index = atomic_load_explicit(&slot->index, memory_order_relaxed);
        return true;
    }
    /* It may be a duplicate of one that is in the table. Only unlinked regular files can be. */
    if (!S_ISREG(status->st_mode) || status->st_nlink != 0) {
        return false;
    }
    if (is_marked(status)) {
        found->index = (uint32_t)status->st_mtim.tv_sec;
        return true;
    }
    for (int i = 0; i < CHUNK_COUNT; i++) {
        struct slot *chunk = atomic_load(&table.chunks[i]);
        for (int j = 0; chunk != NULL && j < CHUNK_SIZE; j++) {
            if (slot_matches(&chunk[j], status)) {
                found->index = atomic_load_explicit(&chunk[j].index, memory_order_relaxed);
                remember(fd, status, found->index);
                return true;
            }
        }
    }
    return false;
}

bool
pypkg_fd_directory(int fd, struct pypkg_found *found)
{
    struct stat status;
    int saved = errno;
    bool good = atomic_load_explicit(&pypkg_state.has_descriptors, memory_order_relaxed) && fstat(fd, &status) == 0
        && pypkg_fd_find(fd, &status, found) && pypkg_entry_at(&pypkg_state.image, found->index, &found->entry)
        && found->entry.type == PYPKG_DIRECTORY;
    errno = saved;
    return good;
}

int
pypkg_write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return -1;
        }
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

/* An unnamed file for kernels without memfd_create (Linux before 3.17, some sandboxes). */
static int
create_unlinked(void)
{
    const char *directory = getenv("TMPDIR");
    char path[PYPKG_MAX_PATH + 1];

    if (directory == NULL || directory[0] != '/') {
        directory = "/tmp";
    }
    int size = snprintf(path, sizeof(path), "%s/pypkg-XXXXXX", directory);
    if (size < 0 || (size_t)size >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        unlink(path);
    }
    return fd;
}

static int
create_unnamed(void)
{
#if defined(SYS_memfd_create)
    /* The call itself: glibc 2.17 has no wrapper. 1 is MFD_CLOEXEC. */
    int fd = (int)syscall(SYS_memfd_create, "pypkg", 1u);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) {
        return fd;
    }
#endif
    return create_unlinked();
}

/* The same file, opened for reading only. Without /proc the descriptor stays one that could write to its own copy. */
static int
make_read_only(int fd, int flags)
{
    static const char prefix[] = "/proc/self/fd/";
    char path[32], digits[16];
    int keep = O_CLOEXEC | O_NONBLOCK | O_NOCTTY, count = 0;
    size_t size = sizeof(prefix) - 1;
#if defined(O_PATH)
    keep |= O_PATH;
#endif

    memcpy(path, prefix, size);
    for (int rest = fd; count == 0 || rest > 0; rest /= 10) {
        digits[count++] = (char)('0' + rest % 10);
    }
    while (count > 0) {
        path[size++] = digits[--count];
    }
    path[size] = '\0';
    int reopened = open(path, O_RDONLY | (flags & keep));
    if (reopened >= 0) {
        close(fd);
        return reopened;
    }
    if (lseek(fd, 0, SEEK_SET) < 0 || (!(flags & O_CLOEXEC) && fcntl(fd, F_SETFD, 0) < 0)) {
        return -1;
    }
    return fd;
}

/* Contents that were decoded, or found whole, before: a file that is opened again costs neither again. A slot is taken
   out and put back with one exchange each, so that no lock can be held across a fork; whoever comes between decodes. */
#define KEPT_COUNT 16
#define KEPT_SIZE 65536

struct kept {
    uint32_t index;
    struct pypkg_bytes bytes;
};

static struct {
    _Atomic(struct kept *) decoded[KEPT_COUNT];
    /* The number of an entry, plus one, whose bytes in the image have its checksum. */
    _Atomic uint32_t whole[1024];
} kept;

static void
free_kept(struct kept *item)
{
    if (item != NULL) {
        pypkg_release(&item->bytes);
        free(item);
    }
}

void
pypkg_forget_contents(void)
{
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        free_kept(atomic_exchange(&kept.decoded[i], NULL));
    }
    for (size_t i = 0; i < sizeof(kept.whole) / sizeof(kept.whole[0]); i++) {
        atomic_store_explicit(&kept.whole[i], 0, memory_order_relaxed);
    }
}

/* As pypkg_entry_contents, for an entry without a codec. */
static int
stored_contents(const struct pypkg_found *found, struct pypkg_bytes *bytes)
{
    _Atomic uint32_t *whole = &kept.whole[found->index % (sizeof(kept.whole) / sizeof(kept.whole[0]))];

    if (atomic_load_explicit(whole, memory_order_relaxed) == found->index + 1) {
        bytes->data = pypkg_state.image.base + found->entry.data_offset;
        bytes->size = (size_t)found->entry.size;
        bytes->owned = NULL;
        return 0;
    }
    int status = pypkg_entry_contents(&pypkg_state.image, &found->entry, bytes);
    if (status == 0 && bytes->size > 0) {
        atomic_store_explicit(whole, found->index + 1, memory_order_relaxed);
    }
    return status;
}

/* As pypkg_entry_contents, for an entry with a codec. The contents are the caller's until it gives them to
   keep_contents. */
static int
decoded_contents(const struct pypkg_found *found, struct pypkg_bytes *bytes)
{
    struct kept *item = atomic_exchange(&kept.decoded[found->index % KEPT_COUNT], NULL);

    if (item != NULL && item->index == found->index) {
        *bytes = item->bytes;
        free(item);
        return 0;
    }
    free_kept(item);
    return pypkg_entry_contents(&pypkg_state.image, &found->entry, bytes);
}

static void
keep_contents(const struct pypkg_found *found, struct pypkg_bytes *bytes)
{
    struct kept *item = bytes->owned == NULL || bytes->size > KEPT_SIZE ? NULL : malloc(sizeof(*item));

    if (item == NULL) {
        pypkg_release(bytes);
        return;
    }
    item->index = found->index;
    item->bytes = *bytes;
    free_kept(atomic_exchange(&kept.decoded[found->index % KEPT_COUNT], item));
}

static int
fill_descriptor(int fd, const struct pypkg_found *found)
{
    struct pypkg_bytes bytes;

    if (found->entry.type != PYPKG_FILE) {
        return 0;
    }
    int status = found->entry.codec == PYPKG_CODEC_NONE ? stored_contents(found, &bytes)
                                                        : decoded_contents(found, &bytes);
    if (status != 0) {
        errno = status;
        return -1;
    }
    status = pypkg_write_all(fd, bytes.data, bytes.size);
    int saved = errno;
    keep_contents(found, &bytes);
    errno = saved;
    return status;
}

int
pypkg_fd_open(const struct pypkg_found *found, int flags)
{
    struct stat status;

    bool reads = true;

#if defined(O_PATH)
    reads = (flags & O_PATH) == 0;
#endif
    if (reads && (found->entry.flags & PYPKG_WITHHELD)) {
        errno = EACCES;
        return -1;
    }
    int fd = create_unnamed();
    if (fd < 0) {
        return -1;
    }
    int ready = -1;
    mark_directory(fd, found);
    if ((!reads || fill_descriptor(fd, found) == 0) && fstat(fd, &status) == 0) {
        ready = make_read_only(fd, flags);
    }
    if (ready < 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    if (!remember(ready, &status, found->index) && found->entry.type == PYPKG_DIRECTORY) {
        close(ready);
        errno = EMFILE;
        return -1;
    }
    return ready;
}
