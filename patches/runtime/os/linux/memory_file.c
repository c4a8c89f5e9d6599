/* Memory files of Linux: memfd_create(2), called directly because glibc 2.17 has no wrapper. */

#include "os/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/files.h"
#include "os/process.h"

/* memfd_create(2) and fcntl(2); the headers of glibc 2.17 are older. */
#define CLOEXEC 1u
#define ALLOW_SEALING 2u
#define EXEC 16u
#define ADD_SEALS 1033
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

int
pypkg_memory_file(uint32_t number)
{
    char name[sizeof(NAME) + 10] = NAME;

    pypkg_put_decimal(name + sizeof(NAME) - 1, number);
    int fd = (int)syscall(SYS_memfd_create, name, CLOEXEC | ALLOW_SEALING);
    return fd >= 0 || (errno != ENOSYS && errno != EPERM) ? fd : create_unlinked();
}

bool
pypkg_memory_file_number(int fd, uint32_t *number)
{
    static const char prefix[] = "/memfd:" NAME;
    char target[64], *end;

    int64_t size = pypkg_descriptor_target(fd, target, sizeof(target) - 1);
    if (size <= (int64_t)sizeof(prefix) || memcmp(target, prefix, sizeof(prefix) - 1) != 0) {
        return false;
    }
    target[size] = '\0';
    unsigned long value = strtoul(target + sizeof(prefix) - 1, &end, 10);
    *number = (uint32_t)value;
    return strcmp(end, " (deleted)") == 0 && value <= UINT32_MAX;
}

int
pypkg_executable_memory_file(void)
{
    /* MFD_EXEC is needed where vm.memfd_noexec is set, and unknown before Linux 6.3. */
    int fd = (int)syscall(SYS_memfd_create, "pypkg", CLOEXEC | ALLOW_SEALING | EXEC);
    return fd >= 0 || errno != EINVAL ? fd : (int)syscall(SYS_memfd_create, "pypkg", CLOEXEC | ALLOW_SEALING);
}

int
pypkg_seal(int fd)
{
    return fcntl(fd, ADD_SEALS, SEAL_ALL);
}

int
pypkg_open_again(int fd, int flags)
{
    char path[PYPKG_DESCRIPTOR_PATH_SIZE];

    pypkg_descriptor_path(fd, path);
    return open(path, O_RDONLY | (flags & (O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_PATH)));
}
