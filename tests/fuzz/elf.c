/* Fuzzing the reader of native libraries: the input is the library, in a heap block of exactly its size. */

#include "arena.h"

#include "native/native.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

static void
check_text(const char *text, const uint8_t *data, size_t size)
{
    const char *first = (const char *)data;

    if (text != NULL && (text < first || text + strlen(text) >= first + size)) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    struct pypkg_elf elf;
    const char *text;

    memcpy(copy, data, size);
    if (pypkg_elf_open(&elf, copy, size)) {
        for (uint64_t n = 0; n < 100 && (text = pypkg_elf_needed(&elf, n)) != NULL; n++) {
            check_text(text, copy, size);
        }
        check_text(pypkg_elf_soname(&elf), copy, size);
    }
    free(copy);
    return 0;
}
