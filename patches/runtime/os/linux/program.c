/* Where the program is, in memory and in its file.

   For the note the linker creates a PT_NOTE program header and a section header, which the writer of executables changes
   to those of the image: docs/image-format.md, "The locator". */

#include "os/memory.h"

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

const void *
pypkg_program_start(void)
{
    return __ehdr_start;
}
