/* Real files and descriptors: operations that several higher layers need. Independent of the image. */

#ifndef PYPKG_OS_FILES_H
#define PYPKG_OS_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Room for pypkg_descriptor_path, in bytes. */
#define PYPKG_DESCRIPTOR_PATH_SIZE 32

/* Write `number` in decimal and a terminator (11 bytes at most). Returns where the terminator is. Async-signal-safe,
   unlike printf, and faster. */
char *pypkg_put_decimal(char *out, uint32_t number);

/* Write all bytes, also after interruptions. Returns 0, or -1 with errno. */
int pypkg_write_all(int fd, const uint8_t *data, size_t size);

static inline bool
pypkg_is_same_file(const struct stat *left, const struct stat *right)
{
    return left->st_dev == right->st_dev && left->st_ino == right->st_ino;
}

/* Whether a directory is "/" of this process. */
bool pypkg_is_root(const struct stat *directory);

/* --- one file for each system: os/linux/descriptor_path.c --- */

/* A path that opens the file of a descriptor again. It works only if pypkg_has_descriptor_paths. */
void pypkg_descriptor_path(int fd, char out[PYPKG_DESCRIPTOR_PATH_SIZE]);
bool pypkg_has_descriptor_paths(void);

/* The descriptor of a path that pypkg_descriptor_path made; -1 for any other path. */
int pypkg_descriptor_of_path(const char *path);

/* The path that a descriptor was opened by, without a terminator, as readlink(2) gives it. Returns its size, or -1. */
ssize_t pypkg_descriptor_target(int fd, char *out, size_t size);

#endif
