/* Libraries and programs without the cache: from memfd_create, through /proc/self/fd.

   A library that others of its bundle are linked with by $ORIGIN would not be found beside a file that has no
   directory. So those go first: the loader takes a library it has already for one that is needed by the same
   DT_SONAME. The table of what was made is a list that only grows, so that no lock can be held across a fork.

   The loader also knows its libraries by their path, here "/proc/self/fd/<number>". So a descriptor stays open
   for good, and no number is used twice, even when the program has closed it. */

#include "native/native.h"

#include <sys/syscall.h>

#if defined(__linux__) && defined(SYS_memfd_create)

#define MEMFD_EXEC 16u
/* Above what programs use and below the usual limit of 1024. */
#define FIRST_DESCRIPTOR 256
#define MAX_BUNDLE 4096

struct loaded {
    struct loaded *next;
    uint32_t index;
    dev_t device;
    ino_t inode;
    int fd;
    char path[32];
};

static _Atomic(struct loaded *) list;
static atomic_int next_descriptor = FIRST_DESCRIPTOR;

static int
fail_errno(char *reason, size_t size, const char *what)
{
    snprintf(reason, size, "%s: %s", what, strerror(errno));
    return -1;
}

/* An unnamed file in memory that may be executed. MFD_EXEC says so where the system asks for it (Linux 6.3). */
static int
create_executable(void)
{
    unsigned flags = PYPKG_MEMFD_CLOEXEC | PYPKG_MEMFD_ALLOW_SEALING;
    int fd = (int)syscall(SYS_memfd_create, "pypkg", flags | MEMFD_EXEC);
    return fd >= 0 || errno != EINVAL ? fd : (int)syscall(SYS_memfd_create, "pypkg", flags);
}

/* A number that no library had before; the file's own number when there are none left. */
static int
move_up(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, atomic_load(&next_descriptor));
    int expected = atomic_load(&next_descriptor);

    if (moved < 0) {
        return fd;
    }
    close(fd);
    while (expected <= moved && !atomic_compare_exchange_weak(&next_descriptor, &expected, moved + 1)) {
    }
    return moved;
}

static int
make_file(const struct pypkg_found *found, bool *script, char *reason, size_t reason_size)
{
    struct pypkg_bytes bytes;
    int status;

    if (access("/proc/self/fd", X_OK) < 0) {
        return fail_errno(reason, reason_size, "/proc");
    }
    if (!pypkg_linked_contents(&found->entry, &bytes, &status)) {
        snprintf(reason, reason_size, "%s", status == PYPKG_OUTSIDE ? "a link out of the snapshot" : strerror(status));
        return -1;
    }
    int fd = create_executable();
    if (fd < 0) {
        fail_errno(reason, reason_size, "memfd_create");
    }
    else if (pypkg_write_all(fd, bytes.data, bytes.size) < 0) {
        fail_errno(reason, reason_size, "memory");
        close(fd);
        fd = -1;
    }
    else {
        /* Nobody changes it from now on; without seals it is as safe as the process's own memory. */
        fcntl(fd, F_ADD_SEALS, PYPKG_SEAL_ALL);
        fchmod(fd, 0500);
    }
    if (script != NULL) {
        *script = bytes.size > 1 && memcmp(bytes.data, "#!", 2) == 0;
    }
    pypkg_release(&bytes);
    return fd;
}

static bool
is_open(const struct loaded *item)
{
    struct stat status;
    return fstat(item->fd, &status) == 0 && status.st_dev == item->device && status.st_ino == item->inode;
}

static struct loaded *
find_loaded(struct loaded *from, uint32_t index)
{
    while (from != NULL && from->index != index) {
        from = from->next;
    }
    return from;
}

/* The file of an entry. One that the program has closed still serves when the loader has it: by its path. */
static struct loaded *
provide(const struct pypkg_found *found, char *reason, size_t reason_size)
{
    struct stat status;
    struct loaded *known = find_loaded(atomic_load(&list), found->index);

    if (known != NULL && is_open(known)) {
        return known;
    }
    if (known != NULL) {
        void *handle = dlopen(known->path, RTLD_LAZY | RTLD_NOLOAD);
        if (handle != NULL) {
            dlclose(handle);
            return known;
        }
        dlerror();
    }
    struct loaded *fresh = calloc(1, sizeof(*fresh));
    int fd = fresh == NULL ? fail_errno(reason, reason_size, "memory") : make_file(found, NULL, reason, reason_size);
    if (fd < 0) {
        free(fresh);
        return NULL;
    }
    fresh->fd = move_up(fd);
    fresh->index = found->index;
    if (fstat(fresh->fd, &status) == 0) {
        fresh->device = status.st_dev;
        fresh->inode = status.st_ino;
    }
    snprintf(fresh->path, sizeof(fresh->path), "/proc/self/fd/%d", fresh->fd);
    fresh->next = atomic_load(&list);
    do {
        /* Another thread may have been faster: then both use its file, so that the loader sees one library. */
        struct loaded *other = find_loaded(fresh->next, found->index);
        if (other != NULL && other != known) {
            close(fresh->fd);
            free(fresh);
            return other;
        }
    } while (!atomic_compare_exchange_weak(&list, &fresh->next, fresh));
    return fresh;
}

