/* Opening the image when the process starts. */

#include "engine/start.h"

#include "engine/state.h"
#include "os/memory.h"

const char *
pypkg_start_with(const void *data, uint64_t size)
{
    const uint8_t *bytes = data;

    pypkg_state.ready = false;
    /* One that does not fit has no last bytes to look at; pypkg_image_open refuses it. */
    if (size < sizeof(struct pypkg_header) || !pypkg_is_readable(bytes)
        || (pypkg_fits_memory(data, size) && !pypkg_is_readable(bytes + size - 8))) {
        return "the image is truncated";
    }
    const char *problem = pypkg_image_open(&pypkg_state.image, data, size);
#if !defined(PYPKG_UNCHECKED) /* for tests of what the checksums protect */
    if (problem == NULL && !pypkg_image_is_whole(&pypkg_state.image)) {
        problem = "the image is corrupt: its tables do not match their checksum";
    }
#endif
    pypkg_state.ready = problem == NULL;
    pypkg_watch_forks();
    return problem;
}

const char *
pypkg_start(void)
{
    uint64_t size;
    const void *data = pypkg_attached_image(&size);
    return data == NULL ? NULL : pypkg_start_with(data, size);
}
