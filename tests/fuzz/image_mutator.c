/* Mutations that keep an image an image: a number in a table is replaced with an interesting one, and hashes, hash
   tables and checksums are computed again, so that the change is not only found by them. Independent of the runtime,
   except for its hash function. Format: docs/image-format.md. */

#include "image/image.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed);

static uint32_t state;

static uint32_t
draw(uint32_t below)
{
    state = state * 1664525u + 1013904223u;
    return below == 0 ? 0 : (state >> 8) % below;
}

static bool
fits(uint64_t offset, uint64_t count, uint64_t row, size_t size)
{
    return offset <= size && count <= size / row && count * row <= size - offset;
}

/* Where a section is, by the directory; nothing for one that is missing. */
struct span {
    uint64_t offset, size;
};

static struct span
find_section(const uint8_t *data, size_t size, uint32_t kind)
{
    struct pypkg_header h;
    struct pypkg_section_row row;

    memcpy(&h, data, sizeof(h));
    for (uint32_t i = 0; i < h.section_count && fits(h.header_size, i + 1ull, sizeof(row), size); i++) {
        memcpy(&row, data + h.header_size + (uint64_t)i * sizeof(row), sizeof(row));
        if (row.kind == kind && fits(row.offset, row.size, 1, size)) {
            return (struct span){row.offset, row.size};
        }
    }
    return (struct span){0, 0};
}

/* --- repair --- */

static void
put_slot(uint8_t *table, uint32_t slots, uint64_t hash, uint32_t number)
{
    for (uint32_t probe = 0; probe < slots; probe++) {
        uint8_t *slot = table + 4 * ((hash + probe) & (slots - 1));
        uint32_t value;
        memcpy(&value, slot, 4);
        if (value == 0) {
            memcpy(slot, &number, 4);
            return;
        }
    }
}

/* Empty a hash table and return the number of its slots: 0 if it is none. */
static uint32_t
clear_slots(uint8_t *data, struct span table)
{
    uint32_t slots = (uint32_t)(table.size / 4);

    if ((slots & (slots - 1)) != 0) {
        return 0;
    }
    memset(data + table.offset, 0, table.size);
    return slots;
}

static uint64_t
checksum_of(const uint8_t *data, size_t size, uint8_t codec, uint64_t offset, uint64_t stored, uint64_t old)
{
    return codec == PYPKG_CODEC_NONE && fits(offset, stored, 1, size) ? pypkg_xxh64(data + offset, stored) : old;
}

static uint64_t
path_hash(const uint8_t *path, uint32_t size, uint32_t flags)
{
    static char folded[PYPKG_MAX_FOLDED];

    if ((flags & PYPKG_FOLDED) == 0 || size > PYPKG_MAX_PATH) {
        return pypkg_xxh64(path, size);
    }
    return pypkg_xxh64(folded, pypkg_fold((const char *)path, size, folded));
}

static void
repair_entries(uint8_t *data, size_t size, uint32_t flags)
{
    struct span rows = find_section(data, size, PYPKG_ENTRIES), strings = find_section(data, size, PYPKG_STRINGS);
    struct span table = find_section(data, size, PYPKG_PATH_SLOTS);
    struct pypkg_entry entry;
    uint32_t slots = clear_slots(data, table);

    for (uint32_t i = 0; i < rows.size / sizeof(entry); i++) {
        uint8_t *row = data + rows.offset + i * sizeof(entry);
        memcpy(&entry, row, sizeof(entry));
        if (!fits(strings.offset + entry.path_offset, entry.path_size, 1, size)) {
            continue;
        }
        entry.hash = path_hash(data + strings.offset + entry.path_offset, entry.path_size, flags);
        if (entry.type == PYPKG_FILE) {
            entry.checksum = checksum_of(data, size, entry.codec, entry.data_offset, entry.stored_size, entry.checksum);
        }
        memcpy(row, &entry, sizeof(entry));
        put_slot(data + table.offset, slots, entry.hash, i + 1);
    }
}

