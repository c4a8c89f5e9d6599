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

static uint8_t *
clear_slots(uint8_t *data, size_t size, uint64_t offset, uint32_t slots)
{
    if (slots == 0 || (slots & (slots - 1)) != 0 || !fits(offset, slots, 4, size)) {
        return NULL;
    }
    memset(data + offset, 0, (size_t)slots * 4);
    return data + offset;
}

static uint64_t
checksum_of(const uint8_t *data, size_t size, uint8_t codec, uint64_t offset, uint64_t stored, uint64_t old)
{
    return codec == PYPKG_CODEC_NONE && fits(offset, stored, 1, size) ? pypkg_xxh64(data + offset, stored) : old;
}

static void
repair_entries(uint8_t *data, size_t size, const struct pypkg_header *h)
{
    uint8_t *table = clear_slots(data, size, h->path_slots_offset, h->path_slot_count);

    for (uint32_t i = 0; fits(h->entries_offset, i + 1ull, sizeof(struct pypkg_entry), size) && i < h->entry_count;
         i++) {
        struct pypkg_entry entry;
        uint8_t *row = data + h->entries_offset + i * sizeof(entry);
        memcpy(&entry, row, sizeof(entry));
        if (!fits(h->strings_offset + entry.path_offset, entry.path_size, 1, size)) {
            continue;
        }
        entry.hash = pypkg_xxh64(data + h->strings_offset + entry.path_offset, entry.path_size);
        if (entry.type == PYPKG_FILE) {
            entry.checksum = checksum_of(data, size, entry.codec, entry.data_offset, entry.stored_size, entry.checksum);
        }
        memcpy(row, &entry, sizeof(entry));
        if (table != NULL) {
            put_slot(table, h->path_slot_count, entry.hash, i + 1);
        }
    }
}

static void
repair_modules(uint8_t *data, size_t size, const struct pypkg_header *h)
{
    uint8_t *table = clear_slots(data, size, h->module_slots_offset, h->module_slot_count);

    for (uint32_t i = 0; fits(h->modules_offset, i + 1ull, sizeof(struct pypkg_module), size) && i < h->module_count;
         i++) {
        struct pypkg_module module;
        uint8_t *row = data + h->modules_offset + i * sizeof(module);
        memcpy(&module, row, sizeof(module));
        if (!fits(h->strings_offset + module.name_offset, module.name_size, 1, size)) {
            continue;
        }
        module.hash = pypkg_xxh64(data + h->strings_offset + module.name_offset, module.name_size);
        module.checksum =
            checksum_of(data, size, module.codec, module.code_offset, module.code_stored_size, module.checksum);
        memcpy(row, &module, sizeof(module));
        if (table != NULL) {
            put_slot(table, h->module_slot_count, module.hash, i + 1);
        }
    }
}

static void
repair(uint8_t *data, size_t size)
{
    struct pypkg_header h;

    memcpy(&h, data, sizeof(h));
    memcpy(h.magic, "PYPKGIMG", 8);
    h.version = 1;
    h.header_size = sizeof(h);
    if (draw(8) != 0) {
        h.image_size = size;
        h.data_size = h.data_offset <= size ? size - h.data_offset : h.data_size;
    }
    memcpy(data, &h, sizeof(h));
    if (h.strings_offset > size) {
        return;
    }
    repair_entries(data, size, &h);
    repair_modules(data, size, &h);
    if (h.data_offset >= 8 && h.data_offset <= size) {
        uint64_t checksum = pypkg_xxh64(data, h.data_offset - 8);
        memcpy(data + h.data_offset - 8, &checksum, 8);
    }
}

/* --- one number of a table --- */

