/* dlopen of a library in the snapshot. The loader needs a file: it is extracted into the cache (extract.c), or put into
   memory if the cache cannot be used (memload.c). */

#include "engine/reroute.h"
#include "native/native.h"
#include "os/process.h"
#include "posix/front.h"

/* The message that the next pypkg_dlerror returns, once, as dlerror does. */
static _Thread_local char message[1280];
static _Thread_local bool has_message;

static void *
fail(const char *path, const char *reason)
{
    snprintf(message, sizeof(message), "%s: %s", path, reason);
    has_message = true;
    return NULL;
}

/* The cache failed and memory worked: from then on the cache is not tried again. */
static atomic_bool only_memory;

/* Record the loader's message about the extracted file. */
static bool
explain_failure(struct pypkg_cache *cache)
{
    const char *text = dlerror();
    text = text != NULL ? text : "cannot be loaded";
    if (!pypkg_forbids_mapping(text)) {
        return pypkg_cache_fail(cache, PYPKG_CACHE_CORRUPT, "%s", text);
    }
    return pypkg_cache_fail(cache, PYPKG_CACHE_UNUSABLE,
                            "%s; set PYPKG_NATIVE_CACHE_PATH to a directory that native libraries "
                            "can be loaded from",
                            text);
}

static void *
open_from_cache(const struct pypkg_found *found, int flags, struct pypkg_cache *cache)
{
    char *real = pypkg_extract(found, cache);
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

    if (!pypkg_has_loader()) {
        return fail(path,
                    "this program is statically linked and cannot load native libraries; package it for a target "
                    "that can, such as linux-x64");
    }
    void *handle = atomic_load(&only_memory) ? pypkg_memload_library(found, flags, reason, sizeof(reason)) : NULL;
    if (handle == NULL && (cache = malloc(sizeof(*cache))) != NULL) {
        cache->error = error;
        cache->error_size = sizeof(error);
        handle = open_from_cache(found, flags, cache);
    }
    if (handle == NULL && cache != NULL && pypkg_may_use_memory(cache)) {
        handle = pypkg_memload_library(found, flags, reason, sizeof(reason));
        atomic_store(&only_memory, handle != NULL);
    }
    free(cache);
    if (handle == NULL) {
        size_t size = strlen(error);
        if (reason[0] != '\0' && size < sizeof(error)) {
            snprintf(error + size, sizeof(error) - size, " (loading it from memory failed too: %s)", reason);
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
        /* If it does not lead into the snapshot either, the error is the loader's. */
        pypkg_is_rerouted(&route);
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
