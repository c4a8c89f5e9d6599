/* Ending a process before Python runs. */

#include "python/main/main.h"

_Noreturn void
pypkg_die(const char *problem)
{
    fprintf(stderr, "pypkg: %s (this executable is damaged: get or build it again)\n", problem);
    exit(1);
}

_Noreturn void
pypkg_refuse(const char *problem)
{
    fprintf(stderr, "pypkg: %s\n", problem);
    exit(1);
}
