/* interposed IMAGE LIBRARY PATH...: with an image, load a library that is an addon (addon.c), and let it report on paths. */

#include "engine/start.h"
#include "posix/front.h"

static const void *
map_file(const char *path, uint64_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &status) < 0) {
        perror(path);
        exit(2);
    }
    *size = (uint64_t)status.st_size;
    char *copy = malloc((size_t)*size);
    if (copy == NULL || read(fd, copy, (size_t)*size) != (ssize_t)*size) {
        perror(path);
        exit(2);
    }
    close(fd);
    return copy;
}

int
main(int argc, char **argv)
{
    uint64_t size;

    if (argc < 4) {
        return 2;
    }
    const void *data = map_file(argv[1], &size);
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
