/* dlopen of a library in the snapshot: the loader needs a file, so it is extracted into the cache first (addons.c). */

#include "vfs.h"

#if defined(__linux__)
#include <sys/auxv.h>
#endif

/* The message pypkg_dlerror gives next, once, as dlerror does. */
static _Thread_local char message[1024];
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

/* What the loader said of the extracted file. On a file system mounted noexec it says only that mapping failed. */
static void *
explain_failure(const char *path)
{
    const char *said = dlerror();
    said = said != NULL ? said : "cannot be loaded";
    if (strstr(said, "failed to map segment") == NULL) {
        return fail(path, said);
    }
    char reason[768];
    snprintf(reason, sizeof(reason), "%s; set PYPKG_NATIVE_CACHE_PATH to a directory on a file system that is not mounted "
             "noexec", said);
    return fail(path, reason);
}

static void *
open_extracted(const char *path, const struct pypkg_found *found, int flags)
{
    if (!can_load()) {
        return fail(path, "this program is statically linked and cannot load native libraries; package it for a target "
                          "that can, such as linux-x64");
    }
    char error[768];
    char *real = pypkg_extract(found, error, sizeof(error));
    if (real == NULL) {
        return fail(path, error);
    }
    void *handle = dlopen(real, flags);
    free(real);
    return handle != NULL ? handle : explain_failure(path);
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