static uint64_t
interesting(const struct pypkg_header *h, size_t size, uint64_t old)
{
    const uint64_t values[] = {
        /* clang-format off */
        0, 1, 2, 3, 4, 7, 8, 40, 255, 256, 4095, 4096, 0x7fffffff, 0xffffffff, 0x7fffffffffffffff, UINT64_MAX,
        UINT64_MAX - 8, old + 1, old - 1, old + 8, old - 8, old << 1, old >> 1, ~old, old + size, size, size - 1, size + 1,
        h->strings_offset, h->strings_size, h->data_offset, h->data_size, h->entries_offset, h->children_offset,
        h->entry_count, h->entry_count - 1ull, h->child_count, h->child_count - 1ull, h->bundle_count, h->module_count,
        draw(16), draw((uint32_t)size), draw(h->entry_count), draw((uint32_t)h->strings_size),
        /* clang-format on */
    };
    return values[draw(sizeof(values) / sizeof(values[0]))];
}

struct field {
    uint8_t at, size;
};

static const struct field header_fields[] = {
    {16, 8},  {24, 8},  {32, 8},  {40, 8},  {48, 8},  {56, 8},  {64, 8},  {72, 8},
    {80, 8},  {88, 8},  {96, 8},  {104, 4}, {108, 4}, {112, 4}, {116, 4}, {120, 4},
    {124, 4}, {128, 8}, {136, 4}, {140, 4}, {144, 8}, {152, 4}, {156, 4},
};
static const struct field entry_fields[] = {
    {8, 4}, {12, 4}, {16, 4}, {20, 1}, {21, 1}, {22, 2}, {24, 4}, {28, 4}, {32, 8}, {40, 8}, {48, 8}, {56, 8},
};
static const struct field module_fields[] = {
    {8, 4}, {12, 4}, {16, 4}, {20, 1}, {21, 1}, {24, 8}, {32, 8}, {40, 8},
};
static const struct field bundle_fields[] = {{32, 4}, {36, 4}, {40, 4}, {44, 4}};
static const struct field number_fields[] = {{0, 4}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
change_number(uint8_t *data, size_t size)
{
    struct pypkg_header h;

    memcpy(&h, data, sizeof(h));
    const struct {
        uint64_t offset, count;
        size_t row;
        const struct field *fields;
        size_t field_count;
    } tables[] = {
        {0, 1, sizeof(h), header_fields, COUNT(header_fields)},
        {h.entries_offset, h.entry_count, sizeof(struct pypkg_entry), entry_fields, COUNT(entry_fields)},
        {h.entries_offset, h.entry_count, sizeof(struct pypkg_entry), entry_fields, COUNT(entry_fields)},
        {h.modules_offset, h.module_count, sizeof(struct pypkg_module), module_fields, COUNT(module_fields)},
        {h.bundles_offset, h.bundle_count, sizeof(struct pypkg_bundle), bundle_fields, COUNT(bundle_fields)},
        {h.children_offset, h.child_count, 4, number_fields, 1},
        {h.path_slots_offset, h.path_slot_count, 4, number_fields, 1},
    };
    size_t n = draw(COUNT(tables));
    if (tables[n].count == 0 || !fits(tables[n].offset, tables[n].count, tables[n].row, size)) {
        return;
    }
    const struct field *field = &tables[n].fields[draw((uint32_t)tables[n].field_count)];
    uint8_t *slot = data + tables[n].offset + draw((uint32_t)tables[n].count) * tables[n].row + field->at;
    uint64_t value = 0;
    memcpy(&value, slot, field->size);
    value = interesting(&h, size, value);
    memcpy(slot, &value, field->size);
}

/* Replace a part of the strings with one that is special in paths. */
static void
change_string(uint8_t *data, size_t size)
{
    static const char *const pieces[] = {"/",          "..",  ".",  "/../", "//",   "/snapshot",
                                         "/snapshot/", "app", "\0", "a",    "/proc"};
    struct pypkg_header h;

    memcpy(&h, data, sizeof(h));
    const char *piece = pieces[draw(COUNT(pieces))];
    size_t length = strlen(piece) > 0 ? strlen(piece) : 1;
    if (h.strings_size < length || !fits(h.strings_offset, h.strings_size, 1, size) || h.strings_size > UINT32_MAX) {
        return;
    }
    memcpy(data + h.strings_offset + draw((uint32_t)(h.strings_size - length + 1)), piece, length);
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
