/* Memory files of Linux: memfd_create(2), called directly because glibc 2.17 has no wrapper. */

#include "os/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/files.h"
#include "os/process.h"

/* memfd_create(2) and fcntl(2); the headers of glibc 2.17 are older. */
#define CLOEXEC 1u
#define ALLOW_SEALING 2u
#define NOEXEC_SEAL 8u
#define EXEC 16u
#define ADD_SEALS 1033
#define GET_SEALS 1034
#define SEAL_ALL 15u /* seal, shrink, grow, write */

#define NAME "pypkg-"

#if !defined(SYS_memfd_create)
#error "the headers of the kernel are older than Linux 3.17: memfd_create is missing"
#endif

/* For kernels without memfd_create (before Linux 3.17, some sandboxes). */
static int
create_unlinked(void)
{
    const char *directory = pypkg_environment("TMPDIR");
    char path[PATH_MAX];

    if (directory == NULL || directory[0] != '/') {
        directory = "/tmp";
    }
    int size = snprintf(path, sizeof(path), "%s/pypkg-XXXXXX", directory);
    if (size < 0 || (size_t)size >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        unlink(path);
    }
    return fd;
}

/* A refusal (a sandbox, vm.memfd_noexec, a kernel without the call), and not a lack of memory or descriptors. */
static bool
is_refused(int error)
{
    return error == ENOSYS || error == EPERM || error == EACCES || error == EINVAL;
}

struct kind {
    const char *name;
    unsigned flag; /* MFD_EXEC or MFD_NOEXEC_SEAL, unknown before Linux 6.3, which is asked once */
};

static int
create(void *argument)
{
    const struct kind *kind = argument;
    static atomic_bool knows_kinds = true;
    int fd = -1;

    if (atomic_load_explicit(&knows_kinds, memory_order_relaxed)) {
        fd = (int)syscall(SYS_memfd_create, kind->name, CLOEXEC | ALLOW_SEALING | kind->flag);
        if (fd < 0 && errno == EINVAL) {
            atomic_store_explicit(&knows_kinds, false, memory_order_relaxed);
        }
    }
    if (!atomic_load_explicit(&knows_kinds, memory_order_relaxed)) {
        fd = (int)syscall(SYS_memfd_create, kind->name, CLOEXEC | ALLOW_SEALING);
    }
    if (fd < 0 && is_refused(errno)) {
        fd = create_unlinked();
    }
    return fd;
}

int
pypkg_memory_file(uint32_t number, bool executable)
{
    char name[sizeof(NAME) + 10] = NAME;

    pypkg_put_decimal(name + sizeof(NAME) - 1, number);
    return pypkg_create_above_standard(create, &(struct kind){name, executable ? EXEC : NOEXEC_SEAL});
}

int
pypkg_seal(int fd)
{
    return fcntl(fd, ADD_SEALS, SEAL_ALL);
}

bool
pypkg_is_sealed(int fd)
{
    int seals = fcntl(fd, GET_SEALS);
    return seals >= 0 && ((unsigned)seals & SEAL_ALL) == SEAL_ALL;
}

int
pypkg_open_again(int fd, int flags)
{
    char path[PYPKG_DESCRIPTOR_PATH_SIZE];

    pypkg_descriptor_path(fd, path);
    return open(path, O_RDONLY | (flags & (O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_PATH)));
}
