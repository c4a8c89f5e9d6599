/* The snapshot core of pypkg: reading the image in place. Knows nothing of Python.

   The format is docs/image-format.md; the structures below are its tables, field for field.
   The image is untrusted: no function here reads outside [image->base, image->base + image->size),
   whatever the bytes say. All functions are thread-safe: an opened image never changes. */

#ifndef PYPKG_H
#define PYPKG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PYPKG_ROOT "/snapshot"
#define PYPKG_ROOT_NAME "snapshot"
#define PYPKG_ROOT_SIZE 9

/* A path below the root has at most this many bytes (docs/image-format.md, "Entry"). */
#define PYPKG_MAX_PATH 4095
/* As every usual file system: looking for a longer name is ENAMETOOLONG. */
#define PYPKG_MAX_NAME 255
/* As Linux: more symbolic links than this in one lookup are ELOOP. */
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

/* Bytes in the image that have no terminator. `data` is NULL when the reference was bad. */
struct pypkg_text {
    const char *data;
    size_t size;
};

/* Decoded contents: a view of the mapping, or memory to be freed with pypkg_release. */
struct pypkg_bytes {
    const uint8_t *data;
    size_t size;
    void *owned;
};

/* What a path led to. `in_directory`: when it led nowhere, all but its last name did. `slash`: there is one behind the last
   name, of the path or of the link it ended in; `.` and `..` are no names. */
struct pypkg_found {
    uint32_t index;
    bool in_directory;
    bool slash;
    struct pypkg_entry entry;
};

/* --- xxh64.c --- */

uint64_t pypkg_xxh64(const void *data, size_t size);

/* --- snapshot.c --- */

/* Check the header and the place of every table. Returns NULL, or one sentence saying what is wrong. */
const char *pypkg_image_open(struct pypkg_image *image, const void *data, uint64_t size);

/* Are header, tables and strings what the writer wrote? Contents have checksums of their own. */
bool pypkg_image_is_whole(const struct pypkg_image *image);

/* Table rows, checked: false when the number or anything the row refers to is out of range. */
bool pypkg_entry_at(const struct pypkg_image *image, uint32_t index, struct pypkg_entry *out);
bool pypkg_module_at(const struct pypkg_image *image, uint32_t index, struct pypkg_module *out);
bool pypkg_bundle_at(const struct pypkg_image *image, uint32_t index, struct pypkg_bundle *out);

/* The n-th child of a directory (or member of a bundle): its entry number, or -1. */
int64_t pypkg_child_at(const struct pypkg_image *image, uint64_t first, uint64_t count, uint64_t n);

struct pypkg_text pypkg_string(const struct pypkg_image *image, uint64_t offset, uint64_t size);
struct pypkg_text pypkg_entry_path(const struct pypkg_image *image, const struct pypkg_entry *entry);
struct pypkg_text pypkg_entry_name(const struct pypkg_image *image, const struct pypkg_entry *entry);

/* Exact, canonical path below the root, no links followed: the entry number, or -1. */
int64_t pypkg_find_path(const struct pypkg_image *image, const char *path, size_t size, struct pypkg_entry *out);

/* Dotted name: the module number, or -1. */
int64_t pypkg_find_module(const struct pypkg_image *image, const char *name, size_t size, struct pypkg_module *out);

/* Resolve `path`, relative to the directory `start` (canonical, below the root; data NULL: "/" above the snapshot), as
   a kernel does: links, `.`, `..`, repeated slashes, mounts. `follow` says whether a link in last place is followed.
   Returns 0, an errno value, or PYPKG_OUTSIDE with the absolute real path in `outside` (PYPKG_MAX_PATH + 1 bytes). */
#define PYPKG_OUTSIDE (-1)
int pypkg_resolve(const struct pypkg_image *image, struct pypkg_text start, const char *path, bool follow,
                  struct pypkg_found *out, char *outside);

/* --- mounts.c --- */

/* Real directories (or files) served below the root. A table never changes; a new one takes its place. */
struct pypkg_mount {
    const char *path; /* canonical, below the root */
    size_t path_size;
    const char *real; /* absolute */
    size_t real_size;
};

struct pypkg_mounts {
    const struct pypkg_mounts *previous; /* kept: another thread may be reading it */
    size_t count;
    struct pypkg_mount items[];
};

/* Serve `real`, an absolute path, under `path`, which begins with "/snapshot/". One more mount on the same path takes
   the place of the first. Returns 0 or an errno value: EINVAL for paths that are not as said, ENOMEM. */
int pypkg_mount_add(const char *path, const char *real);

/* Take a mount away: 0, or EINVAL when there is none at this path. */
int pypkg_mount_remove(const char *path);

/* The mounts there are, or NULL. */
const struct pypkg_mounts *pypkg_mounts(void);

/* The innermost mount that the path (canonical, below the root) is or lies below, or NULL. */
const struct pypkg_mount *pypkg_mount_over(const struct pypkg_mounts *mounts, const char *path, size_t size);

/* Does a mount lie somewhere below the path? */
bool pypkg_leads_to_mount(const struct pypkg_mounts *mounts, const char *path, size_t size);

/* Mounts by pattern: a function that is asked about every path that leads into the snapshot (absolute, without `.`,
   `..` and double slashes) and may give a real path for it; NULL: none. */
typedef bool (*pypkg_mount_hook)(const char *path, char *real, size_t real_size);
void pypkg_set_mount_hook(pypkg_mount_hook hook);
pypkg_mount_hook pypkg_get_mount_hook(void);

/* --- decode.c --- */

/* Contents after decoding, size and checksum verified. Returns 0, EIO (corrupt) or ENOMEM. */
int pypkg_entry_contents(const struct pypkg_image *image, const struct pypkg_entry *entry, struct pypkg_bytes *out);
int pypkg_module_code(const struct pypkg_image *image, const struct pypkg_module *module, struct pypkg_bytes *out);
void pypkg_release(struct pypkg_bytes *bytes);

/* --- locator.c --- */

/* The image the loader mapped with this program: its first byte and size; NULL when none is attached. */
const void *pypkg_located_image(uint64_t *size);

/* --- state.c --- */

/* Open the attached image and make the redirected calls see it. Returns NULL (also when there is no image), or one
   sentence. Call once, before any thread is started. */
const char *pypkg_start(void);

/* As pypkg_start, with an image from elsewhere (tests). It must stay mapped. */
const char *pypkg_start_with(const void *data, uint64_t size);

/* The image in use, or NULL. */
const struct pypkg_image *pypkg_image(void);

#endif
