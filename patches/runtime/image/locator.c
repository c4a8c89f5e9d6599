/* Where the image is: docs/image-format.md, "Where the image is: the locator".

   The writer finds the locator in the file by its magic, and fills it in. For the note the linker creates a PT_NOTE
   program header and a section header, which the writer changes to those of the image. */

#include "image/image.h"

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

#ifdef __ELF__

/* An ELF note (gabi, "Note Section"): sizes, type, name padded to 4 bytes, descriptor. */
struct note {
    uint32_t name_size;
    uint32_t description_size;
    uint32_t type;
    char name[8];
    uint32_t description;
};

static const struct note note __attribute__((section(".note.pypkg"), aligned(16), used, retain)) = {
    6, 4, 1, "pypkg", 1,
};

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static const char *
program_start(void)
{
    return __ehdr_start;
}

#endif

const void *
pypkg_attached_image(uint64_t *size)
{
    uint64_t address = locator.image_address;
    *size = locator.image_size;
    if (address == 0) {
        return NULL;
    }
    return (const void *)((uintptr_t)program_start() + (uintptr_t)address);
}
