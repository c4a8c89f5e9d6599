/* The addon cache: shared libraries of the snapshot, written once per user where the loader can map them.

   <cache>/pypkg/<digest>/<path>, with the digest of the bundle (docs/image-format.md, "Bundle"), so that libraries
   of one distribution keep their places relative to each other. <cache> is PYPKG_NATIVE_CACHE_PATH, else
   XDG_CACHE_HOME, else ~/.cache.

   Code from this directory is executed, so: every directory from `pypkg` down belongs to this user and nobody else
   can write to it; no link is followed; a file is made under a temporary name and renamed; and a file that is there
   already is compared byte for byte with the image on every start, and replaced when it differs. */

#include "vfs.h"

#include <stdarg.h>
#include <sys/mman.h>

struct extraction {
    char path[2 * PYPKG_MAX_PATH];  /* of what is being worked on, for messages and for the loader */
    size_t size;
    char *error;
    size_t error_size;
};

static bool
fail(struct extraction *x, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(x->error, x->error_size, format, arguments);
    va_end(arguments);
    return false;
}

static bool
fail_errno(struct extraction *x, const char *verb)
{
    return fail(x, "pypkg: cannot %s %s: %s; set PYPKG_NATIVE_CACHE_PATH to a directory that this user can write to",
                verb, x->path, strerror(errno));
}

static bool
append_name(struct extraction *x, const char *name, size_t size)
{
    if (x->size + 1 + size + 1 > sizeof(x->path)) {
        return fail(x, "pypkg: the path of the native cache is too long");
    }
    x->path[x->size++] = '/';
    memcpy(x->path + x->size, name, size);
    x->size += size;
    x->path[x->size] = '\0';
    return true;
}

static bool
find_cache(struct extraction *x)
{
    const char *base = getenv("PYPKG_NATIVE_CACHE_PATH");
    const char *suffix = "";

    if (base == NULL || base[0] == '\0') {
        base = getenv("XDG_CACHE_HOME");
    }
    if (base == NULL || base[0] != '/') {
        base = getenv("HOME");
        suffix = "/.cache";
    }
    if (base == NULL || base[0] != '/') {
        return fail(x, "pypkg: no place for native libraries: HOME is not set; set PYPKG_NATIVE_CACHE_PATH to an "
                       "absolute path");
    }
    int size = snprintf(x->path, sizeof(x->path), "%s%s", base, suffix);
    if (size < 0 || (size_t)size >= sizeof(x->path)) {
        return fail(x, "pypkg: the path of the native cache is too long");
    }
    x->size = (size_t)size;
    return true;
}

/* The cache's base directory, made when missing, with its parents. Whose it is does not matter yet. */
static int
open_base(struct extraction *x)
{
    for (char *p = x->path + 1; *p != '\0'; p++) {
        if (*p == '/') {
            *p = '\0';
            mkdir(x->path, 0700);
            *p = '/';
        }
    }
    mkdir(x->path, 0700);
    int fd = open(x->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        fail_errno(x, "create");
    }
    return fd;
}

/* Go down one level: `parent` is closed. The directory must be ours alone. */
static int
enter(struct extraction *x, int parent, const char *name, size_t size)
{
    char copy[PYPKG_MAX_PATH + 1];
    struct stat status;

    memcpy(copy, name, size);
    copy[size] = '\0';
    int fd = -1;
    if (append_name(x, name, size)) {
        if (mkdirat(parent, copy, 0700) < 0 && errno != EEXIST) {
            fail_errno(x, "create");
        }
        else {
            fd = openat(parent, copy, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (fd < 0) {
                fail_errno(x, "open");
            }
        }
    }
    close(parent);
    if (fd >= 0 && (fstat(fd, &status) < 0 || status.st_uid != geteuid() || (status.st_mode & 022) != 0)) {
        close(fd);
        fail(x, "pypkg: %s must belong to this user, and nobody else may write to it (mode 0700); correct or remove "
                "it, or set PYPKG_NATIVE_CACHE_PATH", x->path);
        return -1;
    }
    return fd;
}

/* Is `name` in `directory` a file of ours with exactly these bytes? */
static bool
is_same_file(int directory, const char *name, const struct pypkg_bytes *wanted)
{
    struct stat status;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        return false;
    }
    bool same = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid()
        && (status.st_mode & 022) == 0 && (uint64_t)status.st_size == wanted->size;
    if (same && wanted->size > 0) {
        void *mapped = mmap(NULL, wanted->size, PROT_READ, MAP_PRIVATE, fd, 0);
        same = mapped != MAP_FAILED && memcmp(mapped, wanted->data, wanted->size) == 0;
        if (mapped != MAP_FAILED) {
            munmap(mapped, wanted->size);
        }
    }
    close(fd);
    return same;
}

