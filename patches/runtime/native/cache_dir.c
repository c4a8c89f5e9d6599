/* The directory of the addon cache: where it is, and that nobody else can change what lies in it.

   <cache>/pypkg, with <cache> from PYPKG_NATIVE_CACHE_PATH, else XDG_CACHE_HOME, else ~/.cache. Code from there is
   executed, so every directory from the root down belongs to this user or to root, and others cannot write to it,
   unless it is sticky (/tmp). Above `pypkg` a link is followed when it belongs to this user or to root, as the kernel's
   protected_symlinks has it; from there on none is. A directory is checked before anything is made in it: as
   root with another user's HOME nothing is. */

#include "native/native.h"

#include <stdarg.h>
#include <sys/statvfs.h>

#define OTHER_PLACE "set PYPKG_NATIVE_CACHE_PATH to a directory that this user can write to"

/* To go through a directory one need not be able to list it. */
#if defined(O_PATH)
#define O_THROUGH O_PATH
#elif defined(O_SEARCH)
#define O_THROUGH O_SEARCH
#else
#define O_THROUGH O_RDONLY
#endif

bool
pypkg_cache_fail(struct pypkg_cache *cache, enum pypkg_trouble trouble, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cache->error, cache->error_size, format, arguments);
    va_end(arguments);
    cache->trouble = trouble;
    return false;
}

bool
pypkg_cache_failed(struct pypkg_cache *cache, const char *verb)
{
    int saved = errno;
    bool wrong_kind = errno == ENOTDIR || errno == ELOOP;
    pypkg_cache_fail(cache, wrong_kind ? PYPKG_REFUSED : PYPKG_UNUSABLE, "pypkg: cannot %s %s: %s; " OTHER_PLACE, verb,
                     cache->path, strerror(errno));
    errno = saved;
    return false;
}

bool
pypkg_cache_append(struct pypkg_cache *cache, const char *name, size_t size)
{
    if (cache->size + 1 + size + 1 > sizeof(cache->path)) {
        return pypkg_cache_fail(cache, PYPKG_UNUSABLE, "pypkg: the path of the native cache is too long; " OTHER_PLACE);
    }
    cache->path[cache->size++] = '/';
    memcpy(cache->path + cache->size, name, size);
    cache->size += size;
    cache->path[cache->size] = '\0';
    return true;
}

bool
pypkg_is_ours(const struct stat *status)
{
    return (status->st_uid == 0 || status->st_uid == geteuid()) && (status->st_mode & 022) == 0;
}

static bool
refuse(struct pypkg_cache *cache)
{
    return pypkg_cache_fail(cache, PYPKG_REFUSED,
                            "pypkg: native libraries cannot be kept below %s: it must belong to this user or to root, "
                            "and nobody else may write to it; correct or remove it, or " OTHER_PLACE, cache->path);
}

/* The place of the cache, as the environment gives it. */
static bool
find_place(struct pypkg_cache *cache, char *place, size_t size)
{
    const char *base = getenv("PYPKG_NATIVE_CACHE_PATH");
    const char *suffix = "";

    cache->chosen = base != NULL && base[0] != '\0';
    if (cache->chosen && base[0] != '/') {
        return pypkg_cache_fail(cache, PYPKG_REFUSED, "pypkg: PYPKG_NATIVE_CACHE_PATH is '%s', which is not an absolute "
                                "path", base);
    }
    if (!cache->chosen) {
        base = getenv("XDG_CACHE_HOME");
        if (base == NULL || base[0] != '/') {
            base = getenv("HOME");
            suffix = "/.cache";
        }
    }
    if (base == NULL || base[0] != '/') {
        return pypkg_cache_fail(cache, PYPKG_UNUSABLE, "pypkg: no place for native libraries: HOME is not set; "
                                OTHER_PLACE);
    }
    int written = snprintf(place, size, "%s%s", base, suffix);
    if (written < 0 || (size_t)written >= size) {
        return pypkg_cache_fail(cache, PYPKG_UNUSABLE, "pypkg: the path of the native cache is too long; " OTHER_PLACE);
    }
    return true;
}

/* Open the directory `name`, or make it. */
static int
open_or_make(struct pypkg_cache *cache, int parent, const char *name, int flags)
{
    flags |= O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags);

    if (fd < 0 && errno == ENOENT) {
        if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST) {
            pypkg_cache_failed(cache, "create");
            return -1;
        }
        fd = openat(parent, name, flags);
    }
    if (fd < 0) {
        pypkg_cache_failed(cache, "open");
    }
    return fd;
}

