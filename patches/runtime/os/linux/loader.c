/* The dynamic loader. */

#include "os/process.h"

#include <string.h>
#include <sys/auxv.h>

bool
pypkg_has_loader(void)
{
    /* The program interpreter of a static executable has no address. */
    return getauxval(AT_BASE) != 0;
}

/* glibc does not say why mapping failed. */
bool
pypkg_forbids_mapping(const char *message)
{
    return strstr(message, "failed to map segment") != NULL;
}
