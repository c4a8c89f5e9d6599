/* Whether the kernel started this process with more rights than its caller: getauxval(3), AT_SECURE. */

#include "os/process.h"

#include <sys/auxv.h>

bool
pypkg_is_privileged(void)
{
    return getauxval(AT_SECURE) != 0;
}
