/* Native addons and programs of the snapshot: extracted into the cache, or loaded from memory. */

#ifndef PYPKG_NATIVE_H
#define PYPKG_NATIVE_H

#include "os/cache.h"
#include "paths/paths.h"

/* Why a file cannot be extracted into the cache. */
enum pypkg_cache_failure {
    PYPKG_CACHE_WORKS,
    PYPKG_CACHE_UNUSABLE, /* no directory, or read-only, full, mounted noexec: use memory instead */
    PYPKG_CACHE_UNSAFE,   /* other users could change it */
    PYPKG_CACHE_CORRUPT,  /* the image is */
};

/* An operation on the cache. `path` is the current file or directory, for messages and for the loader. */
struct pypkg_cache {
    char path[2 * PYPKG_MAX_PATH];
    size_t size;
    bool chosen; /* the user named the directory: PYPKG_NATIVE_CACHE_PATH */
    enum pypkg_cache_failure failure;
    char *error;
    size_t error_size;
};

/* --- cache_dir.c --- */

/* Record a failure. Returns false. The first form takes the reason from errno. */
bool pypkg_cache_fail_errno(struct pypkg_cache *cache, const char *verb);
bool pypkg_cache_fail(struct pypkg_cache *cache, enum pypkg_cache_failure failure, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether memory may be used instead of the cache after its failure. */
bool pypkg_may_use_memory(const struct pypkg_cache *cache);

/* Append a slash and a name to cache->path. */
bool pypkg_cache_append(struct pypkg_cache *cache, const char *name, size_t size);

/* The path of <cache>/pypkg, which need not exist. False if the environment names no directory. */
bool pypkg_cache_path(char *out, size_t size);

/* Open the directory <cache>/pypkg, and create it if it is missing. Returns a descriptor, or -1. */
int pypkg_cache_open(struct pypkg_cache *cache);

/* Open a directory in `parent`, and create it if it is missing. Returns a descriptor, or -1. `parent` stays open. */
int pypkg_cache_enter(struct pypkg_cache *cache, int parent, const char *name, size_t size);

/* --- cache_file.c --- */

/* Write the file `name` in `directory`, atomically. `top` is <cache>/pypkg. */
bool pypkg_cache_write(struct pypkg_cache *cache, int top, int directory, const char *name,
                       const struct pypkg_bytes *bytes, bool executable);

/* Remove the temporary files that killed processes left in `top`. */
void pypkg_cache_clean(int top);

/* --- extract.c --- */

/* Extract a file, and with it all files of its bundle, into the cache. Returns its real path, to be freed; or NULL:
   cache->error and cache->failure say why. */
char *pypkg_extract(const struct pypkg_found *found, struct pypkg_cache *cache);

/* --- program.c --- */

/* Extract a program, or put it into memory if the cache cannot be used. Returns its real path, to be freed; or NULL
   and a message in `error`. */
char *pypkg_extract_program(const struct pypkg_found *found, char *error, size_t error_size);

/* --- memload.c --- */

/* dlopen from memory, after the libraries of its bundle that it needs. NULL: `reason` is one clause without a
   subject. */
void *pypkg_memload_library(const struct pypkg_found *found, int flags, char *reason, size_t reason_size);

/* Put a program into memory. Returns its path, to be freed; or NULL with a reason. exec closes its descriptor, but not
   that of a script, which its interpreter opens again. */
char *pypkg_memload_program(const struct pypkg_found *found, char *reason, size_t reason_size);

/* The program was started, or could not be: close its descriptor if the path is one of memory. errno is not changed. */
void pypkg_memload_close(const char *path);

/* --- elf.c --- */

/* The dynamic section of a library, whose file is in memory. */
struct pypkg_elf {
    const uint8_t *data;
    uint64_t size;
    bool wide; /* 64 bits */
    uint64_t dynamic;
    uint64_t dynamic_size;
    uint64_t strings;
    uint64_t strings_size;
};

/* Find the dynamic section. False: not a little-endian ELF file, or one without a readable dynamic section. */
bool pypkg_elf_open(struct pypkg_elf *elf, const void *data, uint64_t size);

/* The n-th DT_NEEDED, and DT_SONAME; NULL if the file has none. */
const char *pypkg_elf_needed(const struct pypkg_elf *elf, uint64_t n);
const char *pypkg_elf_soname(const struct pypkg_elf *elf);

#endif
