/* The two worlds that paths are fuzzed in: their calls, and the log of their results. */

#ifndef PYPKG_FUZZ_PATH_WORLD_H
#define PYPKG_FUZZ_PATH_WORLD_H

#include "arena.h"
#include "path_roots.h"

#define SLOTS 4
#define LOG_SIZE (1 << 18)
/* Longer than every buffer for a path, so that a missing check of a length is found. */
#define LONGEST_PATH (4 * PYPKG_MAX_PATH)

/* The calls of one world. */
struct calls {
    int (*open)(const char *, int, ...);
    int (*openat)(int, const char *, int, ...);
    int (*stat)(const char *, struct stat *);
    int (*lstat)(const char *, struct stat *);
    int (*fstat)(int, struct stat *);
    int (*fstatat)(int, const char *, struct stat *, int);
    int (*access)(const char *, int);
    int (*faccessat)(int, const char *, int, int);
    ssize_t (*readlink)(const char *, char *, size_t);
    ssize_t (*readlinkat)(int, const char *, char *, size_t);
    int (*statvfs)(const char *, struct statvfs *);
    DIR *(*opendir)(const char *);
    DIR *(*fdopendir)(int);
    struct dirent *(*readdir)(DIR *);
    void (*rewinddir)(DIR *);
    int (*closedir)(DIR *);
    int (*chdir)(const char *);
    int (*fchdir)(int);
    char *(*getcwd)(char *, size_t);
    char *(*realpath)(const char *, char *);
    int (*mkdirat)(int, const char *, mode_t);
    int (*unlinkat)(int, const char *, int);
    int (*renameat)(int, const char *, int, const char *);
    int (*fchmodat)(int, const char *, mode_t, int);
    int (*utimensat)(int, const char *, const struct timespec *, int);
    int (*truncate)(const char *, off_t);
    int (*linkat)(int, const char *, int, const char *, int);
    int (*symlinkat)(const char *, int, const char *);
    ssize_t (*getxattr)(const char *, const char *, void *, size_t);
};

extern const struct calls system_calls, redirected_calls;

struct world {
    const struct calls *calls;
    bool is_reference;
    size_t configuration;
    int slots[SLOTS];
    char *log;
    size_t log_size;
    struct stat root;
};

/* --- path_world.c: writing to the log --- */

__attribute__((format(printf, 2, 3))) void say(struct world *world, const char *format, ...);

/* A line's end for the status of a file, in words that are the same in both worlds; or the name of the errno. */
void say_stat(struct world *world, int result, const struct stat *status);

/* The result of a call, or the name of the errno if it is negative. */
void say_result(struct world *world, long result);

/* The result of a call that changes a file. Where several errors apply, the order in which they are checked is not
   compared: for a call with two paths (`path` is NULL), for a path that may be changed on the real file system, and
   for `.` and `..` as the last name. */
void say_refused(struct world *world, const char *path, long result);

/* --- path_calls.c --- */

/* Take a path from an input; `path` has LONGEST_PATH + 1 bytes. */
void take_path(struct input *input, char *path);

/* Take an operation from an input, and run it on a path that is taken too. `number` is written to the log. */
void run_operation(struct world *world, struct input *input, int number);

#endif