static bool
write_file(struct extraction *x, int directory, const char *name, const struct pypkg_bytes *bytes)
{
    char temporary[64];
    static _Atomic unsigned counter;

    snprintf(temporary, sizeof(temporary), ".pypkg-%ld-%u", (long)getpid(), atomic_fetch_add(&counter, 1));
    unlinkat(directory, temporary, 0);
    int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700);
    if (fd < 0) {
        return fail_errno(x, "create");
    }
    bool good = pypkg_write_all(fd, bytes->data, bytes->size) == 0;
    if (close(fd) < 0) {
        good = false;
    }
    if (!good || renameat(directory, temporary, directory, name) < 0) {
        fail_errno(x, "write");
        unlinkat(directory, temporary, 0);
        return false;
    }
    return true;
}

/* Names that would lead out of the cache are not in a sound image, and not followed in another. */
static bool
is_plain_name(const char *name, size_t size)
{
    return size > 0 && !(size == 1 && name[0] == '.') && !(size == 2 && name[0] == '.' && name[1] == '.')
        && memchr(name, '\0', size) == NULL;
}

/* Open the directory of `path` below the bundle's; `*name` is the last name. */
static int
enter_parents(struct extraction *x, int directory, struct pypkg_text path, struct pypkg_text *name)
{
    const char *p = path.data;
    const char *end = path.data + path.size;

    for (;;) {
        const char *slash = memchr(p, '/', (size_t)(end - p));
        size_t size = (size_t)((slash != NULL ? slash : end) - p);
        if (!is_plain_name(p, size)) {
            close(directory);
            fail(x, "pypkg: the image is corrupt: a library has an unusable path");
            return -1;
        }
        if (slash == NULL) {
            *name = (struct pypkg_text){p, size};
            return directory;
        }
        directory = enter(x, directory, p, size);
        if (directory < 0) {
            return -1;
        }
        p = slash + 1;
    }
}

/* A member that is a link becomes a file with the contents of what it leads to. */
static bool
find_contents(struct extraction *x, struct pypkg_text path, struct pypkg_bytes *bytes)
{
    char terminated[PYPKG_MAX_PATH + 1], outside[PYPKG_MAX_PATH + 1];
    struct pypkg_found found;

    memcpy(terminated, path.data, path.size);
    terminated[path.size] = '\0';
    int status = pypkg_resolve(&pypkg_state.image, (struct pypkg_text){"", 0}, terminated, true, &found, outside);
    if (status == 0) {
        status = pypkg_entry_contents(&pypkg_state.image, &found.entry, bytes);
    }
    if (status != 0) {
        return fail(x, "pypkg: cannot read " PYPKG_ROOT "/%s from the executable: %s", terminated,
                    status == PYPKG_OUTSIDE ? "a link out of the snapshot" : strerror(status));
    }
    return true;
}

