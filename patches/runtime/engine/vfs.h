/* What the redirected calls share: the state of the process, and where a path leads.

   A call asks pypkg_concerns() first: one test of the path's first bytes, which is all that a path of the real file
   system pays. What concerns the snapshot is then routed. */

#ifndef PYPKG_VFS_H
#define PYPKG_VFS_H

#define PYPKG_NO_REDIRECT
#include "posix/redirect.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "image/image.h"
#include "process/reentry.h"

#define PYPKG_EXTRACTED_WORDS 64

/* memfd_create(2) and fcntl(2) of Linux; glibc 2.17's headers are older. */
#if defined(__linux__)
#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#endif
#define PYPKG_SEAL_ALL 15u /* seal, shrink, grow, write */
#define PYPKG_MEMFD_CLOEXEC 1u
#define PYPKG_MEMFD_ALLOW_SEALING 2u
#endif

/* The whole state. The image and the program are written once, when the process starts; the rest is atomic, so that no
   lock can be held across a fork. */
struct pypkg_state {
    struct pypkg_image image;
    bool ready;
    struct pypkg_program program;
    /* The virtual working directory: its entry number plus one; 0: the working directory is the kernel's. A child made
       by vfork has one of its own until it starts a program: pypkg_cwd(). */
    _Atomic uint32_t cwd;
    atomic_bool cwd_is_split;
    /* Some descriptor of this process is a virtual file or directory. */
    atomic_bool has_descriptors;
    /* One bit for each bundle (numbers above the last are checked every time): extracted and compared. */
    _Atomic uint64_t extracted[PYPKG_EXTRACTED_WORDS];
};

extern struct pypkg_state pypkg_state;

/* Does a path with these first bytes, or a relative one now, possibly lead into the snapshot? */
static inline bool
pypkg_concerns(int dirfd, const char *path)
{
    if (!pypkg_state.ready || path == NULL) {
        return false;
    }
    if (path[0] == '/') {
        if (path[1] == PYPKG_ROOT[1]) {
            return strncmp(path, PYPKG_ROOT, PYPKG_ROOT_SIZE) == 0
                && (path[PYPKG_ROOT_SIZE] == '/' || path[PYPKG_ROOT_SIZE] == '\0');
        }
        return path[1] == '/' || path[1] == '.';
    }
    if (dirfd != AT_FDCWD) {
        return atomic_load_explicit(&pypkg_state.has_descriptors, memory_order_relaxed);
    }
    return atomic_load_explicit(&pypkg_state.cwd, memory_order_relaxed) != 0
        || atomic_load_explicit(&pypkg_state.cwd_is_split, memory_order_relaxed);
}

/* --- state.c: where a path leads --- */

enum pypkg_where {
    PYPKG_REAL,    /* call the system with route->dirfd and route->path */
    PYPKG_VIRTUAL, /* route->found is it */
    PYPKG_FAILED,  /* errno is set, and route->error; the path lies below /snapshot */
};

struct pypkg_route {
    enum pypkg_where where;
    const char *call; /* its name, for the trace; NULL: not traced */
    bool follow;      /* a link in last place */
    bool name;        /* the last name as such: a slash behind it does not have it followed */
    bool makes;       /* the call makes what is not there; set by the caller */
    int error;        /* the errno of a path that failed */
    int turns;        /* how often the path went from one file system to the other */
    int dirfd;
    const char *path;
    struct pypkg_found found;
    char buffer[PYPKG_MAX_PATH + 1];
};

/* Follow route->path from route->dirfd through the snapshot: sets all of the route. Call it through pypkg_route. */
void pypkg_follow(struct pypkg_route *route);

static inline enum pypkg_where
pypkg_route_as(struct pypkg_route *route, const char *call, int dirfd, const char *path, bool follow, bool name)
{
    route->where = PYPKG_REAL;
    route->call = call;
    route->follow = follow;
    route->name = name;
    route->makes = false;
    route->turns = 0;
    route->dirfd = dirfd;
    route->path = path;
    if (pypkg_concerns(dirfd, path)) {
        pypkg_follow(route);
    }
    return route->where;
}

/* Find out where `path` leads from `dirfd`. */
static inline enum pypkg_where
pypkg_route(struct pypkg_route *route, const char *call, int dirfd, const char *path, bool follow)
{
    return pypkg_route_as(route, call, dirfd, path, follow, false);
}

/* The same for a call that makes a name or takes it away. */
static inline enum pypkg_where
pypkg_route_name(struct pypkg_route *route, const char *call, int dirfd, const char *path)
{
    return pypkg_route_as(route, call, dirfd, path, false, true);
}