/* -- what a library needs ---------------------------------------------------------------------------------------- */

struct loading {
    struct pypkg_bundle bundle;
    bool seen[MAX_BUNDLE];
    char *reason;
    size_t reason_size;
};

static bool
member_at(const struct loading *loading, uint32_t n, struct pypkg_found *found)
{
    int64_t index = pypkg_child_at(&pypkg_state.image, loading->bundle.first, loading->bundle.count, n);

    found->index = (uint32_t)index;
    return index >= 0 && pypkg_entry_at(&pypkg_state.image, found->index, &found->entry);
}

/* By its file's name, as the loader would look for it, or by the name it gives itself. */
static bool
is_called(const struct pypkg_entry *entry, const char *name)
{
    struct pypkg_text own = pypkg_entry_name(&pypkg_state.image, entry);
    struct pypkg_bytes bytes;
    struct pypkg_elf elf;

    if (own.size == strlen(name) && memcmp(own.data, name, own.size) == 0) {
        return true;
    }
    /* Only where looking costs nothing. */
    if (entry->type != PYPKG_FILE || entry->codec != PYPKG_CODEC_NONE || entry->stored_size != entry->size) {
        return false;
    }
    bytes.data = pypkg_state.image.base + (entry->stored_size > 0 ? entry->data_offset : 0);
    const char *soname = pypkg_elf_open(&elf, bytes.data, entry->size) ? pypkg_elf_soname(&elf) : NULL;
    return soname != NULL && strcmp(soname, name) == 0;
}

static void *load_tree(struct loading *loading, const struct pypkg_found *found, int flags);

static void
load_needed(struct loading *loading, const struct pypkg_elf *elf)
{
    struct pypkg_found member;
    const char *name;

    for (uint64_t i = 0; (name = pypkg_elf_needed(elf, i)) != NULL; i++) {
        for (uint32_t n = 0; n < loading->bundle.count && n < MAX_BUNDLE; n++) {
            if (!loading->seen[n] && member_at(loading, n, &member) && is_called(&member.entry, name)) {
                loading->seen[n] = true;
                load_tree(loading, &member, RTLD_LAZY | RTLD_LOCAL);
                break;
            }
        }
    }
}

static void *
load_tree(struct loading *loading, const struct pypkg_found *found, int flags)
{
    struct pypkg_bytes bytes;
    struct pypkg_elf elf;
    int status;

    if (pypkg_linked_contents(&found->entry, &bytes, &status)) {
        if (pypkg_elf_open(&elf, bytes.data, bytes.size)) {
            load_needed(loading, &elf);
        }
        pypkg_release(&bytes);
    }
    struct loaded *file = provide(found, loading->reason, loading->reason_size);
    void *handle = file == NULL ? NULL : dlopen(file->path, flags);
    if (file != NULL && handle == NULL) {
        const char *said = dlerror();
        snprintf(loading->reason, loading->reason_size, "%s", said != NULL ? said : "it cannot be loaded");
    }
    return handle;
}

void *
pypkg_memory_load(const struct pypkg_found *found, int flags, char *reason, size_t reason_size)
{
    struct loading *loading = calloc(1, sizeof(*loading));
    void *handle = NULL;

    snprintf(reason, reason_size, "out of memory");
    if (loading == NULL) {
        return NULL;
    }
    loading->reason = reason;
    loading->reason_size = reason_size;
    if (found->entry.bundle == 0
        || pypkg_bundle_at(&pypkg_state.image, found->entry.bundle - 1, &loading->bundle)) {
        handle = load_tree(loading, found, flags);
    }
    free(loading);
    return handle;
}

char *
pypkg_memory_program(const struct pypkg_found *found, char *reason, size_t reason_size)
{
    char path[32];
    bool script = false;
    int fd = make_file(found, &script, reason, reason_size);

    if (fd < 0) {
        return NULL;
    }
    if (script) {
        fcntl(fd, F_SETFD, 0);
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return strdup(path);
}

void
pypkg_forget_program(const char *path)
{
    int fd, saved = errno;

    if (sscanf(path, "/proc/self/fd/%d", &fd) == 1) {
        close(fd);
    }
    errno = saved;
}

#else

void
pypkg_forget_program(const char *path)
{
    (void)path;
}

void *
pypkg_memory_load(const struct pypkg_found *found, int flags, char *reason, size_t reason_size)
{
    (void)found, (void)flags;
    snprintf(reason, reason_size, "this system has no files in memory");
    return NULL;
}

char *
pypkg_memory_program(const struct pypkg_found *found, char *reason, size_t reason_size)
{
    pypkg_memory_load(found, 0, reason, reason_size);
    return NULL;
}

#endif
