/* Reading the image that a test's program is given; includes come from the program. */

static const void *
read_image(const char *path, uint64_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &status) < 0) {
        perror(path);
        exit(2);
    }
    *size = (uint64_t)status.st_size;
    /* A copy of exactly this size, so that a sanitizer finds a read beyond it. */
    char *copy = malloc(*size > 0 ? (size_t)*size : 1);
    if (copy == NULL || read(fd, copy, (size_t)*size) != (ssize_t)*size) {
        perror(path);
        exit(2);
    }
    close(fd);
    return copy;
}
