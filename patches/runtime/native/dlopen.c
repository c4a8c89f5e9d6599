/* dlopen of a library in the snapshot: the loader needs a file, so it is extracted into the cache first (addons.c), or
   put into memory when there can be no cache (memory.c). */

#include "native/native.h"

#if defined(__linux__)
#include <sys/auxv.h>
#endif

/* The message pypkg_dlerror gives next, once, as dlerror does. */
static _Thread_local char message[1280];
static _Thread_local bool has_message;

static void *
fail(const char *path, const char *reason)
{
    snprintf(message, sizeof(message), "%s: %s", path, reason);
    has_message = true;
    return NULL;
}

/* Without a program interpreter there is no loader in this process: a static executable. */
static bool
can_load(void)
{
#if defined(__linux__)
    return getauxval(AT_BASE) != 0;
#else
    return true;
#endif
}

/* The cache failed for a reason that memory may make up for: once that is known, it is not tried again. */
static atomic_bool only_memory;

/* What the loader said of the extracted file. On a file system where nothing may be mapped to be executed, by noexec or
   by a security policy, it says only that mapping failed. */
static bool
explain_failure(struct pypkg_cache *cache)
{
    const char *said = dlerror();
    said = said != NULL ? said : "cannot be loaded";
    if (strstr(said, "failed to map segment") == NULL) {
        return pypkg_cache_fail(cache, PYPKG_CORRUPT, "%s", said);
    }
    return pypkg_cache_fail(cache, PYPKG_UNUSABLE, "%s; set PYPKG_NATIVE_CACHE_PATH to a directory that native libraries "
                            "can be loaded from", said);
}

static void *
open_from_cache(const struct pypkg_found *found, int flags, struct pypkg_cache *cache)
{
    char *real = pypkg_extract_to_cache(found, cache);
    void *handle = real != NULL ? dlopen(real, flags) : NULL;

    if (real != NULL && handle == NULL) {
        explain_failure(cache);
    }
    free(real);
    return handle;
}

static void *
open_extracted(const char *path, const struct pypkg_found *found, int flags)
{
    char error[768] = "", reason[384] = "";
    struct pypkg_cache *cache = NULL;

    if (!can_load()) {
        return fail(path, "this program is statically linked and cannot load native libraries; package it for a target "
                          "that can, such as linux-x64");
    }
    void *handle = atomic_load(&only_memory) ? pypkg_memory_load(found, flags, reason, sizeof(reason)) : NULL;
    if (handle == NULL && (cache = malloc(sizeof(*cache))) != NULL) {
        cache->error = error;
        cache->error_size = sizeof(error);
        handle = open_from_cache(found, flags, cache);
    }
    if (handle == NULL && cache != NULL && pypkg_may_use_memory(cache)) {
        handle = pypkg_memory_load(found, flags, reason, sizeof(reason));
        atomic_store(&only_memory, handle != NULL);
    }
    free(cache);
    if (handle == NULL) {
        size_t size = strlen(error);
        if (reason[0] != '\0' && size < sizeof(error)) {
            snprintf(error + size, sizeof(error) - size, " (from memory it cannot be loaded either: %s)", reason);
        }
        fail(path, size > 0 ? error : "out of memory");
    }
    return handle;
}

void *
pypkg_dlopen(const char *path, int flags)
{
    struct pypkg_route route;

    has_message = false;
    if (path == NULL || strchr(path, '/') == NULL) {
        return dlopen(path, flags);
    }
    pypkg_route(&route, "dlopen", AT_FDCWD, path, true);
    if (route.where == PYPKG_REAL && access(route.path, F_OK) < 0) {
        /* It may lead into the snapshot after all; if not, the loader says what it thinks of the path. */
        pypkg_rerouted(&route);
    }
    switch (route.where) {
    case PYPKG_REAL:
        return dlopen(route.path, flags);
    case PYPKG_VIRTUAL:
        return open_extracted(path, &route.found, flags);
    default:
        return fail(path, "cannot open shared object file: No such file or directory");
    }
}

char *
pypkg_dlerror(void)
{
    if (has_message) {
        has_message = false;
        return message;
    }
    return dlerror();
}
