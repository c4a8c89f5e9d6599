/* Where the image is: docs/image-format.md, "The locator".

   The writer finds the locator in the file by its magic, and fills it in. */

#include "image/image.h"

#include "os/memory.h"

struct locator {
    uint8_t magic[16];
    uint64_t image_address;
    uint64_t image_size;
};

/* volatile: the compiler must not replace reads with the zeros here. */
static const volatile struct locator locator __attribute__((aligned(16), used)) = {
    {0x8f, 0x50, 0x59, 0x50, 0x4b, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xa7, 0xd3, 0x5e, 0xc1, 0x96, 0xe4},
    0,
    0,
};

const void *
pypkg_attached_image(uint64_t *size)
{
    uint64_t address = locator.image_address;
    uintptr_t start = (uintptr_t)pypkg_program_start();

    *size = locator.image_size;
    if (address == 0) {
        return NULL;
    }
    if (address > UINTPTR_MAX - start) {
        *size = UINT64_MAX;
        address = 0;
    }
    return (const void *)(start + (uintptr_t)address);
}
