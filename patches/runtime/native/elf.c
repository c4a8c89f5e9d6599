/* The libraries that an ELF library needs. Every offset is checked: the bytes are part of the image, which is
   untrusted.

   Format: gabi.xinuos.com, "ELF Header", "Program Header", "Dynamic Section". */

#include "native/native.h"

#include <string.h>

enum { PT_LOAD_ = 1, PT_DYNAMIC_ = 2 };
enum { DT_NULL_ = 0, DT_NEEDED_ = 1, DT_STRTAB_ = 5, DT_STRSZ_ = 10, DT_SONAME_ = 14 };

/* A little-endian number of 2, 4 or 8 bytes; 0 if it is out of range. */
static uint64_t
read_number(const struct pypkg_elf *elf, uint64_t offset, unsigned size)
{
    uint64_t value = 0;

    if (elf->size < size || offset > elf->size - size) {
        return 0;
    }
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)elf->data[offset + i] << (8 * i);
    }
    return value;
}

static uint64_t
read_word(const struct pypkg_elf *elf, uint64_t offset)
{
    return read_number(elf, offset, elf->wide ? 8 : 4);
}

struct segment {
    uint64_t type, offset, address, file_size;
};

static bool
segment_at(const struct pypkg_elf *elf, uint64_t n, struct segment *out)
{
    uint64_t table = read_word(elf, elf->wide ? 32 : 28);
    uint64_t entry_size = read_number(elf, elf->wide ? 54 : 42, 2);
    uint64_t count = read_number(elf, elf->wide ? 56 : 44, 2);

    if (n >= count || entry_size < (elf->wide ? 56 : 32) || table > elf->size
        || entry_size * (n + 1) > elf->size - table) {
        return false;
    }
    uint64_t offset = table + entry_size * n;
    out->type = read_number(elf, offset, 4);
    out->offset = read_word(elf, offset + (elf->wide ? 8 : 4));
    out->address = read_word(elf, offset + (elf->wide ? 16 : 8));
    out->file_size = read_word(elf, offset + (elf->wide ? 32 : 16));
    return true;
}

/* The offset in the file of an address; false if no segment contains it. */
static bool
offset_of(const struct pypkg_elf *elf, uint64_t address, uint64_t *offset)
{
    struct segment segment;

    for (uint64_t n = 0; segment_at(elf, n, &segment); n++) {
        if (segment.type == PT_LOAD_ && address >= segment.address && address - segment.address < segment.file_size
            && segment.offset <= elf->size && address - segment.address < elf->size - segment.offset) {
            *offset = segment.offset + (address - segment.address);
            return true;
        }
    }
    return false;
}

/* The n-th value with this tag. */
static bool
dynamic_value(const struct pypkg_elf *elf, uint64_t tag, uint64_t n, uint64_t *value)
{
    uint64_t word = elf->wide ? 8 : 4;

    for (uint64_t at = 0; at + 2 * word <= elf->dynamic_size; at += 2 * word) {
        uint64_t found = read_word(elf, elf->dynamic + at);
        if (found == DT_NULL_) {
            return false;
        }
        if (found == tag && n-- == 0) {
            *value = read_word(elf, elf->dynamic + at + word);
            return true;
        }
    }
    return false;
}

bool
pypkg_elf_open(struct pypkg_elf *elf, const void *data, uint64_t size)
{
    struct segment segment;
    uint64_t address;

    *elf = (struct pypkg_elf){.data = data, .size = size};
    if (size < 52 || memcmp(data, "\177ELF", 4) != 0 || elf->data[5] != 1) {
        return false;
    }
    elf->wide = elf->data[4] == 2;
    for (uint64_t n = 0; segment_at(elf, n, &segment); n++) {
        if (segment.type == PT_DYNAMIC_ && segment.offset <= size && segment.file_size <= size - segment.offset) {
            elf->dynamic = segment.offset;
            elf->dynamic_size = segment.file_size;
        }
    }
    if (!dynamic_value(elf, DT_STRTAB_, 0, &address) || !offset_of(elf, address, &elf->strings)
        || !dynamic_value(elf, DT_STRSZ_, 0, &elf->strings_size)) {
        return false;
    }
    if (elf->strings_size > size - elf->strings) {
        elf->strings_size = size - elf->strings;
    }
    return true;
}

static const char *
string_of(const struct pypkg_elf *elf, uint64_t tag, uint64_t n)
{
    uint64_t offset;

    if (!dynamic_value(elf, tag, n, &offset) || offset >= elf->strings_size) {
        return NULL;
    }
    const char *text = (const char *)elf->data + elf->strings + offset;
    return memchr(text, '\0', (size_t)(elf->strings_size - offset)) != NULL ? text : NULL;
}

const char *
pypkg_elf_needed(const struct pypkg_elf *elf, uint64_t n)
{
    return string_of(elf, DT_NEEDED_, n);
}

const char *
pypkg_elf_soname(const struct pypkg_elf *elf)
{
    return string_of(elf, DT_SONAME_, 0);
}
