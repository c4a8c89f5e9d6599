/* What the parts of the addon cache share: cachedir.c (whose directory it is), cachefile.c and addons.c (what is written
   there), memory.c (what is done without it) and elf.c (what a library needs). */

#ifndef PYPKG_ADDONS_H
#define PYPKG_ADDONS_H

#include "engine/vfs.h"

/* Why something cannot come from the cache. */
enum pypkg_trouble {
    PYPKG_NO_TROUBLE,
    PYPKG_UNUSABLE, /* read-only, full, mounted noexec, no place at all: memory may serve instead */
    PYPKG_REFUSED,  /* others could change it */
    PYPKG_CORRUPT,  /* the image */
};

/* Work on the cache. `path` is what is being worked on, for messages and for the loader. */
struct pypkg_cache {
    char path[2 * PYPKG_MAX_PATH];
    size_t size;
    bool chosen; /* the user named the directory: PYPKG_NATIVE_CACHE_PATH */
    enum pypkg_trouble trouble;
    char *error;
    size_t error_size;
};

/* --- cachedir.c --- */

/* Note what went wrong: false, so that it can be returned. The first form takes the reason from errno. */
bool pypkg_cache_failed(struct pypkg_cache *cache, const char *verb);
bool pypkg_cache_fail(struct pypkg_cache *cache, enum pypkg_trouble trouble, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool pypkg_cache_append(struct pypkg_cache *cache, const char *name, size_t size);

/* The directory <cache>/pypkg, made when it is missing: a descriptor, or -1. */
int pypkg_cache_open(struct pypkg_cache *cache);

/* One level down, made when it is missing: a descriptor, or -1. `parent` stays open. */
int pypkg_cache_enter(struct pypkg_cache *cache, int parent, const char *name, size_t size);

/* Can nobody but this user and root change it? */
bool pypkg_is_ours(const struct stat *status);

/* --- cachefile.c --- */

/* Put bytes at `name` in `directory`, whole or not at all. `top` is <cache>/pypkg. */
bool pypkg_cache_write(struct pypkg_cache *cache, int top, int directory, const char *name,
                       const struct pypkg_bytes *bytes, mode_t mode);

/* Remove what killed processes left half-written in `top`. */
void pypkg_cache_clean(int top);

/* --- addons.c --- */

/* As pypkg_extract, but only into the cache. NULL: cache->error and cache->trouble say why. */
char *pypkg_extract_to_cache(const struct pypkg_found *found, struct pypkg_cache *cache);

/* May memory take the cache's place after this trouble? */
bool pypkg_may_use_memory(const struct pypkg_cache *cache);

/* The contents of an entry, or of what it links to. false: the reason is an errno value in `status`, or
   PYPKG_OUTSIDE. */
bool pypkg_linked_contents(const struct pypkg_entry *entry, struct pypkg_bytes *bytes, int *status);

/* --- memory.c --- */

/* dlopen from memory, with those of its bundle it needs. NULL: `reason` is one clause without a subject. */
void *pypkg_memory_load(const struct pypkg_found *found, int flags, char *reason, size_t reason_size);

/* A program in memory: its path, to be freed; or NULL with a reason. The descriptor is closed by exec, except for
   scripts, whose interpreter opens it again. */
char *pypkg_memory_program(const struct pypkg_found *found, char *reason, size_t reason_size);

/* --- elf.c --- */

/* The dynamic section of a library that lies in memory as it does in its file. */
struct pypkg_elf {
    const uint8_t *data;
    uint64_t size;
    bool wide; /* 64 bits */
    uint64_t dynamic;
    uint64_t dynamic_size;
    uint64_t strings;
    uint64_t strings_size;
};

/* false: not a little-endian ELF file, or without a dynamic section that can be read. */
bool pypkg_elf_open(struct pypkg_elf *elf, const void *data, uint64_t size);

/* The n-th name in DT_NEEDED, and DT_SONAME; NULL when there is none. */
const char *pypkg_elf_needed(const struct pypkg_elf *elf, uint64_t n);
const char *pypkg_elf_soname(const struct pypkg_elf *elf);

#endif
