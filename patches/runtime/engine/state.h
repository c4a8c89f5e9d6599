/* The state of the process: data only. What starts it is engine/start.c. */

#ifndef PYPKG_STATE_H
#define PYPKG_STATE_H

#include "image/image.h"

#include <stdatomic.h>

#define PYPKG_EXTRACTED_WORDS 64

/* Who this process is. Written once, before any thread is started; `path` is NULL unless it is an application. */
struct pypkg_program {
    const char *path;       /* of this executable, absolute */
    char *const *arguments; /* the program's own, without argv[0], NULL at the end; NULL in an interpreter */
};

/* The image and the program are written once, when the process starts. The rest is atomic, so that no lock can be held
   across a fork. */
struct pypkg_state {
    struct pypkg_image image;
    bool ready;
    struct pypkg_program program;
    /* The virtual working directory: its entry number plus one; 0: the working directory is a real one. Read it with
       pypkg_cwd, because a child made by vfork has its own. */
    _Atomic uint32_t cwd;
    atomic_bool cwd_is_split;
    /* Some descriptor of this process is a virtual file or directory. */
    atomic_bool has_descriptors;
    /* A bit for each bundle that was extracted and compared. Bundles with larger numbers are compared each time. */
    _Atomic uint64_t extracted[PYPKG_EXTRACTED_WORDS];
};

extern struct pypkg_state pypkg_state;

/* The image in use, or NULL. */
static inline const struct pypkg_image *
pypkg_image(void)
{
    return pypkg_state.ready ? &pypkg_state.image : NULL;
}

/* Whether the image has a program: the module of its first entry point, which is copied to `out`. */
static inline bool
pypkg_find_main(struct pypkg_module *out)
{
    struct pypkg_entry_point first;
    return pypkg_state.ready && pypkg_entry_point_at(&pypkg_state.image, 0, &first)
        && pypkg_module_at(&pypkg_state.image, first.module, out);
}

static inline bool
pypkg_has_descriptors(void)
{
    return atomic_load_explicit(&pypkg_state.has_descriptors, memory_order_relaxed);
}

#endif
