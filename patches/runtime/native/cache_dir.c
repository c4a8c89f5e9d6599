/* The directory of the native cache: finding it, and checking that no other user can change its files.

   It is <cache>/pypkg, with <cache> from PYPKG_NATIVE_CACHE_PATH, else the user's directory for caches. Code from
   there is executed, so every directory from the root down must belong to this user or to root, and others must not
   be able to write to it, unless it is sticky (/tmp). Above `pypkg` a link is followed only if it belongs to this
   user or to root, which is the rule of the kernel's protected_symlinks; below, no link is followed. A directory is
   checked before anything is created in it: root with another user's HOME creates nothing. */

#include "native/native.h"

#include <stdarg.h>

#include "os/process.h"
#include "posix/front.h"

#define FOLDER "pypkg"
#define SET_PATH "set PYPKG_NATIVE_CACHE_PATH to a directory that this user can write to"

/* The directories above `pypkg` need not be readable. */
#if defined(O_PATH)
#define O_THROUGH O_PATH
#elif defined(O_SEARCH)
#define O_THROUGH O_SEARCH
#else
#define O_THROUGH O_RDONLY
#endif

bool
pypkg_cache_fail(struct pypkg_cache *cache, enum pypkg_cache_failure failure, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cache->error, cache->error_size, format, arguments);
    va_end(arguments);
    cache->failure = failure;
    return false;
}

bool
pypkg_cache_fail_errno(struct pypkg_cache *cache, const char *verb)
{
    int saved = errno;
    bool wrong_kind = errno == ENOTDIR || errno == ELOOP;
    pypkg_cache_fail(cache, wrong_kind ? PYPKG_CACHE_UNSAFE : PYPKG_CACHE_UNUSABLE,
                     "pypkg: cannot %s %s: %s; " SET_PATH, verb, cache->path, strerror(errno));
    errno = saved;
    return false;
}

bool
pypkg_may_use_memory(const struct pypkg_cache *cache)
{
    return cache->failure == PYPKG_CACHE_UNUSABLE || (cache->failure == PYPKG_CACHE_UNSAFE && !cache->chosen);
}

static bool
fail_too_long(struct pypkg_cache *cache)
{
    return pypkg_cache_fail(cache, PYPKG_CACHE_UNUSABLE, "pypkg: the path of the native cache is too long; " SET_PATH);
}

bool
pypkg_cache_append(struct pypkg_cache *cache, const char *name, size_t size)
{
    return pypkg_append_name(cache->path, &cache->size, sizeof(cache->path) - 1, true, name, size)
        || fail_too_long(cache);
}

static bool
fail_unsafe(struct pypkg_cache *cache)
{
    return pypkg_cache_fail(cache, PYPKG_CACHE_UNSAFE,
                            "pypkg: native libraries cannot be stored in %s: it must belong to this user or to root, "
                            "and no other user may write to it; fix its owner and mode, or delete it, or " SET_PATH,
                            cache->path);
}

/* The user's directory for caches: the value of a variable, and what follows it. False: `row` is the last one tried. */
static bool
find_user_root(const char **base, struct pypkg_cache_root *row)
{
    for (const struct pypkg_cache_root *root = pypkg_cache_roots; root->variable != NULL; root++) {
        *row = *root;
        *base = pypkg_environment(root->variable);
        if (*base != NULL && (*base)[0] == '/') {
            return true;
        }
    }
    return false;
}

/* The path of <cache>, from the environment. */
static bool
find_base(struct pypkg_cache *cache, char *out, size_t size)
{
    const char *base = pypkg_environment("PYPKG_NATIVE_CACHE_PATH");
    struct pypkg_cache_root root = {NULL, ""};

    cache->chosen = base != NULL && base[0] != '\0';
    if (cache->chosen && base[0] != '/') {
        return pypkg_cache_fail(cache, PYPKG_CACHE_UNSAFE,
                                "pypkg: PYPKG_NATIVE_CACHE_PATH: expected an absolute path, got '%s'", base);
    }
    if (!cache->chosen && !find_user_root(&base, &root)) {
        return pypkg_cache_fail(cache, PYPKG_CACHE_UNUSABLE,
                                "pypkg: no directory for native libraries: %s is not set; " SET_PATH, root.variable);
    }
    int written = snprintf(out, size, "%s%s", base, root.suffix);
    if (written < 0 || (size_t)written >= size) {
        return fail_too_long(cache);
    }
    return true;
}

bool
pypkg_cache_path(char *out, size_t size)
{
    char error[256];
    struct pypkg_cache cache = {.error = error, .error_size = sizeof(error)};

    if (!find_base(&cache, out, size)) {
        return false;
    }
    size_t used = strlen(out);
    int written = snprintf(out + used, size - used, "/" FOLDER);
    return written > 0 && (size_t)written < size - used;
}

/* Open the directory `name`, and create it if it is missing. */
static int
open_or_create(struct pypkg_cache *cache, int parent, const char *name, int flags)
{
    flags |= O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = pypkg_above_standard(openat(parent, name, flags));

    if (fd < 0 && errno == ENOENT) {
        if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST) {
            pypkg_cache_fail_errno(cache, "create");
            return -1;
        }
        fd = pypkg_above_standard(openat(parent, name, flags));
    }
    if (fd < 0) {
        pypkg_cache_fail_errno(cache, "open");
    }
    return fd;
}

