/* Virtual files are real descriptors, of memory files; those of directories are empty. */

#include "posix/fd_table.h"
#include "engine/state.h"
#include "os/files.h"
#include "os/memory_file.h"
#include "posix/fd_cache.h"
#include "posix/front.h"

/* Open the memory file for reading only. Without /proc the descriptor can still write to its own copy. */
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

/* As pypkg_entry_contents, but the checksum of a file that is stored as it is is verified only once. */
static int
get_contents(const struct pypkg_found *found, struct pypkg_bytes *bytes)
{
    if (found->entry.codec == PYPKG_CODEC_NONE && pypkg_fd_cache_is_checked(found->index)) {
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
        return pypkg_fail(error);
    }
    int status = pypkg_write_all(fd, bytes.data, bytes.size);
    error = errno;
    pypkg_release(&bytes);
    errno = error;
    return status;
}

/* Seal a file that has its contents, and get its status. One that cannot be sealed is an unlinked temporary file, whose
   inode may be used again: it gets a time that no later file has by chance. */
static int
complete(int fd, struct stat *status, bool *sealed)
{
    static _Atomic uint32_t counter;

    *sealed = pypkg_seal(fd) == 0;
    if (!*sealed) {
        const struct timespec date = {.tv_sec = 0, .tv_nsec = (long)(atomic_fetch_add(&counter, 1) % 1000000000u)};
        futimens(fd, (const struct timespec[2]){date, date});
    }
    return fstat(fd, status);
}

/* Make a descriptor and get its status. */
static int
make_descriptor(const struct pypkg_found *found, int flags, bool contents, struct stat *status)
{
    int fd = pypkg_memory_file(found->index, contents && (found->entry.mode & 0111) != 0);
    if (fd < 0) {
        return -1;
    }
    int ready = -1;
    bool sealed;
    if ((!contents || fill(fd, found) == 0) && complete(fd, status, &sealed) == 0) {
        pypkg_fd_remember(status, found->index);
        if (sealed && contents && pypkg_fd_cache_is_checked(found->index)) {
            pypkg_fd_cache_add(fd, found, status);
        }
        ready = make_read_only(fd, flags);
    }
    if (ready < 0) {
        int saved = errno;
        close(fd);
        return pypkg_fail(saved);
    }
    if (contents) {
        pypkg_fd_cache_set_checked(found->index);
    }
    return ready;
}

int
pypkg_fd_open(const struct pypkg_found *found, int flags)
{
    struct stat status;
    bool reads = (flags & PYPKG_O_PATH) == 0;

    if (reads && (found->entry.flags & PYPKG_WITHHELD)) {
        return pypkg_fail(EACCES);
    }
    bool contents = reads && found->entry.type == PYPKG_FILE;
    /* Some callers take errno for an error, although the call succeeded: CPython's ssl. */
    int saved = errno;
    int fd = contents ? pypkg_fd_cache_open(found, flags, &status) : -1;
    if (fd < 0 && contents) {
        fd = pypkg_fd_share(found, flags, &status);
    }
    if (fd < 0) {
        fd = make_descriptor(found, flags, contents, &status);
    }
    if (fd < 0) {
        return -1;
    }
    if (!pypkg_fd_record(fd, &status, found->index) && found->entry.type == PYPKG_DIRECTORY) {
        close(fd);
        return pypkg_fail(EMFILE);
    }
    errno = saved;
    return fd;
}
