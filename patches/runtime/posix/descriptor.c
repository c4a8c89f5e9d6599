/* Virtual files are real descriptors: memfd_create, or an unlinked temporary file where the kernel has none.

   A table remembers which descriptor stands for which entry, verified by device and inode, so that a descriptor that
   was closed and used again for something else is never mistaken. Descriptors above its end are still good files;
   only directories must be in it. */

#include "engine/vfs.h"

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
    /* Where all of them are, as far as is known. */
    _Atomic uint64_t device;
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
    atomic_store_explicit(&table.device, (uint64_t)status->st_dev, memory_order_relaxed);
    atomic_store_explicit(&pypkg_state.has_descriptors, true, memory_order_relaxed);
    return true;
}

/* A duplicate may outlive its line in the table: a descriptor says itself what it stands for. That of a directory by the
   time of its last change, that of a file by the name it was given, which takes longer to ask for. */
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

#define NAME "pypkg-"
#define DESCRIPTORS "/proc/self/fd/"

/* A text with a number behind it. Without printf, because every opening passes here. */
static void
write_numbered(char *out, const char *text, uint32_t number)
{
    char digits[10];
    size_t count = 0, size = strlen(text);

    memcpy(out, text, size);
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) {
        out[size++] = digits[--count];
    }
    out[size] = '\0';
}

static bool
is_named(int fd, const struct stat *status, uint32_t *index)
{
    static const char prefix[] = "/memfd:" NAME;
    struct pypkg_entry entry;
    char path[sizeof(DESCRIPTORS) + 10], link[64], *end;

    write_numbered(path, DESCRIPTORS, (uint32_t)fd);
    ssize_t size = readlink(path, link, sizeof(link) - 1);
    if (size <= (ssize_t)sizeof(prefix) || memcmp(link, prefix, sizeof(prefix) - 1) != 0) {
        return false;
    }
    link[size] = '\0';
    unsigned long number = strtoul(link + sizeof(prefix) - 1, &end, 10);
    *index = (uint32_t)number;
    return strcmp(end, " (deleted)") == 0 && number < pypkg_state.image.header.entry_count
        && pypkg_entry_at(&pypkg_state.image, *index, &entry) && entry.type == PYPKG_FILE
        && entry.size == (uint64_t)status->st_size;
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
    if ((uint64_t)status->st_dev == atomic_load_explicit(&table.device, memory_order_relaxed)
        && is_named(fd, status, &found->index)) {
        remember(fd, status, found->index);
        return true;
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
create_memory(uint32_t index)
{
#if defined(__linux__) && defined(SYS_memfd_create)
    char name[sizeof(NAME) + 10];
    write_numbered(name, NAME, index);
    /* The call itself: glibc 2.17 has no wrapper. */
    int fd = (int)syscall(SYS_memfd_create, name, PYPKG_MEMFD_CLOEXEC | PYPKG_MEMFD_ALLOW_SEALING);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) {
        return fd;
    }
#else
    (void)index;
#endif
    return create_unlinked();
}

int
pypkg_open_again(int fd, int flags)
{
    char path[sizeof(DESCRIPTORS) + 10];
    int keep = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
#if defined(O_PATH)
    keep |= O_PATH;
#endif

    write_numbered(path, DESCRIPTORS, (uint32_t)fd);
    return open(path, O_RDONLY | (flags & keep));
}

/* Without /proc the descriptor stays one that could write to its own copy. */
static int
make_read_only(int fd, int flags)
{
    int reopened = pypkg_open_again(fd, flags);
    if (reopened >= 0) {
        close(fd);
        return reopened;
    }
    if (lseek(fd, 0, SEEK_SET) < 0 || (!(flags & O_CLOEXEC) && fcntl(fd, F_SETFD, 0) < 0)) {
        return -1;
    }
    return fd;
}

/* As pypkg_entry_contents; what was found whole before is not looked at again. */
static int
get_contents(const struct pypkg_found *found, struct pypkg_bytes *bytes)
{
    if (found->entry.codec == PYPKG_CODEC_NONE && pypkg_is_seen(found->index)) {
        bytes->data = pypkg_state.image.base + found->entry.data_offset;
        bytes->size = (size_t)found->entry.size;
        bytes->owned = NULL;
        return 0;
    }
    return pypkg_entry_contents(&pypkg_state.image, &found->entry, bytes);
}

static int
fill(int fd, const struct pypkg_found *found)
{
    struct pypkg_bytes bytes;
    int error = get_contents(found, &bytes);

    if (error != 0) {
        errno = error;
        return -1;
    }
    int status = pypkg_write_all(fd, bytes.data, bytes.size);
    error = errno;
    pypkg_release(&bytes);
    errno = error;
    return status;
}

/* A descriptor of a file or directory that was made anew, and its status. */
static int
make_descriptor(const struct pypkg_found *found, int flags, bool contents, struct stat *status)
{
    int fd = create_memory(found->index);
    if (fd < 0) {
        return -1;
    }
    int ready = -1;
    mark_directory(fd, found);
    if ((!contents || fill(fd, found) == 0) && fstat(fd, status) == 0) {
        if (contents && pypkg_is_seen(found->index)) {
            pypkg_keep(fd, found, status);
        }
        ready = make_read_only(fd, flags);
    }
    if (ready < 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    if (contents) {
        pypkg_see(found->index);
    }
    return ready;
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
    bool contents = reads && found->entry.type == PYPKG_FILE;
    int fd = contents ? pypkg_open_kept(found, flags, &status) : -1;
    if (fd < 0) {
        fd = make_descriptor(found, flags, contents, &status);
    }
    if (fd < 0) {
        return -1;
    }
    if (!remember(fd, &status, found->index) && found->entry.type == PYPKG_DIRECTORY) {
        close(fd);
        errno = EMFILE;
        return -1;
    }
    return fd;
}