static bool
extract_entry(struct extraction *x, int bundle, const struct pypkg_entry *entry)
{
    char terminated[PYPKG_MAX_PATH + 1];
    struct pypkg_text path = pypkg_entry_path(&pypkg_state.image, entry), name;
    struct pypkg_bytes bytes;

    if (!find_contents(x, path, &bytes)) {
        return false;
    }
    int directory = fcntl(bundle, F_DUPFD_CLOEXEC, 0);
    directory = directory < 0 ? -1 : enter_parents(x, directory, path, &name);
    bool good = directory >= 0;
    if (good) {
        memcpy(terminated, name.data, name.size);
        terminated[name.size] = '\0';
        good = append_name(x, name.data, name.size)
            && (is_same_file(directory, terminated, &bytes) || write_file(x, directory, terminated, &bytes));
        close(directory);
    }
    pypkg_release(&bytes);
    return good;
}

static void
write_digest(const struct pypkg_found *found, char digest[72])
{
    struct pypkg_bundle bundle;

    if (found->entry.bundle != 0 && pypkg_bundle_at(&pypkg_state.image, found->entry.bundle - 1, &bundle)) {
        for (int i = 0; i < 32; i++) {
            snprintf(digest + 2 * i, 3, "%02x", bundle.digest[i]);
        }
        return;
    }
    /* A library that belongs to no bundle lies alone, under the hash of its contents and path. */
    snprintf(digest, 72, "file-%016llx%016llx", (unsigned long long)found->entry.checksum,
             (unsigned long long)found->entry.hash);
}

/* A bundle is checked as a whole once in each process, then only the library that is asked for. */
static bool
was_extracted(uint32_t bundle)
{
    return bundle / 64 < PYPKG_EXTRACTED_WORDS
        && (atomic_load(&pypkg_state.extracted[bundle / 64]) >> (bundle % 64) & 1) != 0;
}

static void
note_extracted(uint32_t bundle)
{
    if (bundle / 64 < PYPKG_EXTRACTED_WORDS) {
        atomic_fetch_or(&pypkg_state.extracted[bundle / 64], (uint64_t)1 << (bundle % 64));
    }
}

static bool
extract_members(struct extraction *x, int directory, const struct pypkg_found *found)
{
    const struct pypkg_image *image = &pypkg_state.image;
    struct pypkg_bundle bundle = {.count = 0};
    size_t base_size = x->size;

    if (found->entry.bundle != 0 && !pypkg_bundle_at(image, found->entry.bundle - 1, &bundle)) {
        return fail(x, "pypkg: the image is corrupt: a bundle lies outside it");
    }
    if (was_extracted(found->entry.bundle)) {
        bundle.count = 0;
    }
    for (uint32_t i = 0; i < bundle.count; i++) {
        struct pypkg_entry member;
        int64_t index = pypkg_child_at(image, bundle.first, bundle.count, i);
        if (index < 0 || !pypkg_entry_at(image, (uint32_t)index, &member)) {
            return fail(x, "pypkg: the image is corrupt: a bundle's member lies outside it");
        }
        if (index != found->index && member.type != PYPKG_DIRECTORY && !extract_entry(x, directory, &member)) {
            return false;
        }
        x->size = base_size;
        x->path[base_size] = '\0';
    }
    /* The wanted one last: then x->path is its path. */
    if (!extract_entry(x, directory, &found->entry)) {
        return false;
    }
    note_extracted(found->entry.bundle);
    return true;
}

char *
pypkg_extract(const struct pypkg_found *found, char *error, size_t error_size)
{
    struct extraction *x = malloc(sizeof(*x));
    char digest[72];
    char *result = NULL;

    snprintf(error, error_size, "pypkg: out of memory");
    if (x == NULL) {
        return NULL;
    }
    x->error = error;
    x->error_size = error_size;
    int directory = find_cache(x) ? open_base(x) : -1;
    directory = directory < 0 ? -1 : enter(x, directory, "pypkg", 5);
    if (directory >= 0) {
        write_digest(found, digest);
        directory = enter(x, directory, digest, strlen(digest));
    }
    if (directory >= 0) {
        if (extract_members(x, directory, found)) {
            result = strdup(x->path);
        }
        close(directory);
    }
    free(x);
    return result;
}