/* The target of a link that can be trusted, in place of its name at the start of `rest`. */
static bool
follow_link(struct pypkg_cache *cache, int parent, const char *name, char *rest, size_t rest_size)
{
    char target[PYPKG_MAX_PATH + 1], joined[2 * PYPKG_MAX_PATH];
    struct stat status;

    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISLNK(status.st_mode)) {
        errno = ENOTDIR;
        return pypkg_cache_failed(cache, "open");
    }
    if (status.st_uid != 0 && status.st_uid != geteuid()) {
        return refuse(cache);
    }
    ssize_t size = readlinkat(parent, name, target, sizeof(target) - 1);
    if (size < 0) {
        return pypkg_cache_failed(cache, "read");
    }
    int written = snprintf(joined, sizeof(joined), "%.*s%s", (int)size, target, rest);
    if (written < 0 || (size_t)written >= sizeof(joined) || (size_t)written >= rest_size) {
        return pypkg_cache_fail(cache, PYPKG_UNUSABLE, "pypkg: the path of the native cache is too long; " OTHER_PLACE);
    }
    memcpy(rest, joined, (size_t)written + 1);
    return true;
}

/* A directory on the way: of root or this user, and no one else makes or renames anything in it. */
static bool
check_way(struct pypkg_cache *cache, int fd)
{
    struct stat status;

    if (fstat(fd, &status) < 0) {
        return pypkg_cache_failed(cache, "examine");
    }
    status.st_mode &= (status.st_mode & S_ISVTX) != 0 ? ~(mode_t)022 : ~(mode_t)0;
    return pypkg_is_ours(&status) || refuse(cache);
}

static int
open_root(struct pypkg_cache *cache)
{
    cache->size = 0;
    memcpy(cache->path, "/", 2);
    int fd = open("/", O_THROUGH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        pypkg_cache_failed(cache, "open");
    }
    else if (!check_way(cache, fd)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* One step of the walk. `*fd` becomes the next directory, or -1. */
static void
step(struct pypkg_cache *cache, int *fd, const char *name, char *rest, size_t rest_size, int *links)
{
    size_t parent_size = cache->size;
    int next = -1;

    if (pypkg_cache_append(cache, name, strlen(name))) {
        next = open_or_make(cache, *fd, name, O_THROUGH);
        if (next >= 0) {
            if (!check_way(cache, next)) {
                close(next);
                next = -1;
            }
        }
        else if ((errno == ENOTDIR || errno == ELOOP) && ++*links <= PYPKG_MAX_LINKS
                 && follow_link(cache, *fd, name, rest, rest_size)) {
            cache->trouble = PYPKG_NO_TROUBLE;
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

/* Go from the root to the cache's directory, level by level. */
static int
walk(struct pypkg_cache *cache, char *rest, size_t rest_size)
{
    char name[PYPKG_MAX_PATH + 1];
    int links = 0;
    int fd = open_root(cache);

    while (fd >= 0) {
        char *p = rest + strspn(rest, "/");
        size_t size = strcspn(p, "/");
        if (size == 0) {
            return fd;
        }
        if (size > PYPKG_MAX_PATH) {
            pypkg_cache_fail(cache, PYPKG_UNUSABLE, "pypkg: the path of the native cache is too long; " OTHER_PLACE);
            close(fd);
            return -1;
        }
        memcpy(name, p, size);
        name[size] = '\0';
        memmove(rest, p + size, strlen(p + size) + 1);
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
    struct stat status;

    memcpy(copy, name, size);
    copy[size] = '\0';
    int fd = pypkg_cache_append(cache, name, size) ? open_or_make(cache, parent, copy, O_RDONLY) : -1;
    if (fd >= 0 && (fstat(fd, &status) < 0 || !pypkg_is_ours(&status))) {
        close(fd);
        refuse(cache);
        return -1;
    }
    return fd;
}

static bool
can_execute_there(struct pypkg_cache *cache, int fd)
{
#if defined(ST_NOEXEC)
    struct statvfs status;
    if (fstatvfs(fd, &status) == 0 && (status.f_flag & ST_NOEXEC) != 0) {
        return pypkg_cache_fail(cache, PYPKG_UNUSABLE, "pypkg: %s lies on a file system that is mounted noexec; set "
                                "PYPKG_NATIVE_CACHE_PATH to a directory on one that is not", cache->path);
    }
#else
    (void)cache, (void)fd;
#endif
    return true;
}

int
pypkg_cache_open(struct pypkg_cache *cache)
{
    char place[2 * PYPKG_MAX_PATH];

    cache->trouble = PYPKG_NO_TROUBLE;
    cache->size = 0;
    if (!find_place(cache, place, sizeof(place))) {
        return -1;
    }
    int base = walk(cache, place, sizeof(place));
    if (base < 0) {
        return -1;
    }
    int fd = pypkg_cache_enter(cache, base, "pypkg", 5);
    close(base);
    if (fd >= 0 && !can_execute_there(cache, fd)) {
        close(fd);
        return -1;
    }
    return fd;
}