/* Put the target of a link that belongs to this user or to root before `rest`. */
static bool
follow_link(struct pypkg_cache *cache, int parent, const char *name, char *rest, size_t rest_size)
{
    char target[PYPKG_MAX_PATH + 1];
    const char *next = rest;
    struct pypkg_status status;

    if (pypkg_status_at(parent, name, false, &status) < 0 || status.kind != PYPKG_IS_LINK) {
        errno = ENOTDIR;
        return pypkg_cache_fail_errno(cache, "open");
    }
    if (!pypkg_is_trusted(&status)) {
        return fail_unsafe(cache);
    }
    int64_t size = pypkg_read_link_at(parent, name, target, sizeof(target));
    if (size < 0) {
        return pypkg_cache_fail_errno(cache, "read");
    }
    return ((size_t)size < sizeof(target) && pypkg_prepend_target(rest, rest_size - 1, &next, target, (size_t)size))
        || fail_too_long(cache);
}

/* Check a directory above `pypkg`: it belongs to this user or root, and others cannot rename or remove its files. */
static bool
check_above(struct pypkg_cache *cache, int fd)
{
    struct pypkg_status status;

    if (pypkg_status_of(fd, &status) < 0) {
        return pypkg_cache_fail_errno(cache, "examine");
    }
    bool sticky = (status.permission & S_ISVTX) != 0 && pypkg_is_trusted(&status);
    return sticky || pypkg_is_private(&status) || fail_unsafe(cache);
}

static int
open_root(struct pypkg_cache *cache)
{
    cache->size = 0;
    memcpy(cache->path, "/", 2);
    int fd = pypkg_above_standard(open("/", O_THROUGH | O_DIRECTORY | O_CLOEXEC));
    if (fd < 0) {
        pypkg_cache_fail_errno(cache, "open");
    }
    else if (!check_above(cache, fd)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Go to the next directory: `*fd` becomes its descriptor, or -1. */
static void
step(struct pypkg_cache *cache, int *fd, const char *name, char *rest, size_t rest_size, int *links)
{
    size_t parent_size = cache->size;
    int next = -1;

    if (pypkg_cache_append(cache, name, strlen(name))) {
        next = open_or_create(cache, *fd, name, O_THROUGH);
        if (next >= 0) {
            if (!check_above(cache, next)) {
                close(next);
                next = -1;
            }
        }
        else if ((errno == ENOTDIR || errno == ELOOP) && ++*links <= PYPKG_MAX_LINKS
                 && follow_link(cache, *fd, name, rest, rest_size)) {
            cache->failure = PYPKG_CACHE_WORKS;
            cache->size = parent_size;
            cache->path[parent_size] = '\0';
            if (rest[0] != '/') {
                return;
            }
            next = open_root(cache);
        }
    }
    close(*fd);
    *fd = next;
}

/* Go from the root to <cache>, one directory after the other. */
static int
walk(struct pypkg_cache *cache, char *rest, size_t rest_size)
{
    char name[PYPKG_MAX_PATH + 1];
    int links = 0;
    int fd = open_root(cache);

    while (fd >= 0) {
        const char *next = rest;
        struct pypkg_text text = pypkg_next_name(&next);
        if (text.size == 0) {
            return fd;
        }
        if (text.size > PYPKG_MAX_PATH) {
            fail_too_long(cache);
            close(fd);
            return -1;
        }
        memcpy(name, text.data, text.size);
        name[text.size] = '\0';
        memmove(rest, next, strlen(next) + 1);
        if (strcmp(name, ".") != 0) {
            step(cache, &fd, name, rest, rest_size, &links);
        }
    }
    return -1;
}

int
pypkg_cache_enter(struct pypkg_cache *cache, int parent, const char *name, size_t size)
{
    char copy[PYPKG_MAX_PATH + 1];
    struct pypkg_status status;

    if (size > PYPKG_MAX_PATH) {
        fail_too_long(cache);
        return -1;
    }
    memcpy(copy, name, size);
    copy[size] = '\0';
    int fd = pypkg_cache_append(cache, name, size) ? open_or_create(cache, parent, copy, O_RDONLY) : -1;
    if (fd >= 0 && (pypkg_status_of(fd, &status) < 0 || !pypkg_is_private(&status))) {
        close(fd);
        fail_unsafe(cache);
        return -1;
    }
    return fd;
}

static bool
allows_execution(struct pypkg_cache *cache, int fd)
{
    if (pypkg_forbids_execution(fd)) {
        return pypkg_cache_fail(cache, PYPKG_CACHE_UNUSABLE,
                                "pypkg: %s is on a file system that is mounted noexec; set "
                                "PYPKG_NATIVE_CACHE_PATH to a directory on one that is not",
                                cache->path);
    }
    return true;
}

int
pypkg_cache_open(struct pypkg_cache *cache)
{
    char path[2 * PYPKG_MAX_PATH];

    cache->failure = PYPKG_CACHE_WORKS;
    cache->size = 0;
    cache->chosen = false;
    /* Its caller could choose the directory. */
    if (pypkg_is_privileged()) {
        pypkg_cache_fail(cache, PYPKG_CACHE_UNUSABLE,
                         "pypkg: native libraries are not stored by a program with more rights than its caller");
        return -1;
    }
    if (!find_base(cache, path, sizeof(path))) {
        return -1;
    }
    int base = walk(cache, path, sizeof(path));
    if (base < 0) {
        return -1;
    }
    int fd = pypkg_cache_enter(cache, base, FOLDER, sizeof(FOLDER) - 1);
    close(base);
    if (fd >= 0 && !allows_execution(cache, fd)) {
        close(fd);
        return -1;
    }
    return fd;
}
