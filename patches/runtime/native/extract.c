/* The addon cache: libraries and programs of the snapshot, written once per user where the system can map them.

   <cache>/pypkg/<digest>/<path>, with the digest of the bundle (docs/image-format.md, "Bundle"), so that the files of
   one distribution keep their places relative to each other. cachedir.c says where <cache> is and whom it must belong to.

   cachefile.c makes a file, whole or not at all. One that is there already is compared byte for byte with the image, and
   replaced when it differs. Once all of a bundle was found right, <digest>/.checked remembers inode, size and times of
   each file: as long as these are the same, which no change of the contents leaves them, the comparison is not repeated.
   Several processes may do all of this at once. */

#include "native/native.h"

#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>

#define CHECKED_NAME ".checked"
#define CHECKED_MAGIC "PYPKGCK1"
/* A file that changed less than this before it was looked at may change again without its times telling. */
#define SETTLED_NS ((int64_t)2000000000)
#define LOCK_STEP_NS 10000000
#define LOCK_STEPS 1000

/* How one file looked when it was compared. */
struct mark {
    uint64_t inode;
    uint64_t size;
    int64_t modified_ns;
    int64_t changed_ns;
};

struct checked {
    char magic[8];
    uint64_t count;
    struct mark marks[];
};

enum verdict { SAME, DIFFERENT, FAILED };

/* Work on one bundle. */
struct extraction {
    struct pypkg_cache *cache;
    size_t base_size;         /* of cache->path up to the bundle's directory */
    int top;                  /* <cache>/pypkg */
    int directory;            /* the bundle's */
    int parent;               /* of the member looked at, or -1 */
    struct pypkg_text folder; /* its path below the bundle's directory */
    struct pypkg_bundle bundle;
    uint32_t alone;           /* the entry, when it belongs to no bundle */
    struct checked *marks;    /* as they are on disk; NULL: none that can be used */
    struct checked *fresh;    /* as they are found now */
    bool settled;             /* no file changed lately */
    bool compared;            /* at least one file was compared */
    bool locked;
};

static int64_t
nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct mark
mark_of(const struct stat *status)
{
    return (struct mark){
        .inode = (uint64_t)status->st_ino,
        .size = (uint64_t)status->st_size,
        .modified_ns = nanoseconds(status->st_mtim),
        .changed_ns = nanoseconds(status->st_ctim),
    };
}

/* -- files ------------------------------------------------------------------------------------------------------ */

bool
pypkg_linked_contents(const struct pypkg_entry *entry, struct pypkg_bytes *bytes, int *status)
{
    char path[PYPKG_MAX_PATH + 1], outside[PYPKG_MAX_PATH + 1];
    struct pypkg_found found = {.entry = *entry};

    *status = 0;
    if (entry->type == PYPKG_LINK) {
        struct pypkg_text text = pypkg_entry_path(&pypkg_state.image, entry);
        memcpy(path, text.data, text.size);
        path[text.size] = '\0';
        *status = pypkg_resolve(&pypkg_state.image, (struct pypkg_text){"", 0}, path, true, &found, outside);
    }
    if (*status == 0) {
        *status = pypkg_entry_contents(&pypkg_state.image, &found.entry, bytes);
    }
    return *status == 0;
}

static bool
find_contents(struct pypkg_cache *cache, const struct pypkg_entry *entry, struct pypkg_bytes *bytes)
{
    int status;

    if (pypkg_linked_contents(entry, bytes, &status)) {
        return true;
    }
    struct pypkg_text path = pypkg_entry_path(&pypkg_state.image, entry);
    return pypkg_cache_fail(cache, PYPKG_CORRUPT, "pypkg: cannot read " PYPKG_ROOT "/%.*s from the executable: %s",
                            (int)path.size, path.data,
                            status == PYPKG_OUTSIDE ? "a link out of the snapshot" : strerror(status));
}

static bool
has_bytes(int fd, const struct pypkg_bytes *wanted)
{
    if (wanted->size == 0) {
        return true;
    }
    void *mapped = mmap(NULL, wanted->size, PROT_READ, MAP_PRIVATE, fd, 0);
    bool same = mapped != MAP_FAILED && memcmp(mapped, wanted->data, wanted->size) == 0;
    if (mapped != MAP_FAILED) {
        munmap(mapped, wanted->size);
    }
    return same;
}

/* Is `name` in x->parent a file that nobody else can change, and is it the entry? */
static enum verdict
examine(struct extraction *x, uint32_t member, const struct pypkg_entry *entry, const char *name)
{
    struct stat status;
    struct pypkg_bytes bytes;

    int fd = openat(x->parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return DIFFERENT;
    }
    bool same = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && pypkg_is_ours(&status)
        && ((entry->mode & 0111) == 0 || (status.st_mode & 0100) != 0);
    struct mark mark = mark_of(&status);
    if (same && (x->marks == NULL || memcmp(&x->marks->marks[member], &mark, sizeof(mark)) != 0)) {
        if (!find_contents(x->cache, entry, &bytes)) {
            close(fd);
            return FAILED;
        }
        same = mark.size == bytes.size && has_bytes(fd, &bytes);
        pypkg_release(&bytes);
        x->compared = true;
    }
    close(fd);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    x->settled = x->settled && nanoseconds(now) - mark.changed_ns > SETTLED_NS;
    if (same && x->fresh != NULL) {
        x->fresh->marks[member] = mark;
    }
    return same ? SAME : DIFFERENT;
}

