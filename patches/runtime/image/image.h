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
/* Flags of an entry. */
enum { PYPKG_WITHHELD = 1 };
enum {
    PYPKG_MODULE = 1,
    PYPKG_PACKAGE = 2,
    PYPKG_NAMESPACE = 3,
    PYPKG_EXTENSION = 4,
    PYPKG_EXTENSION_PACKAGE = 5,
};

/* The format that is read: its major version, and the flags of an image. A reader must know those of the low half. */
#define PYPKG_FORMAT 2
enum { PYPKG_FOLDED = 1, PYPKG_NO_REENTRY = 2, PYPKG_KNOWN_FLAGS = 3, PYPKG_CRITICAL_FLAGS = 0xffff };

/* Kinds of sections, and the flag of one that a reader must know. */
enum pypkg_section {
    PYPKG_ENTRIES = 1,
    PYPKG_PATH_SLOTS,
    PYPKG_CHILDREN,
    PYPKG_MODULES,
    PYPKG_MODULE_SLOTS,
    PYPKG_BUNDLES,
    PYPKG_ENTRY_POINTS,
    PYPKG_DICTIONARIES,
    PYPKG_STRINGS,
    PYPKG_SEARCH_PATH,
    PYPKG_MANIFEST,
    PYPKG_DATA,
    PYPKG_SECTION_KINDS,
};
enum { PYPKG_REQUIRED = 1 };

struct pypkg_header {
    uint8_t magic[8];
    uint16_t major;
    uint16_t minor;
    uint32_t flags;
    uint32_t header_size;
    uint32_t section_count;
    uint64_t image_size;
    uint64_t checked_size;
    int64_t mtime;
};

struct pypkg_section_row {
    uint32_t kind;
    uint32_t flags;
    uint64_t offset;
    uint64_t size;
};

struct pypkg_entry {
    uint64_t hash;
    uint32_t path_offset;
    uint32_t path_size;
    uint32_t name_offset;
    uint8_t type;
    uint8_t codec;
    uint16_t mode;
    uint16_t flags;
    uint16_t dictionary;
    uint32_t bundle;
    uint64_t data_offset;
    uint64_t stored_size;
    uint64_t size;
    uint64_t checksum;
};

struct pypkg_module {
    uint64_t hash;
    uint32_t name_offset;
    uint16_t name_size;
    uint16_t flags;
    uint32_t entry;
    uint8_t kind;
    uint8_t codec;
    uint16_t dictionary;
    uint64_t code_offset;
    uint64_t code_stored_size;
    uint64_t code_size;
    uint64_t checksum;
};

struct pypkg_bundle {
    uint8_t digest[32];
    uint32_t first;
    uint32_t count;
    uint32_t name_offset;
    uint32_t name_size;
};

struct pypkg_entry_point {
    uint32_t module;
    uint32_t flags;
    uint32_t name_offset;
    uint32_t name_size;
    uint32_t options_offset;
    uint32_t options_size;
};

struct pypkg_dictionary {
    uint64_t data_offset;
    uint64_t size;
    uint64_t checksum;
};

/* A section in the image: where it begins, and its rows (of one byte in strings, search path, manifest and data). */
struct pypkg_span {
    uint64_t offset;
    uint64_t count;
};

