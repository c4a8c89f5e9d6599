/* The native cache: libraries and programs of the snapshot, written once per user where the system can map them.

   A file is <cache>/pypkg/<digest>/<path>, with the digest of its bundle (docs/image-format.md, "Bundle"), so that the
   files of a distribution keep their paths relative to each other.

   A file that exists already is compared with the image byte for byte, and replaced if it differs. When all files of
   a bundle were compared, their record (checked.h) is written: as long as it matches the files, they are not compared
   again. Several processes may do all of this at the same time. */

#include "native/native.h"

#include "engine/state.h"
#include "native/checked.h"
#include "posix/front.h"

#define LOCK_STEP_NS 10000000
#define LOCK_STEPS 1000

enum verdict { SAME, DIFFERENT, FAILED };

/* The extraction of one bundle. */
struct extraction {
    struct pypkg_cache *cache;
    size_t base_size;         /* of cache->path up to the bundle's directory */
    int top;                  /* <cache>/pypkg */
    int directory;            /* the bundle's */
    int parent;               /* of the current member, or -1 */
    struct pypkg_text folder; /* its path below the bundle's directory */
    struct pypkg_bundle bundle;
    uint32_t single;               /* the entry, if it belongs to no bundle */
    struct pypkg_checked *known;   /* the record on disk, or NULL */
    struct pypkg_checked *current; /* the record to be written, or NULL */
    bool settled;                  /* no file was changed recently */
    bool compared;                 /* at least one file was compared */
    bool locked;
};

/* -- files ------------------------------------------------------------------------------------------------------ */

static bool
find_contents(struct pypkg_cache *cache, const struct pypkg_entry *entry, struct pypkg_bytes *bytes)
{
    int status = pypkg_linked_contents(&pypkg_state.image, entry, bytes);

    if (status == 0) {
        return true;
    }
    struct pypkg_text path = pypkg_entry_path(&pypkg_state.image, entry);
    return pypkg_cache_fail(cache, PYPKG_CACHE_CORRUPT,
                            "pypkg: cannot read " PYPKG_ROOT "/%.*s from the executable: %s", (int)path.size, path.data,
                            status == PYPKG_OUTSIDE ? "a link out of the snapshot" : strerror(status));
}

