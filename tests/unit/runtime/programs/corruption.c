/* Every truncation of a small image, and every corruption of one byte, each opened and read completely by the runtime.

   Prints how many are refused when they are opened (refused), read as the intact image does (alike), read the same
   except for contents that fail with EIO (failing), or read differently, which is an error (unlike). The tests compile
   it with sanitizers; the image is a heap block of exactly its size. */

#include "engine/start.h"
#include "engine/state.h"
#include "posix/fd_cache.h"
#include "posix/front.h"

#define MOST_ITEMS 512

/* A hash of each file, module and listing that was read; 0 for one that failed with EIO. */
struct reading {
    uint64_t items[MOST_ITEMS];
    int count;
};

static void
add(struct reading *reading, const void *data, size_t size)
{
    if (reading->count < MOST_ITEMS) {
        reading->items[reading->count++] = data == NULL ? 0 : pypkg_xxh64(data, size) | 1;
    }
}

static void
read_file(struct reading *reading, const char *path)
{
    static char contents[1 << 16];
    ssize_t size = -1;
    int fd = pypkg_open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        size = read(fd, contents, sizeof(contents));
        close(fd);
    }
    else if (errno != EIO) {
        add(reading, &errno, sizeof(errno));
        return;
    }
    add(reading, size < 0 ? NULL : contents, size < 0 ? 0 : (size_t)size);
}

static void
read_tree(struct reading *reading, const char *path, int depth)
{
    char child[2048], target[256];
    struct stat status;
    struct dirent *entry;
    DIR *dir = pypkg_opendir(path);

    while (dir != NULL && (entry = pypkg_readdir(dir)) != NULL && reading->count < MOST_ITEMS) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
        memset(&status, 0, sizeof(status));
        pypkg_lstat(child, &status);
        add(reading, child, strlen(child));
        add(reading, &status, sizeof(status));
        ssize_t size = pypkg_readlink(child, target, sizeof(target));
        if (size >= 0) {
            add(reading, target, (size_t)size);
        }
        else if (S_ISREG(status.st_mode)) {
            read_file(reading, child);
        }
        else if (depth < 8) {
            read_tree(reading, child, depth + 1);
        }
    }
    if (dir != NULL) {
        pypkg_closedir(dir);
    }
}

static void
read_all(struct reading *reading)
{
    const struct pypkg_image *image = pypkg_image();
    struct pypkg_module module;
    struct pypkg_bundle bundle;
    struct pypkg_bytes code;

    reading->count = 0;
    read_tree(reading, PYPKG_ROOT, 0);
    for (uint32_t i = 0; i < pypkg_count(image, PYPKG_MODULES) && pypkg_module_at(image, i, &module); i++) {
        struct pypkg_text name = pypkg_string(image, module.name_offset, module.name_size);
        add(reading, name.data, name.size);
        int status = pypkg_module_code(image, &module, &code);
        add(reading,
            status != 0             ? NULL
                : code.data != NULL ? (const void *)code.data
                                    : "",
            status != 0 ? 0 : code.size);
        if (status == 0) {
            pypkg_release(&code);
        }
    }
    for (uint32_t i = 0; i < pypkg_count(image, PYPKG_BUNDLES) && pypkg_bundle_at(image, i, &bundle); i++) {
        add(reading, &bundle, sizeof(bundle));
    }
}

static struct {
    int refused, alike, failing, unlike;
} counts;

static void
try(const uint8_t *data, size_t size, const struct reading *sound)
{
    static struct reading reading;
    bool alike = true, failing = false;

    pypkg_fd_cache_clear();
    if (pypkg_start_with(data, size) != NULL) {
        counts.refused++;
        return;
    }
    read_all(&reading);
    for (int i = 0; i < reading.count; i++) {
        failing = failing || reading.items[i] == 0;
        alike = alike && (reading.items[i] == 0 || reading.items[i] == sound->items[i]);
    }
    if (!alike || reading.count != sound->count) {
        counts.unlike++;
    }
    else if (failing) {
        counts.failing++;
    }
    else {
        counts.alike++;
    }
}

static void
print_counts(const char *what)
{
    printf("%s: %d refused, %d alike, %d failing, %d unlike\n", what, counts.refused, counts.alike, counts.failing,
           counts.unlike);
    memset(&counts, 0, sizeof(counts));
}

static void
try_truncations(const uint8_t *image, size_t size, const struct reading *sound)
{
    for (size_t shorter = 0; shorter < size; shorter++) {
        uint8_t *copy = malloc(shorter > 0 ? shorter : 1);
        memcpy(copy, image, shorter);
        try(copy, shorter, sound);
        free(copy);
    }
    print_counts("truncated");
}

static void
try_bytes(uint8_t *image, size_t from, size_t to, size_t size, const struct reading *sound)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff};

    for (size_t at = from; at < to; at++) {
        for (size_t i = 0; i < sizeof(masks); i++) {
            image[at] ^= masks[i];
            try(image, size, sound);
            image[at] ^= masks[i];
        }
    }
    print_counts(from == 0 ? "tables" : "data");
}

int
main(int argc, char **argv)
{
    static struct reading sound;
    struct stat status;
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

    if (fd < 0 || fstat(fd, &status) < 0) {
        return 2;
    }
    size_t size = (size_t)status.st_size;
    uint8_t *image = malloc(size);
    if (image == NULL || read(fd, image, size) != (ssize_t)size || pypkg_start_with(image, size) != NULL) {
        return 2;
    }
    size_t tables = pypkg_image()->checked_size + sizeof(uint64_t);
    read_all(&sound);
    try_truncations(image, size, &sound);
    try_bytes(image, 0, tables, size, &sound);
    try_bytes(image, tables, size, size, &sound);
    free(image);
    return 0;
}