/* `sections` by kind; one that is not in the image has no rows. `mtime` is that of every entry. */
struct pypkg_image {
    const uint8_t *base;
    uint64_t size;
    uint64_t checked_size;
    int64_t mtime;
    uint32_t flags;
    struct pypkg_span sections[PYPKG_SECTION_KINDS];
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

/* --- fold.c --- */

/* The most bytes of a folded path: a character of two bytes may become one of three. */
#define PYPKG_MAX_FOLDED (PYPKG_MAX_PATH / 2 * 3 + 1)

/* Fold a path of at most PYPKG_MAX_PATH bytes: docs/image-format.md, "Folding". Returns the size of the result. */
size_t pypkg_fold(const char *path, size_t size, char out[PYPKG_MAX_FOLDED]);

/* Whether two paths fold to the same. */
bool pypkg_folds_alike(struct pypkg_text one, struct pypkg_text other);

/* --- sections.c --- */

/* Whether memory of this process can be `size` bytes long and begin at `data`. The numbers of an image have 64 bits on
   every processor; all that are checked against the size of one that fits are sizes and distances in memory too. */
static inline bool
pypkg_fits_memory(const void *data, uint64_t size)
{
    return size <= PTRDIFF_MAX && size <= UINTPTR_MAX - (uintptr_t)data;
}

/* Check the header and the range of every section. Returns NULL, or a message. `data` must outlive `image`. */
const char *pypkg_image_open(struct pypkg_image *image, const void *data, uint64_t size);

/* Whether header, tables and strings match their checksum. Contents have checksums of their own. */
bool pypkg_image_is_whole(const struct pypkg_image *image);

/* --- rows.c --- */

/* How many rows a table has; not for sections of bytes, which may have more than fit. */
static inline uint32_t
pypkg_count(const struct pypkg_image *image, enum pypkg_section kind)
{
    return (uint32_t)image->sections[kind].count;
}

/* Copy a row of a table: false when its number, or anything the row refers to but a dictionary, is out of range. */
bool pypkg_entry_at(const struct pypkg_image *image, uint32_t index, struct pypkg_entry *out);
bool pypkg_module_at(const struct pypkg_image *image, uint32_t index, struct pypkg_module *out);
bool pypkg_bundle_at(const struct pypkg_image *image, uint32_t index, struct pypkg_bundle *out);
bool pypkg_entry_point_at(const struct pypkg_image *image, uint32_t index, struct pypkg_entry_point *out);
bool pypkg_dictionary_at(const struct pypkg_image *image, uint32_t index, struct pypkg_dictionary *out);

/* The number in a row of a hash table or of the children; the row must exist. */
uint32_t pypkg_number_at(const struct pypkg_image *image, enum pypkg_section kind, uint64_t index);

/* The entry number of the n-th child of a directory (or member of a bundle), or -1. */
int64_t pypkg_child_at(const struct pypkg_image *image, uint64_t first, uint64_t count, uint64_t n);

struct pypkg_text pypkg_string(const struct pypkg_image *image, uint64_t offset, uint64_t size);
struct pypkg_text pypkg_entry_path(const struct pypkg_image *image, const struct pypkg_entry *entry);
struct pypkg_text pypkg_entry_name(const struct pypkg_image *image, const struct pypkg_entry *entry);

/* A section of bytes: the search path or the manifest. */
struct pypkg_text pypkg_section_text(const struct pypkg_image *image, enum pypkg_section kind);

/* The options of the first entry point, each ended by a NUL byte; none without an entry point. */
struct pypkg_text pypkg_image_options(const struct pypkg_image *image);

/* The size of a bundle's digest in hexadecimal, with its terminator. */
#define PYPKG_DIGEST_SIZE 65
void pypkg_bundle_digest(const struct pypkg_bundle *bundle, char out[PYPKG_DIGEST_SIZE]);

/* --- lookup.c --- */

/* Look up a canonical path below the root, without following links. Returns the entry number, or -1. */
int64_t pypkg_find_path(const struct pypkg_image *image, const char *path, size_t size, struct pypkg_entry *out);

/* Look up a module by its dotted name. Returns the module number, or -1. */
int64_t pypkg_find_module(const struct pypkg_image *image, const char *name, size_t size, struct pypkg_module *out);

/* --- decode.c --- */

/* Decode contents and verify size and checksum. Returns 0 or an errno value: EIO (corrupt), ENOMEM (also for contents
   that are larger than memory can be); for an entry also EISDIR (no file) and EACCES (withheld). */
int pypkg_entry_contents(const struct pypkg_image *image, const struct pypkg_entry *entry, struct pypkg_bytes *out);
int pypkg_module_code(const struct pypkg_image *image, const struct pypkg_module *module, struct pypkg_bytes *out);
void pypkg_release(struct pypkg_bytes *bytes);

/* --- locator.c --- */

/* The image that the loader mapped with this program and its size in bytes; NULL if none is attached. One at an address
   that this processor does not have gets a size that it does not have either. */
const void *pypkg_attached_image(uint64_t *size);

#endif
