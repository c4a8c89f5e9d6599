/* Ending a process whose executable is damaged. */

#include "python/main/main.h"

_Noreturn void
pypkg_die(const char *problem)
{
    fprintf(stderr, "pypkg: %s (this executable is damaged: get or build it again)\n", problem);
    exit(1);
}
