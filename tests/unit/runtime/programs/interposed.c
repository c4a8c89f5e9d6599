/* interposed IMAGE LIBRARY PATH...: with an image, load a library that is an addon (addon.c), and let it report on paths. */

#include "engine/start.h"
#include "posix/front.h"

#include "read_image.h"

int
main(int argc, char **argv)
{
    uint64_t size;

    if (argc < 4) {
        return 2;
    }
    const void *data = read_image(argv[1], &size);
    const char *problem = pypkg_start_with(data, size);
    void *library = dlopen(argv[2], RTLD_NOW);
    void (*report)(const char *, int) =
        library != NULL ? (void (*)(const char *, int))(uintptr_t)dlsym(library, "report") : NULL;

    if (problem != NULL || report == NULL) {
        fprintf(stderr, "%s\n", problem != NULL ? problem : dlerror());
        return 2;
    }
    for (int i = 3; i < argc; i++) {
        report(argv[i], O_RDONLY);
    }
    return 0;
}