/* --- lost.c --- */

/* The system did not find a real path: does it lead into the snapshot by way of a real link, `..`, or from the root as
   a relative path? If so the route is set anew; if not errno is ENOENT as before. */
bool pypkg_find_lost(struct pypkg_route *route);

static inline bool
pypkg_rerouted(struct pypkg_route *route)
{
    return errno == ENOENT && pypkg_state.ready && route->path != NULL && pypkg_find_lost(route);
}

/* For a call that makes what is not there: is it /snapshot itself that the path names, by way of a real link, `..`, or
   from the root as a relative path? The system would make a real one. If so the route is set anew. */
bool pypkg_finds_root(struct pypkg_route *route);

/* For a redirected call: while the route is real, make the system's call and return what it says, unless it did not
   find a path that leads into the snapshot in a way that only shows on the real file system. */
#define PYPKG_TRY_REAL(route, type, failure, system_call)     \
    while ((route)->where == PYPKG_REAL) {                    \
        if ((route)->makes && pypkg_finds_root(route)) {      \
            continue;                                         \
        }                                                     \
        type result_ = (system_call);                         \
        if (result_ != (failure) || !pypkg_rerouted(route)) { \
            return result_;                                   \
        }                                                     \
    }

/* Does a path end in a slash, behind something else? Copies it without, if `out` (PYPKG_MAX_PATH + 1 bytes) is given. */
bool pypkg_trimmed(const char *path, char *out);

/* The number of dots when the last name of a path is `.` or `..`, otherwise 0. */
int pypkg_last_dots(const char *path);

/* Is there a directory that the last name could be in? If not the route's error says why. */
static inline bool
pypkg_has_parent(const struct pypkg_route *route)
{
    return route->where != PYPKG_FAILED || route->found.in_directory;
}

/* --- trace.c --- */

/* Write a line for every route to this descriptor; -1: no more. */
void pypkg_trace_to(int fd);
void pypkg_trace(const struct pypkg_route *route, const char *path);
bool pypkg_is_traced(void);

/* Where the path led told nothing yet, but the call failed all the same: a line of its own. */
void pypkg_trace_error(int number, const char *path);

/* --- vcwd.c --- */

/* The entry number of the virtual working directory plus one, or 0. */
uint32_t pypkg_cwd(void);

/* Are we a child made by vfork, whose memory is still its parent's? */
bool pypkg_is_vforked(void);

/* Take notice of this process and of those it forks. Called by pypkg_start. */
void pypkg_watch_forks(void);

/* --- vstat.c --- */

void pypkg_fill_stat(const struct pypkg_found *found, struct stat *status);

/* --- vfd.c: virtual files are real descriptors --- */

/* A descriptor with the contents of a file, or standing for a directory. `flags` as for open(2). -1 with errno. */
int pypkg_fd_open(const struct pypkg_found *found, int flags);

/* Is `fd` one of them? Fills in what it stands for, except found->entry. `status` is that of the descriptor. */
bool pypkg_fd_find(int fd, const struct stat *status, struct pypkg_found *found);

/* The virtual directory `fd` stands for, entry and all; false for anything else. errno is kept. */
bool pypkg_fd_directory(int fd, struct pypkg_found *found);

/* The same file, opened for reading only: open(2) of its name in /proc. -1 with errno. */
int pypkg_open_again(int fd, int flags);

/* --- kept.c: files that are opened again --- */

/* A file was opened before, and its bytes in the image have its checksum. */
bool pypkg_is_seen(uint32_t index);
void pypkg_see(uint32_t index);

/* Open the kept file of an entry, and fill in its status. -1 if there is none. */
int pypkg_open_kept(const struct pypkg_found *found, int flags, struct stat *status);

/* Keep the memory file `fd`, which was opened for writing; not if it is large. */
void pypkg_keep(int fd, const struct pypkg_found *found, const struct stat *status);

/* Forget them all: another image takes the place of the one they are from. */
void pypkg_forget_files(void);

/* Write all of it. -1 with errno. */
int pypkg_write_all(int fd, const uint8_t *data, size_t size);

/* --- addons.c --- */

/* Extract a program and everything of its bundle into the cache, or put it into memory when there can be no cache.
   Returns its real path, to be freed; or NULL, and one sentence on what failed in `error`. */
char *pypkg_extract(const struct pypkg_found *found, char *error, size_t error_size);

/* The program was started, or could not be: close its descriptor if that path is one in memory. errno is kept. */
void pypkg_forget_program(const char *path);

#endif
