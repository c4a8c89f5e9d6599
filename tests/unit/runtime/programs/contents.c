/* Decodes all contents of images: contents IMAGE...

   For each entry and then each module: its number, the name of the errno or "0", and the hash of what was decoded. Each
   image is read twice, and is a block of memory of exactly its size that is freed before the next one is read. */

#include "image/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void *
read_image(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        return NULL;
    }
    *size = (size_t)ftell(file);
    rewind(file);
    void *data = malloc(*size);
    if (data != NULL && fread(data, 1, *size, file) != *size) {
        free(data);
        data = NULL;
    }
    fclose(file);
    return data;
}

static void
print_bytes(char kind, uint32_t number, int status, struct pypkg_bytes *bytes)
{
    uint64_t hash = status == 0 ? pypkg_xxh64(bytes->data, bytes->size) : 0;
    printf("%c%u %s %016" PRIx64 "\n", kind, number, status == 0 ? "0" : status == EIO ? "EIO" : "other", hash);
    if (status == 0) {
        pypkg_release(bytes);
    }
}

static void
decode_all(const struct pypkg_image *image)
{
    struct pypkg_entry entry;
    struct pypkg_module module;
    struct pypkg_bytes bytes;

    for (uint32_t i = 0; pypkg_entry_at(image, i, &entry); i++) {
        if (entry.type == PYPKG_FILE) {
            print_bytes('e', i, pypkg_entry_contents(image, &entry, &bytes), &bytes);
        }
    }
    for (uint32_t i = 0; pypkg_module_at(image, i, &module); i++) {
        print_bytes('m', i, pypkg_module_code(image, &module, &bytes), &bytes);
    }
}

int
main(int argc, char **argv)
{
    struct pypkg_image image;
    size_t size;

    for (int i = 1; i < argc; i++) {
        void *data = read_image(argv[i], &size);
        if (data == NULL || pypkg_image_open(&image, data, size) != NULL) {
            return 2;
        }
        decode_all(&image);
        decode_all(&image);
        free(data);
    }
    return 0;
}