static void
repair_modules(uint8_t *data, size_t size)
{
    struct span rows = find_section(data, size, PYPKG_MODULES), strings = find_section(data, size, PYPKG_STRINGS);
    struct span table = find_section(data, size, PYPKG_MODULE_SLOTS);
    struct pypkg_module module;
    uint32_t slots = clear_slots(data, table);

    for (uint32_t i = 0; i < rows.size / sizeof(module); i++) {
        uint8_t *row = data + rows.offset + i * sizeof(module);
        memcpy(&module, row, sizeof(module));
        if (!fits(strings.offset + module.name_offset, module.name_size, 1, size)) {
            continue;
        }
        module.hash = pypkg_xxh64(data + strings.offset + module.name_offset, module.name_size);
        module.checksum =
            checksum_of(data, size, module.codec, module.code_offset, module.code_stored_size, module.checksum);
        memcpy(row, &module, sizeof(module));
        put_slot(data + table.offset, slots, module.hash, i + 1);
    }
}

static void
repair_dictionaries(uint8_t *data, size_t size)
{
    struct span rows = find_section(data, size, PYPKG_DICTIONARIES);
    struct pypkg_dictionary dictionary;

    for (uint32_t i = 0; i < rows.size / sizeof(dictionary); i++) {
        uint8_t *row = data + rows.offset + i * sizeof(dictionary);
        memcpy(&dictionary, row, sizeof(dictionary));
        dictionary.checksum =
            checksum_of(data, size, PYPKG_CODEC_NONE, dictionary.data_offset, dictionary.size, dictionary.checksum);
        memcpy(row, &dictionary, sizeof(dictionary));
    }
}

static void
repair(uint8_t *data, size_t size)
{
    struct pypkg_header h;

    memcpy(&h, data, sizeof(h));
    memcpy(h.magic, "PYPKGIMG", 8);
    h.major = PYPKG_FORMAT;
    if (draw(8) != 0) {
        h.header_size = sizeof(h);
        h.image_size = size;
    }
    memcpy(data, &h, sizeof(h));
    repair_dictionaries(data, size);
    repair_entries(data, size, h.flags);
    repair_modules(data, size);
    if (fits(h.checked_size, 1, 8, size)) {
        uint64_t checksum = pypkg_xxh64(data, h.checked_size);
        memcpy(data + h.checked_size, &checksum, 8);
    }
}

/* --- one number of a table --- */

static uint64_t
interesting(const uint8_t *data, size_t size, uint64_t old)
{
    struct span section = find_section(data, size, draw(PYPKG_SECTION_KINDS));
    uint64_t rows = find_section(data, size, PYPKG_ENTRIES).size / sizeof(struct pypkg_entry);
    const uint64_t values[] = {
        /* clang-format off */
        0, 1, 2, 3, 4, 7, 8, 40, 255, 256, 4095, 4096, 0x7fffffff, 0xffffffff, 0x7fffffffffffffff, UINT64_MAX,
        UINT64_MAX - 8, old + 1, old - 1, old + 8, old - 8, old << 1, old >> 1, ~old, old + size, size, size - 1, size + 1,
        section.offset, section.size, section.size / 4, section.size / 4 - 1, section.offset + section.size, rows, rows - 1,
        draw(16), draw((uint32_t)size), draw((uint32_t)rows), draw((uint32_t)section.size),
        /* clang-format on */
    };
    return values[draw(sizeof(values) / sizeof(values[0]))];
}

struct field {
    uint8_t at, size;
};

