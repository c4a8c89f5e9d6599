/* The dynamic loader. */

#include "os/process.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

bool
pypkg_has_loader(void)
{
    /* The program interpreter of a static executable has no address. */
    return getauxval(AT_BASE) != 0;
}

static bool
ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* glibc says that mapping failed and not why. musl says why and not what failed: EPERM is the answer of a file system
   that is mounted noexec (mmap(2)), EACCES that of a security policy; a file that was just written can be opened. */
bool
pypkg_forbids_mapping(const char *message)
{
    static const char musl[] = "Error loading shared library ";

    return strstr(message, "failed to map segment") != NULL
        || (strncmp(message, musl, sizeof(musl) - 1) == 0
            && (ends_with(message, strerror(EPERM)) || ends_with(message, strerror(EACCES))));
}