/* Whether `name` in x->parent is a file that no other user can change, with the contents of the entry. */
static enum verdict
examine(struct extraction *x, uint32_t member, const struct pypkg_entry *entry, const char *name)
{
    struct pypkg_status status;
    struct pypkg_bytes bytes;

    int fd = pypkg_above_standard(openat(x->parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (fd < 0) {
        return DIFFERENT;
    }
    bool same = pypkg_status_of(fd, &status) == 0 && status.kind == PYPKG_IS_FILE && pypkg_is_private(&status)
        && ((entry->mode & 0111) == 0 || (status.permission & 0100) != 0);
    struct pypkg_mark mark = pypkg_mark_of(&status);
    bool compared = false;
    if (same && (x->known == NULL || memcmp(&x->known->marks[member], &mark, sizeof(mark)) != 0)) {
        if (!find_contents(x->cache, entry, &bytes)) {
            close(fd);
            return FAILED;
        }
        same = mark.size == bytes.size && pypkg_has_contents(fd, bytes.data, bytes.size);
        pypkg_release(&bytes);
        compared = true;
    }
    x->compared = x->compared || compared;
    x->settled = x->settled && pypkg_is_settled(&mark);
    /* Only a start that may write the record waits for the disk; not the first, nor one that finds the record. */
    if (compared && same && x->settled) {
        x->settled = pypkg_flush(fd);
    }
    close(fd);
    if (same && x->current != NULL) {
        x->current->marks[member] = mark;
    }
    return same ? SAME : DIFFERENT;
}

/* Many processes may start at once: one writes, the others wait and then find all files. A process that cannot get
   the lock writes too, which is safe and only costs time. */
static void
lock(struct extraction *x)
{
    struct timespec pause = {.tv_nsec = LOCK_STEP_NS};

    for (int i = 0; i < LOCK_STEPS && !pypkg_try_lock(x->directory) && errno == EWOULDBLOCK; i++) {
        nanosleep(&pause, NULL);
    }
    x->locked = true;
    pypkg_cache_clean(x->top);
}

/* -- members ---------------------------------------------------------------------------------------------------- */

/* Only a corrupt image has names that would lead out of the cache. */
static bool
fail_path(struct extraction *x)
{
    return pypkg_cache_fail(x->cache, PYPKG_CACHE_CORRUPT,
                            "pypkg: the image is corrupt: a library has an invalid path");
}

/* Open the directory of a member. It stays open for the next members in it. */
static bool
enter_folder(struct extraction *x, struct pypkg_text folder)
{
    struct pypkg_cache *cache = x->cache;

    if (x->parent >= 0 && x->folder.size == folder.size && memcmp(x->folder.data, folder.data, folder.size) == 0) {
        cache->size = x->base_size;
        return folder.size == 0 || pypkg_cache_append(cache, folder.data, folder.size);
    }
    if (x->parent >= 0) {
        close(x->parent);
    }
    x->folder = folder;
    x->parent = pypkg_duplicate(x->directory);
    if (x->parent < 0) {
        return pypkg_cache_fail_errno(cache, "open");
    }
    cache->size = x->base_size;
    const char *end = folder.data + folder.size;
    for (const char *p = folder.data; p < end;) {
        const char *slash = memchr(p, '/', (size_t)(end - p));
        size_t size = (size_t)((slash != NULL ? slash : end) - p);
        int next = -1;
        if (pypkg_is_plain_name(p, size)) {
            next = pypkg_cache_enter(cache, x->parent, p, size);
        }
        else {
            fail_path(x);
        }
        close(x->parent);
        x->parent = next;
        if (next < 0) {
            return false;
        }
        p += size + 1;
    }
    return true;
}

/* Open the directory of a member, get its last name, and set cache->path to its path. */
static bool
find_member(struct extraction *x, const struct pypkg_entry *entry, char name[PYPKG_MAX_PATH + 1])
{
    struct pypkg_text path = pypkg_entry_path(&pypkg_state.image, entry);
    struct pypkg_text last = pypkg_entry_name(&pypkg_state.image, entry);
    struct pypkg_text folder = {path.data, pypkg_parent_size(path.data, path.size)};

    if (last.data == NULL || !pypkg_is_plain_name(last.data, last.size)
        || folder.size + (folder.size > 0) + last.size != path.size) {
        return fail_path(x);
    }
    memcpy(name, last.data, last.size);
    name[last.size] = '\0';
    return enter_folder(x, folder) && pypkg_cache_append(x->cache, name, last.size);
}

static bool
write_member(struct extraction *x, const struct pypkg_entry *entry, const char *name)
{
    struct pypkg_bytes bytes;

    if (!find_contents(x->cache, entry, &bytes)) {
        return false;
    }
    bool good = pypkg_cache_write(x->cache, x->top, x->parent, name, &bytes, (entry->mode & 0111) != 0);
    pypkg_release(&bytes);
    x->settled = false;
    return good;
}

static bool
extract_member(struct extraction *x, uint32_t member, const struct pypkg_entry *entry)
{
    char name[PYPKG_MAX_PATH + 1];

    if (!find_member(x, entry, name)) {
        return false;
    }
    enum verdict verdict = examine(x, member, entry, name);
    if (verdict == DIFFERENT && !x->locked) {
        lock(x);
        verdict = examine(x, member, entry, name);
    }
    return verdict == SAME || (verdict == DIFFERENT && write_member(x, entry, name));
}

static bool
member_at(struct extraction *x, uint32_t n, struct pypkg_found *found)
{
    const struct pypkg_image *image = &pypkg_state.image;
    int64_t index =
        x->single != UINT32_MAX ? (int64_t)x->single : pypkg_child_at(image, x->bundle.first, x->bundle.count, n);

    if (index < 0 || !pypkg_entry_at(image, (uint32_t)index, &found->entry)) {
        return pypkg_cache_fail(x->cache, PYPKG_CACHE_CORRUPT,
                                "pypkg: the image is corrupt: a member of a bundle is out of range");
    }
    found->index = (uint32_t)index;
    return true;
}

/* -- bundles ---------------------------------------------------------------------------------------------------- */

/* A bundle is compared once in each process; after that only the existence of the file is checked. */
static bool
was_extracted(uint32_t bundle)
{
    return bundle != 0 && bundle / 64 < PYPKG_EXTRACTED_WORDS
        && (atomic_load(&pypkg_state.extracted[bundle / 64]) >> (bundle % 64) & 1) != 0;
}

static void
set_extracted(uint32_t bundle)
{
    if (bundle / 64 < PYPKG_EXTRACTED_WORDS) {
        atomic_fetch_or(&pypkg_state.extracted[bundle / 64], (uint64_t)1 << (bundle % 64));
    }
}

/* Whether the file that this process extracted still exists: another process may have cleared the cache. */
static bool
still_exists(struct extraction *x, const struct pypkg_found *found)
{
    char name[PYPKG_MAX_PATH + 1];
    struct pypkg_status status;

    return was_extracted(found->entry.bundle) && find_member(x, &found->entry, name)
        && pypkg_status_at(x->parent, name, false, &status) == 0 && status.kind == PYPKG_IS_FILE
        && pypkg_is_private(&status) && (found->entry.type != PYPKG_FILE || status.size == found->entry.size);
}

static bool
extract_bundle(struct extraction *x, const struct pypkg_found *found)
{
    struct pypkg_found member;
    char name[PYPKG_MAX_PATH + 1];

    if (still_exists(x, found)) {
        return true;
    }
    x->known = pypkg_checked_read(x->directory, x->bundle.count);
    x->current = pypkg_checked_new(x->bundle.count);
    x->settled = true;
    for (uint32_t n = 0; n < x->bundle.count; n++) {
        if (!member_at(x, n, &member)
            || (member.entry.type != PYPKG_DIRECTORY && !extract_member(x, n, &member.entry))) {
            return false;
        }
    }
    if (x->compared && x->settled && x->current != NULL) {
        pypkg_checked_write(x->cache, x->top, x->directory, x->current);
    }
    set_extracted(found->entry.bundle);
    /* This sets cache->path. */
    return find_member(x, &found->entry, name);
}

/* Find the bundle of an entry and the name of its directory. A file that is in no bundle has its own directory. */
static bool
find_bundle(struct extraction *x, const struct pypkg_found *found, char digest[PYPKG_DIGEST_SIZE])
{
    x->single = UINT32_MAX;
    if (found->entry.bundle == 0) {
        x->single = found->index;
        x->bundle = (struct pypkg_bundle){.count = 1};
        snprintf(digest, PYPKG_DIGEST_SIZE, "file-%016llx%016llx", (unsigned long long)found->entry.checksum,
                 (unsigned long long)found->entry.hash);
        return true;
    }
    if (!pypkg_bundle_at(&pypkg_state.image, found->entry.bundle - 1, &x->bundle)) {
        return pypkg_cache_fail(x->cache, PYPKG_CACHE_CORRUPT, "pypkg: the image is corrupt: a bundle is out of range");
    }
    pypkg_bundle_digest(&x->bundle, digest);
    return true;
}

char *
pypkg_extract(const struct pypkg_found *found, struct pypkg_cache *cache)
{
    struct extraction x = {.cache = cache, .top = -1, .directory = -1, .parent = -1};
    char digest[PYPKG_DIGEST_SIZE];
    char *result = NULL;

    if (find_bundle(&x, found, digest)) {
        x.top = pypkg_cache_open(cache);
    }
    if (x.top >= 0) {
        x.directory = pypkg_cache_enter(cache, x.top, digest, strlen(digest));
        x.base_size = cache->size;
    }
    if (x.directory >= 0 && extract_bundle(&x, found)) {
        result = strdup(cache->path);
    }
    int descriptors[] = {x.parent, x.directory, x.top};
    for (int i = 0; i < 3; i++) {
        if (descriptors[i] >= 0) {
            close(descriptors[i]);
        }
    }
    free(x.known);
    free(x.current);
    return result;
}
