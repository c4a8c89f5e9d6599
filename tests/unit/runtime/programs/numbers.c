/* Libraries loaded from memory while the program closes descriptors that are not its own: numbers IMAGE LIBRARY...
   Prints what the function `answer` of each returns. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/start.h"
#include "native/native.h"
#include "posix/front.h"

/* Too few for the numbers that are normally used. */
#define DESCRIPTORS 64

int
main(int argc, char *argv[])
{
    int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    void *image = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    struct rlimit limit = {DESCRIPTORS, DESCRIPTORS};
    char reason[256] = "";

    if (image == MAP_FAILED || pypkg_start_with(image, (uint64_t)size) != NULL || setrlimit(RLIMIT_NOFILE, &limit)) {
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        struct pypkg_route route;
        pypkg_route(&route, "dlopen", AT_FDCWD, argv[i], true);
        void *library = pypkg_memload_library(&route.found, RTLD_NOW, reason, sizeof(reason));
        int (*answer)(void) = library == NULL ? NULL : (int (*)(void))dlsym(library, "answer");
        if (answer == NULL) {
            puts(reason);
            return 1;
        }
        printf("%d\n", answer());
        for (int n = 3; n < DESCRIPTORS; n++) {
            close(n);
        }
    }
    return 0;
}