static const struct field header_fields[] = {{8, 2}, {10, 2}, {12, 4}, {16, 4}, {20, 4}, {24, 8}, {32, 8}, {40, 8}};
static const struct field section_fields[] = {{0, 4}, {4, 4}, {8, 8}, {16, 8}};
static const struct field entry_fields[] = {
    {8, 4}, {12, 4}, {16, 4}, {20, 1}, {21, 1}, {22, 2}, {24, 2}, {26, 2}, {28, 4}, {32, 8}, {40, 8}, {48, 8}, {56, 8},
};
static const struct field module_fields[] = {
    {8, 4}, {12, 2}, {14, 2}, {16, 4}, {20, 1}, {21, 1}, {22, 2}, {24, 8}, {32, 8}, {40, 8}, {48, 8},
};
static const struct field bundle_fields[] = {{32, 4}, {36, 4}, {40, 4}, {44, 4}};
static const struct field entry_point_fields[] = {{0, 4}, {4, 4}, {8, 4}, {12, 4}, {16, 4}, {20, 4}};
static const struct field dictionary_fields[] = {{0, 8}, {8, 8}, {16, 8}};
static const struct field number_fields[] = {{0, 4}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
change_number(uint8_t *data, size_t size)
{
    struct pypkg_header h;

    memcpy(&h, data, sizeof(h));
    const struct {
        struct span span;
        size_t row;
        const struct field *fields;
        size_t field_count;
    } tables[] = {
        {{0, sizeof(h)}, sizeof(h), header_fields, COUNT(header_fields)},
        {{h.header_size, (uint64_t)h.section_count * 24}, 24, section_fields, COUNT(section_fields)},
        {find_section(data, size, PYPKG_ENTRIES), sizeof(struct pypkg_entry), entry_fields, COUNT(entry_fields)},
        {find_section(data, size, PYPKG_ENTRIES), sizeof(struct pypkg_entry), entry_fields, COUNT(entry_fields)},
        {find_section(data, size, PYPKG_MODULES), sizeof(struct pypkg_module), module_fields, COUNT(module_fields)},
        {find_section(data, size, PYPKG_BUNDLES), sizeof(struct pypkg_bundle), bundle_fields, COUNT(bundle_fields)},
        {find_section(data, size, PYPKG_ENTRY_POINTS), sizeof(struct pypkg_entry_point), entry_point_fields,
         COUNT(entry_point_fields)},
        {find_section(data, size, PYPKG_DICTIONARIES), sizeof(struct pypkg_dictionary), dictionary_fields,
         COUNT(dictionary_fields)},
        {find_section(data, size, PYPKG_CHILDREN), 4, number_fields, 1},
        {find_section(data, size, PYPKG_PATH_SLOTS), 4, number_fields, 1},
    };
    size_t n = draw(COUNT(tables));
    uint64_t count = tables[n].span.size / tables[n].row;
    if (count == 0 || !fits(tables[n].span.offset, count, tables[n].row, size)) {
        return;
    }
    const struct field *field = &tables[n].fields[draw((uint32_t)tables[n].field_count)];
    uint8_t *slot = data + tables[n].span.offset + draw((uint32_t)count) * tables[n].row + field->at;
    uint64_t value = 0;
    memcpy(&value, slot, field->size);
    value = interesting(data, size, value);
    memcpy(slot, &value, field->size);
}

/* Replace a part of the strings with one that is special in paths. */
static void
change_string(uint8_t *data, size_t size)
{
    static const char *const pieces[] = {"/",          "..",  ".",  "/../", "//",   "/snapshot",
                                         "/snapshot/", "app", "\0", "a",    "/proc"};
    struct span strings = find_section(data, size, PYPKG_STRINGS);
    const char *piece = pieces[draw(COUNT(pieces))];
    size_t length = strlen(piece) > 0 ? strlen(piece) : 1;

    if (strings.size >= length) {
        memcpy(data + strings.offset + draw((uint32_t)(strings.size - length + 1)), piece, length);
    }
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
    state = seed;
    uint32_t kind = draw(8);
    if (kind < 3 || size < sizeof(struct pypkg_header)) {
        size = LLVMFuzzerMutate(data, size, most);
    }
    else {
        for (uint32_t n = draw(3) + 1; n > 0; n--) {
            if (kind == 3) {
                change_string(data, size);
            }
            else {
                change_number(data, size);
            }
        }
    }
    if (size >= sizeof(struct pypkg_header) && draw(8) != 0) {
        repair(data, size);
    }
    return size;
}