/* Many processes may start at once: one writes, the others wait a while and find everything there. Whoever cannot
   have the lock writes too, which is only more work. It goes with the descriptor, so no crash leaves it behind. */
static void
lock(struct extraction *x)
{
    struct timespec pause = {.tv_nsec = LOCK_STEP_NS};

    for (int i = 0; i < LOCK_STEPS && flock(x->directory, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK; i++) {
        nanosleep(&pause, NULL);
    }
    x->locked = true;
    pypkg_cache_clean(x->top);
}

/* -- members ---------------------------------------------------------------------------------------------------- */

/* Names that would lead out of the cache are not in a sound image, and not followed in another. */
static bool
is_plain_name(const char *name, size_t size)
{
    return size > 0 && !(size == 1 && name[0] == '.') && !(size == 2 && name[0] == '.' && name[1] == '.')
        && memchr(name, '\0', size) == NULL;
}

/* Open the directory of a member; the last one stays open for its neighbours. */
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
    x->parent = fcntl(x->directory, F_DUPFD_CLOEXEC, 0);
    if (x->parent < 0) {
        return pypkg_cache_failed(cache, "open");
    }
    cache->size = x->base_size;
    const char *end = folder.data + folder.size;
    for (const char *p = folder.data; p < end;) {
        const char *slash = memchr(p, '/', (size_t)(end - p));
        size_t size = (size_t)((slash != NULL ? slash : end) - p);
        int next = -1;
        if (is_plain_name(p, size)) {
            next = pypkg_cache_enter(cache, x->parent, p, size);
        }
        else {
            pypkg_cache_fail(cache, PYPKG_CORRUPT, "pypkg: the image is corrupt: a library has an unusable path");
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

/* Open a member's directory; `name` becomes its last name. cache->path is the member's. */
static bool
find_member(struct extraction *x, const struct pypkg_entry *entry, char name[PYPKG_MAX_PATH + 1])
{
    struct pypkg_text path = pypkg_entry_path(&pypkg_state.image, entry);
    size_t at = path.size;

    while (at > 0 && path.data[at - 1] != '/') {
        at--;
    }
    struct pypkg_text folder = {path.data, at > 0 ? at - 1 : 0};
    if (!is_plain_name(path.data + at, path.size - at)) {
        return pypkg_cache_fail(x->cache, PYPKG_CORRUPT, "pypkg: the image is corrupt: a library has an unusable path");
    }
    memcpy(name, path.data + at, path.size - at);
    name[path.size - at] = '\0';
    return enter_folder(x, folder) && pypkg_cache_append(x->cache, name, path.size - at);
}

static bool
write_member(struct extraction *x, const struct pypkg_entry *entry, const char *name)
{
    struct pypkg_bytes bytes;

    if (!find_contents(x->cache, entry, &bytes)) {
        return false;
    }
    mode_t mode = (entry->mode & 0111) != 0 ? 0700 : 0600;
    bool good = pypkg_cache_write(x->cache, x->top, x->parent, name, &bytes, mode);
    pypkg_release(&bytes);
    x->settled = false;
    return good;
}

static bool
bring_member(struct extraction *x, uint32_t member, const struct pypkg_entry *entry)
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
    int64_t index = x->alone != UINT32_MAX ? (int64_t)x->alone
                                           : pypkg_child_at(image, x->bundle.first, x->bundle.count, n);

    if (index < 0 || !pypkg_entry_at(image, (uint32_t)index, &found->entry)) {
        return pypkg_cache_fail(x->cache, PYPKG_CORRUPT, "pypkg: the image is corrupt: a bundle's member lies outside it");
    }
    found->index = (uint32_t)index;
    return true;
}

/* -- what was checked before ------------------------------------------------------------------------------------- */

static size_t
checked_size(uint32_t count)
{
    return sizeof(struct checked) + count * sizeof(struct mark);
}

static void
read_marks(struct extraction *x)
{
    struct stat status;
    size_t size = checked_size(x->bundle.count);
    int fd = openat(x->directory, CHECKED_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    x->fresh = calloc(1, size);
    if (x->fresh != NULL) {
        memcpy(x->fresh->magic, CHECKED_MAGIC, sizeof(x->fresh->magic));
        x->fresh->count = x->bundle.count;
    }
    if (fd < 0) {
        return;
    }
    x->marks = malloc(size);
    bool good = x->marks != NULL && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && pypkg_is_ours(&status)
        && (uint64_t)status.st_size == size && read(fd, x->marks, size) == (ssize_t)size
        && memcmp(x->marks->magic, CHECKED_MAGIC, sizeof(x->marks->magic)) == 0 && x->marks->count == x->bundle.count;
    if (!good) {
        free(x->marks);
        x->marks = NULL;
    }
    close(fd);
}

/* A cache that cannot be written to just stays without. */
static void
write_marks(struct extraction *x)
{
    if (x->compared && x->settled && x->fresh != NULL) {
        struct pypkg_bytes bytes = {.data = (const uint8_t *)x->fresh, .size = checked_size(x->bundle.count)};
        pypkg_cache_write(x->cache, x->top, x->directory, CHECKED_NAME, &bytes, 0600);
        x->cache->trouble = PYPKG_NO_TROUBLE;
    }
}

/* -- bundles ---------------------------------------------------------------------------------------------------- */

/* A bundle is checked as a whole once in each process; after that its files are only looked for. */
static bool
was_extracted(uint32_t bundle)
{
    return bundle != 0 && bundle / 64 < PYPKG_EXTRACTED_WORDS
        && (atomic_load(&pypkg_state.extracted[bundle / 64]) >> (bundle % 64) & 1) != 0;
}

static void
note_extracted(uint32_t bundle)
{
    if (bundle / 64 < PYPKG_EXTRACTED_WORDS) {
        atomic_fetch_or(&pypkg_state.extracted[bundle / 64], (uint64_t)1 << (bundle % 64));
    }
}

/* Is the file still where this process has checked it? Another one may have cleared the cache since. */
static bool
is_still_there(struct extraction *x, const struct pypkg_found *found)
{
    char name[PYPKG_MAX_PATH + 1];
    struct stat status;

    return was_extracted(found->entry.bundle) && find_member(x, &found->entry, name)
        && fstatat(x->parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode)
        && pypkg_is_ours(&status) && (found->entry.type != PYPKG_FILE || (uint64_t)status.st_size == found->entry.size);
}

static bool
bring_bundle(struct extraction *x, const struct pypkg_found *wanted)
{
    struct pypkg_found member;
    char name[PYPKG_MAX_PATH + 1];

    if (is_still_there(x, wanted)) {
        return true;
    }
    read_marks(x);
    x->settled = true;
    for (uint32_t n = 0; n < x->bundle.count; n++) {
        if (!member_at(x, n, &member) || (member.entry.type != PYPKG_DIRECTORY && !bring_member(x, n, &member.entry))) {
            return false;
        }
    }
    write_marks(x);
    note_extracted(wanted->entry.bundle);
    /* Now cache->path is that of the wanted one. */
    return find_member(x, &wanted->entry, name);
}

/* The name of the bundle's directory. A file that belongs to none lies alone, under its own hashes. */
static bool
find_bundle(struct extraction *x, const struct pypkg_found *found, char digest[72])
{
    x->alone = UINT32_MAX;
    if (found->entry.bundle == 0) {
        x->alone = found->index;
        x->bundle = (struct pypkg_bundle){.count = 1};
        snprintf(digest, 72, "file-%016llx%016llx", (unsigned long long)found->entry.checksum,
                 (unsigned long long)found->entry.hash);
        return true;
    }
    if (!pypkg_bundle_at(&pypkg_state.image, found->entry.bundle - 1, &x->bundle)) {
        return pypkg_cache_fail(x->cache, PYPKG_CORRUPT, "pypkg: the image is corrupt: a bundle lies outside it");
    }
    for (int i = 0; i < 32; i++) {
        snprintf(digest + 2 * i, 3, "%02x", x->bundle.digest[i]);
    }
    return true;
}

char *
pypkg_extract_to_cache(const struct pypkg_found *found, struct pypkg_cache *cache)
{
    struct extraction x = {.cache = cache, .top = -1, .directory = -1, .parent = -1};
    char digest[72];
    char *result = NULL;

    if (find_bundle(&x, found, digest)) {
        x.top = pypkg_cache_open(cache);
    }
    if (x.top >= 0) {
        x.directory = pypkg_cache_enter(cache, x.top, digest, strlen(digest));
        x.base_size = cache->size;
    }
    if (x.directory >= 0 && bring_bundle(&x, found)) {
        result = strdup(cache->path);
    }
    int descriptors[] = {x.parent, x.directory, x.top};
    for (int i = 0; i < 3; i++) {
        if (descriptors[i] >= 0) {
            close(descriptors[i]);
        }
    }
    free(x.marks);
    free(x.fresh);
    return result;
}

bool
pypkg_may_use_memory(const struct pypkg_cache *cache)
{
    return cache->trouble == PYPKG_UNUSABLE || (cache->trouble == PYPKG_REFUSED && !cache->chosen);
}

char *
pypkg_extract(const struct pypkg_found *found, char *error, size_t error_size)
{
    struct pypkg_cache *cache = malloc(sizeof(*cache));
    char reason[256];

    if (cache == NULL) {
        snprintf(error, error_size, "pypkg: out of memory");
        return NULL;
    }
    cache->error = error;
    cache->error_size = error_size;
    char *path = pypkg_extract_to_cache(found, cache);
    if (path == NULL && pypkg_may_use_memory(cache)) {
        path = pypkg_memory_program(found, reason, sizeof(reason));
        if (path == NULL) {
            size_t size = strlen(error);
            snprintf(error + size, error_size - size, " (from memory it cannot be started either: %s)", reason);
        }
    }
    free(cache);
    return path;
}
