/* Libraries and programs in memory, without the cache: executable memory files, opened by the paths of their
   descriptors.

   A library that finds others of its bundle by $ORIGIN does not find them from a file that has no directory. So those
   are loaded first: the loader uses a loaded library where another one needs its DT_SONAME. The table of loaded
   libraries is a list that only grows, so that no lock can be held across a fork.

   The loader also identifies a library by its path, which contains the number of its descriptor. So the descriptor
   is never closed, and no number is used twice, even after the program has closed it. */

#include "native/native.h"

#include <stdatomic.h>

#include "engine/state.h"
#include "os/memory_file.h"
#include "posix/front.h"

/* Above the numbers that programs normally use and below the usual limit of 1024. */
#define FIRST_DESCRIPTOR 256
#define MAX_BUNDLE 4096

struct loaded {
    struct loaded *next;
    uint32_t index;
    struct pypkg_status status;
    int fd;
    char path[PYPKG_DESCRIPTOR_PATH_SIZE];
};

static _Atomic(struct loaded *) list;
static atomic_int next_descriptor = FIRST_DESCRIPTOR;

static int
fail_errno(char *reason, size_t size, const char *what)
{
    snprintf(reason, size, "%s: %s", what, strerror(errno));
    return -1;
}

/* Whether the loader was given the path of this number. */
static bool
had_number(int fd)
{
    const struct loaded *item = atomic_load(&list);

    while (item != NULL && item->fd != fd) {
        item = item->next;
    }
    return item != NULL;
}

/* Move a descriptor to a number that no library had before: above all of them, or where so many are not allowed, to a
   lower one. A number belongs to the thread that raises the first one above it; one that another thread raised meanwhile
   may have been closed and given again. Returns -1 with errno, the descriptor closed. */
static int
move_up(int fd)
{
    int first, moved;

    do {
        first = atomic_load(&next_descriptor);
        moved = fcntl(fd, F_DUPFD_CLOEXEC, first);
        if (moved >= 0 && atomic_compare_exchange_strong(&next_descriptor, &first, moved + 1)) {
            close(fd);
            return moved;
        }
        if (moved >= 0) {
            close(moved);
        }
    } while (moved >= 0);

    int lower = fd;
    while (lower >= 0 && had_number(lower)) {
        int next = fcntl(fd, F_DUPFD_CLOEXEC, lower + 1), saved = errno;
        if (lower != fd) {
            close(lower);
        }
        errno = saved;
        lower = next;
    }
    if (lower != fd) {
        int saved = errno;
        close(fd);
        errno = saved;
    }
    return lower;
}

static int
make_file(const struct pypkg_found *found, bool *script, char *reason, size_t reason_size)
{
    struct pypkg_bytes bytes;

    if (!pypkg_has_descriptor_paths()) {
        return fail_errno(reason, reason_size, "paths of descriptors (/proc)");
    }
    int status = pypkg_linked_contents(&pypkg_state.image, &found->entry, &bytes);
    if (status != 0) {
        snprintf(reason, reason_size, "%s", status == PYPKG_OUTSIDE ? "a link out of the snapshot" : strerror(status));
        return -1;
    }
    int fd = pypkg_memory_file(found->index, true);
    if (fd < 0) {
        fail_errno(reason, reason_size, "a file in memory");
    }
    else if (pypkg_write_all(fd, bytes.data, bytes.size) < 0) {
        fail_errno(reason, reason_size, "memory");
        close(fd);
        fd = -1;
    }
    else {
        /* If sealing fails, the file is still as safe as the process's own memory. */
        pypkg_seal(fd);
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
    struct pypkg_status status;
    return pypkg_status_of(item->fd, &status) == 0 && pypkg_is_same_file(&status, &item->status);
}

static struct loaded *
find_loaded(struct loaded *from, uint32_t index)
{
    while (from != NULL && from->index != index) {
        from = from->next;
    }
    return from;
}

/* The file of an entry, created if needed. If the program has closed it but the loader has it, its path still works. */
static struct loaded *
get_file(const struct pypkg_found *found, char *reason, size_t reason_size)
{
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
    if (fresh->fd < 0) {
        fail_errno(reason, reason_size, "a descriptor that the loader has not seen");
        free(fresh);
        return NULL;
    }
    fresh->index = found->index;
    pypkg_status_of(fresh->fd, &fresh->status);
    pypkg_descriptor_path(fresh->fd, fresh->path);
    fresh->next = atomic_load(&list);
    do {
        /* If another thread was faster, both use its file, so that the loader gets one library. */
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

/* Whether a library has this name: its file's, which is what the loader looks for, or its DT_SONAME. */
static bool
is_called(const struct pypkg_entry *entry, const char *name)
{
    struct pypkg_text own = pypkg_entry_name(&pypkg_state.image, entry);
    struct pypkg_elf elf;

    if (own.size == strlen(name) && memcmp(own.data, name, own.size) == 0) {
        return true;
    }
    /* DT_SONAME only where nothing has to be decoded for it. */
    if (entry->type != PYPKG_FILE || entry->codec != PYPKG_CODEC_NONE || entry->stored_size != entry->size) {
        return false;
    }
    const uint8_t *data = pypkg_state.image.base + entry->data_offset;
    const char *soname = pypkg_elf_open(&elf, data, entry->size) ? pypkg_elf_soname(&elf) : NULL;
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

    if (pypkg_linked_contents(&pypkg_state.image, &found->entry, &bytes) == 0) {
        if (pypkg_elf_open(&elf, bytes.data, bytes.size)) {
            load_needed(loading, &elf);
        }
        pypkg_release(&bytes);
    }
    struct loaded *file = get_file(found, loading->reason, loading->reason_size);
    void *handle = file == NULL ? NULL : dlopen(file->path, flags);
    if (file != NULL && handle == NULL) {
        const char *text = dlerror();
        snprintf(loading->reason, loading->reason_size, "%s", text != NULL ? text : "it cannot be loaded");
    }
    return handle;
}

void *
pypkg_memload_library(const struct pypkg_found *found, int flags, char *reason, size_t reason_size)
{
    struct loading *loading = calloc(1, sizeof(*loading));
    void *handle = NULL;

    snprintf(reason, reason_size, "out of memory");
    if (loading == NULL) {
        return NULL;
    }
    loading->reason = reason;
    loading->reason_size = reason_size;
    if (found->entry.bundle == 0 || pypkg_bundle_at(&pypkg_state.image, found->entry.bundle - 1, &loading->bundle)) {
        handle = load_tree(loading, found, flags);
    }
    free(loading);
    return handle;
}

char *
pypkg_memload_program(const struct pypkg_found *found, char *reason, size_t reason_size)
{
    char path[PYPKG_DESCRIPTOR_PATH_SIZE];
    bool script = false;
    int fd = make_file(found, &script, reason, reason_size);

    if (fd < 0) {
        return NULL;
    }
    if (script) {
        fcntl(fd, F_SETFD, 0);
    }
    pypkg_descriptor_path(fd, path);
    return strdup(path);
}

void
pypkg_memload_close(const char *path)
{
    int fd = pypkg_descriptor_of_path(path), saved = errno;

    if (fd >= 0) {
        close(fd);
    }
    errno = saved;
}
