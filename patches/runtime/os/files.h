/* Real files and descriptors: operations that several higher layers need. Independent of the image. */

#ifndef PYPKG_OS_FILES_H
#define PYPKG_OS_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Room for pypkg_descriptor_path, in bytes. */
#define PYPKG_DESCRIPTOR_PATH_SIZE 32

/* Write `number` in decimal and a terminator (11 bytes at most). Returns where the terminator is. Async-signal-safe,
   unlike printf, and faster. */
char *pypkg_put_decimal(char *out, uint32_t number);

/* --- paths: os/posix/paths.c --- */

/* The directory that a relative path starts from, as a front was given it: a descriptor, or the working directory. The
   layers between only hand it on. */
typedef int pypkg_directory;
extern const pypkg_directory pypkg_working_directory;

enum pypkg_kind {
    PYPKG_IS_NOTHING,
    PYPKG_IS_FILE,
    PYPKG_IS_DIRECTORY,
    PYPKG_IS_LINK,
    PYPKG_IS_OTHER,
};

/* What a path leads to; `follow`: also through a link in its last name. PYPKG_IS_NOTHING with errno. */
enum pypkg_kind pypkg_kind_at(pypkg_directory directory, const char *path, bool follow);

bool pypkg_exists_at(pypkg_directory directory, const char *path);

/* The target of a link, without a terminator and cut off after `size` bytes. Returns its size, or -1 with errno: EINVAL
   if the path leads to something else. */
int64_t pypkg_read_link_at(pypkg_directory directory, const char *path, char *out, size_t size);

/* The absolute path without links, in memory to free. NULL with errno. */
char *pypkg_real_path(const char *path);

/* --- the status of files: os/posix/status.c --- */

struct pypkg_status {
    enum pypkg_kind kind;
    uint32_t permission; /* the bits of chmod(1) */
    uint64_t size;       /* bytes */
    uint64_t links;
    uint64_t owner;
    uint64_t device;
    uint64_t inode;
    struct timespec modified;
    struct timespec changed;
};

/* Both return 0, or -1 with errno. */
int pypkg_status_at(pypkg_directory directory, const char *path, bool follow, struct pypkg_status *out);
int pypkg_status_of(int fd, struct pypkg_status *out);

static inline bool
pypkg_is_same_file(const struct pypkg_status *left, const struct pypkg_status *right)
{
    return left->device == right->device && left->inode == right->inode;
}

/* Whether a directory is "/" of this process. */
bool pypkg_is_root(const struct pypkg_status *directory);

/* --- descriptors: os/posix/descriptor.c, and os/linux/descriptor_path.c for each system --- */

/* Move a descriptor to 3 or above, close-on-exec: 0 to 2 are where programs write their messages, and the runtime's own
   files must not get them. Returns it, or -1 with errno, the descriptor closed. -1 stays -1. */
int pypkg_above_standard(int fd);

/* The same for a new file that will be written: one that had a low number is given up, because another thread may have
   written a message to it. `create` makes a file and returns its descriptor or -1 with errno; it is called again while
   the numbers below 3 are taken by those given up. */
int pypkg_create_above_standard(int (*create)(void *argument), void *argument);

/* As dup(2). Returns the descriptor, 3 or above and close-on-exec, or -1 with errno. */
int pypkg_duplicate(int fd);

/* Write all bytes, also after interruptions. Returns 0, or -1 with errno. */
int pypkg_write_all(int fd, const uint8_t *data, size_t size);

/* Write the path of a directory, which is absolute if it can be reached, and a terminator. False if it is not known. */
bool pypkg_directory_path(pypkg_directory directory, char *out, size_t size);

/* A path that opens the file of a descriptor again. It works only if pypkg_has_descriptor_paths. */
void pypkg_descriptor_path(int fd, char out[PYPKG_DESCRIPTOR_PATH_SIZE]);
bool pypkg_has_descriptor_paths(void);

/* The descriptor of a path that pypkg_descriptor_path made; -1 for any other path. */
int pypkg_descriptor_of_path(const char *path);

/* The path that a descriptor was opened by, without a terminator and cut off after `size` bytes. Returns its size, or
   -1. */
int64_t pypkg_descriptor_target(int fd, char *out, size_t size);

#endif
