/* Files of the native cache: written under a temporary name, `.new-...` in <cache>/pypkg, and renamed. */

#include "native/native.h"

#include <stdatomic.h>

#include "posix/front.h"

#define NEW_PREFIX ".new-"
/* An older temporary file was left by a killed process. */
#define ABANDONED_SECONDS 3600

struct new_file {
    int top;
    mode_t mode;
    char name[64]; /* empty before the first is made */
};

/* Create a file in <cache>/pypkg under a name that no other process uses, instead of the one that was made last. */
static int
create_new(void *argument)
{
    static _Atomic unsigned counter;
    struct new_file *new = argument;
    struct timespec now;

    if (new->name[0] != '\0') {
        unlinkat(new->top, new->name, 0);
    }
    for (int i = 0; i < 100; i++) {
        clock_gettime(CLOCK_REALTIME, &now);
        snprintf(new->name, sizeof(new->name), NEW_PREFIX "%lx-%lx-%x", (long)getpid(), (long)now.tv_nsec,
                 atomic_fetch_add(&counter, 1));
        int fd = openat(new->top, new->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, new->mode);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

bool
pypkg_cache_write(struct pypkg_cache *cache, int top, int directory, const char *name, const struct pypkg_bytes *bytes,
                  bool executable)
{
    const mode_t mode = executable ? 0700 : 0600;
    struct new_file new = {.top = top, .mode = mode};
    int fd = pypkg_create_above_standard(create_new, &new);

    if (fd < 0) {
        return pypkg_cache_fail_errno(cache, "create");
    }
    /* fchmod: the mode must not depend on the umask. */
    bool good = fchmod(fd, mode) == 0 && pypkg_write_all(fd, bytes->data, bytes->size) == 0;
    int saved = errno;
    if (close(fd) < 0 && good) {
        saved = errno;
        good = false;
    }
    if (good && renameat(top, new.name, directory, name) < 0) {
        saved = errno;
        good = false;
    }
    if (!good) {
        unlinkat(top, new.name, 0);
        errno = saved;
        return pypkg_cache_fail_errno(cache, "write");
    }
    return true;
}

void
pypkg_cache_clean(int top)
{
    int fd = pypkg_above_standard(openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    struct pypkg_status status;

    if (dir == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, NEW_PREFIX, sizeof(NEW_PREFIX) - 1) == 0
            && pypkg_status_at(top, entry->d_name, false, &status) == 0
            && time(NULL) - status.modified.tv_sec > ABANDONED_SECONDS) {
            unlinkat(top, entry->d_name, 0);
        }
    }
    closedir(dir);
}
