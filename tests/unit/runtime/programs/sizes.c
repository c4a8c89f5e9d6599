/* sizes IMAGE: what the runtime makes of numbers that do not fit into the memory of a processor with 32 bits. The last
   entry of the image is a file whose decoded size is changed; nothing of it is decoded.

   Prints a line for each question. */

#include <inttypes.h>

#include "engine/start.h"
#include "posix/front.h"

static void *
read_image(const char *path, size_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &status) != 0) {
        return NULL;
    }
    *size = (size_t)status.st_size;
    void *data = malloc(*size);
    if (data == NULL || read(fd, data, *size) != (ssize_t)*size) {
        return NULL;
    }
    close(fd);
    return data;
}

static void
say(const char *what, const char *problem)
{
    printf("%s: %s\n", what, problem != NULL ? problem : "fine");
}

int
main(int argc, char **argv)
{
    struct pypkg_image image;
    struct pypkg_entry entry;
    struct pypkg_bytes bytes;
    size_t size;
    void *data = argc == 2 ? read_image(argv[1], &size) : NULL;

    if (data == NULL) {
        return 2;
    }
    say("its size", pypkg_image_open(&image, data, size));
    say("the largest size", pypkg_image_open(&image, data, UINT64_MAX));
    say("the largest size at the start", pypkg_start_with(data, UINT64_MAX));
    say("half of what 32 bits can count", pypkg_image_open(&image, data, (uint64_t)INT32_MAX + 1));

    struct stat status;
    pypkg_start_with(data, size);
    if (pypkg_find_path(&pypkg_state.image, "large", 5, &entry) < 0 || pypkg_stat("/snapshot/large", &status) != 0) {
        return 2;
    }
    printf("a file: %lld bytes, of %" PRIu64 "\n", (long long)status.st_size, (uint64_t)(uint32_t)status.st_mtime);
    int error = pypkg_entry_contents(&pypkg_state.image, &entry, &bytes);
    say("its contents", error == ENOMEM ? "ENOMEM" : error == EIO ? "EIO" : "another error");
    return 0;
}
