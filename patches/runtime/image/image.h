/* The image: its tables, read in place. No function here calls the operating system.

   The format is docs/image-format.md; the structures below are its tables, field by field.
   The image is untrusted: no function reads outside [image->base, image->base + image->size), whatever the bytes are.
   All functions are thread-safe: an open image never changes. */

#ifndef PYPKG_IMAGE_H
#define PYPKG_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PYPKG_ROOT_NAME "snapshot"
#define PYPKG_ROOT "/" PYPKG_ROOT_NAME
#define PYPKG_ROOT_SIZE (sizeof(PYPKG_ROOT) - 1)

/* The longest path below the root, in bytes (docs/image-format.md, "Entry"). */
#define PYPKG_MAX_PATH 4095
/* The longest name in a path, in bytes, as in common file systems: a longer one is ENAMETOOLONG. */
#define PYPKG_MAX_NAME 255
/* The most symbolic links in one lookup, as in Linux: one more is ELOOP. */
#define PYPKG_MAX_LINKS 40

enum { PYPKG_FILE = 1, PYPKG_DIRECTORY = 2, PYPKG_LINK = 3 };
enum { PYPKG_CODEC_NONE = 0, PYPKG_CODEC_GZIP = 1, PYPKG_CODEC_BROTLI = 2, PYPKG_CODEC_ZSTD = 3 };
enum { PYPKG_WITHHELD = 1 };
enum {
    PYPKG_MODULE = 1,
    PYPKG_PACKAGE = 2,
    PYPKG_NAMESPACE = 3,
    PYPKG_EXTENSION = 4,
    PYPKG_EXTENSION_PACKAGE = 5,
};

struct pypkg_header {
    uint8_t magic[8];
    uint32_t version;
    uint32_t header_size;
    uint64_t image_size;
    uint64_t entries_offset;
    uint64_t path_slots_offset;
    uint64_t children_offset;
    uint64_t modules_offset;
    uint64_t module_slots_offset;
    uint64_t bundles_offset;
    uint64_t strings_offset;
    uint64_t strings_size;
    uint64_t data_offset;
    uint64_t data_size;
    uint32_t entry_count;
    uint32_t path_slot_count;
    uint32_t child_count;
    uint32_t module_count;
    uint32_t module_slot_count;
    uint32_t bundle_count;
    uint64_t manifest_offset;
    uint32_t manifest_size;
    uint32_t search_path_size;
    uint64_t search_path_offset;
    uint32_t options_offset;
    uint32_t options_size;
};

struct pypkg_entry {
    uint64_t hash;
    uint32_t path_offset;
    uint32_t path_size;
    uint32_t name_offset;
    uint8_t type;
    uint8_t codec;
    uint16_t mode;
    uint32_t flags;
    uint32_t bundle;
    uint64_t data_offset;
    uint64_t stored_size;
    uint64_t size;
    int64_t mtime;
    uint64_t checksum;
};

struct pypkg_module {
    uint64_t hash;
    uint32_t name_offset;
    uint32_t name_size;
    uint32_t entry;
    uint8_t kind;
    uint8_t codec;
    uint16_t flags;
    uint64_t code_offset;
    uint64_t code_stored_size;
    uint64_t code_size;
    uint64_t checksum;
    uint64_t reserved;
};

struct pypkg_bundle {
    uint8_t digest[32];
    uint32_t first;
    uint32_t count;
    uint32_t name_offset;
    uint32_t name_size;
};

struct pypkg_image {
    const uint8_t *base;
    uint64_t size;
    struct pypkg_header header;
};

/* Bytes without a terminator. `data` is NULL when the reference was out of range. */
struct pypkg_text {
    const char *data;
    size_t size;
};

/* Decoded contents: a view of the image, or allocated memory. Release both with pypkg_release. */
struct pypkg_bytes {
    const uint8_t *data;
    size_t size;
    void *owned;
};

/* --- xxh64.c --- */

uint64_t pypkg_xxh64(const void *data, size_t size);

/* --- lookup.c --- */

/* Check the header and the range of every table. Returns NULL, or a message. `data` must outlive `image`. */
const char *pypkg_image_open(struct pypkg_image *image, const void *data, uint64_t size);

/* Whether header, tables and strings match their checksum. Contents have checksums of their own. */
bool pypkg_image_is_whole(const struct pypkg_image *image);

/* Copy a row of a table: false when its number, or anything the row refers to, is out of range. */
bool pypkg_entry_at(const struct pypkg_image *image, uint32_t index, struct pypkg_entry *out);
bool pypkg_module_at(const struct pypkg_image *image, uint32_t index, struct pypkg_module *out);
bool pypkg_bundle_at(const struct pypkg_image *image, uint32_t index, struct pypkg_bundle *out);

/* The entry number of the n-th child of a directory (or member of a bundle), or -1. */
int64_t pypkg_child_at(const struct pypkg_image *image, uint64_t first, uint64_t count, uint64_t n);

struct pypkg_text pypkg_string(const struct pypkg_image *image, uint64_t offset, uint64_t size);
struct pypkg_text pypkg_entry_path(const struct pypkg_image *image, const struct pypkg_entry *entry);
struct pypkg_text pypkg_entry_name(const struct pypkg_image *image, const struct pypkg_entry *entry);

/* The size of a bundle's digest in hexadecimal, with its terminator. */
#define PYPKG_DIGEST_SIZE 65
void pypkg_bundle_digest(const struct pypkg_bundle *bundle, char out[PYPKG_DIGEST_SIZE]);

/* Look up a canonical path below the root, without following links. Returns the entry number, or -1. */
int64_t pypkg_find_path(const struct pypkg_image *image, const char *path, size_t size, struct pypkg_entry *out);

/* Look up a module by its dotted name. Returns the module number, or -1. */
int64_t pypkg_find_module(const struct pypkg_image *image, const char *name, size_t size, struct pypkg_module *out);

/* --- decode.c --- */

/* Decode contents and verify size and checksum. Returns 0 or an errno value: EIO (corrupt), ENOMEM; for an entry also
   EISDIR (no file) and EACCES (withheld). */
int pypkg_entry_contents(const struct pypkg_image *image, const struct pypkg_entry *entry, struct pypkg_bytes *out);
int pypkg_module_code(const struct pypkg_image *image, const struct pypkg_module *module, struct pypkg_bytes *out);
void pypkg_release(struct pypkg_bytes *bytes);

/* --- locator.c --- */

/* The image that the loader mapped with this program and its size in bytes; NULL if none is attached. */
const void *pypkg_attached_image(uint64_t *size);

#endif
