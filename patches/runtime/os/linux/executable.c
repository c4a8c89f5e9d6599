/* The path of this executable: /proc/self/exe (proc(5)). Without /proc it is made of the path that the kernel got:
   getauxval(3), AT_EXECFN. */

#include "os/process.h"

#include <limits.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

const char *
pypkg_executable_path(void)
{
    static char path[2 * PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, PATH_MAX);

    if (size > 0) {
        path[size] = '\0';
        return path;
    }
    const char *started_as = (const char *)getauxval(AT_EXECFN);
    if (started_as == NULL || started_as[0] == '\0') {
        return "";
    }
    path[0] = '\0';
    if (started_as[0] != '/') {
        if (getcwd(path, PATH_MAX) == NULL) {
            return "";
        }
        started_as += strncmp(started_as, "./", 2) == 0 ? 2 : 0;
        strcat(path, strcmp(path, "/") == 0 ? "" : "/");
    }
    strncat(path, started_as, PATH_MAX - 1);
    return path;
}
