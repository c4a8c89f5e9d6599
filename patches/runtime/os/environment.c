/* The environment. It comes from the caller, who must not control a privileged process with it. */

#include "os/process.h"

#include <stdlib.h>

const char *
pypkg_environment(const char *name)
{
    return pypkg_is_privileged() ? NULL : getenv(name);
}

bool
pypkg_is_set(const char *name)
{
    return getenv(name) != NULL;
}
