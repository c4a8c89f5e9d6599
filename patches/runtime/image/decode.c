/* The contents of entries and modules: gzip, brotli or zstd; size and checksum are verified.
   Format: docs/image-format.md, "Entry" (codec, sizes, checksum), "Module" and "Dictionary". */

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

/* How contents are stored: `size` and `checksum` are those of the decoded bytes. */
struct stored {
    const uint8_t *data;
    uint64_t stored_size;
    uint64_t size;
    uint64_t checksum;
    uint8_t codec;
    uint16_t dictionary;
};

static bool
is_checksum(const void *data, size_t size, uint64_t checksum)
{
#if defined(PYPKG_UNCHECKED) /* for tests of what the checksums protect */
    (void)data, (void)size, (void)checksum;
    return true;
#else
    return pypkg_xxh64(data, size) == checksum;
#endif
}

#if !defined(PYPKG_WITHOUT_CODECS)

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

/* zlib counts in unsigned int, so larger contents are decoded in pieces of this size. */
#define ZLIB_PIECE ((uint64_t)1 << 30)

static bool
decode_gzip(const uint8_t *stored, uint64_t stored_size, uint8_t *out, uint64_t size)
{
    z_stream stream;
    int status = Z_OK;
    uint64_t taken = 0, made = 0;

    memset(&stream, 0, sizeof(stream));
    if (inflateInit2(&stream, 15 + 16) != Z_OK) {
        return false;
    }
    while (status == Z_OK) {
        uint64_t in_piece = stored_size - taken < ZLIB_PIECE ? stored_size - taken : ZLIB_PIECE;
        uint64_t out_piece = size - made < ZLIB_PIECE ? size - made : ZLIB_PIECE;
        stream.next_in = (Bytef *)(uintptr_t)(stored + taken);
        stream.avail_in = (uInt)in_piece;
        stream.next_out = out + made;
        stream.avail_out = (uInt)out_piece;
        status = inflate(&stream, Z_NO_FLUSH);
        taken += in_piece - stream.avail_in;
        made += out_piece - stream.avail_out;
    }
    inflateEnd(&stream);
    return status == Z_STREAM_END && made == size;
}

static bool
decode_brotli(const uint8_t *stored, uint64_t stored_size, uint8_t *out, uint64_t size)
{
    size_t made = (size_t)size;
    return BrotliDecoderDecompress((size_t)stored_size, stored, &made, out) == BROTLI_DECODER_RESULT_SUCCESS
        && made == size;
}

/* One decoder is kept for the next call: creating one, of 90 KiB and more, costs as much as decoding a small file. It
   is taken and put back by an atomic exchange, so that no lock can be held across a fork; a thread that finds none
   creates one. */
static _Atomic(ZSTD_DCtx *) spare_decoder;

/* A dictionary in the form that zstd uses, which takes as long to make as decoding some files. It is a copy, and is
   recognised by size and checksum, because it lives longer than an image may. Kept as the decoders are, one for each of
   the first numbers. */
struct dictionary {
    uint64_t size;
    uint64_t checksum;
    ZSTD_DDict *digested;
};

#define SPARE_DICTIONARIES 4

static _Atomic(struct dictionary *) spare_dictionaries[SPARE_DICTIONARIES];

static void
free_dictionary(struct dictionary *dictionary)
{
    if (dictionary != NULL) {
        ZSTD_freeDDict(dictionary->digested);
        free(dictionary);
    }
}

static struct dictionary *
make_dictionary(const struct pypkg_image *image, const struct pypkg_dictionary *row)
{
    const uint8_t *data = image->base + row->data_offset;
    struct dictionary *made = NULL;

    if (row->size == 0 || row->size > SIZE_MAX || !is_checksum(data, (size_t)row->size, row->checksum)
        || (made = malloc(sizeof(*made))) == NULL) {
        return NULL;
    }
    *made = (struct dictionary){row->size, row->checksum, ZSTD_createDDict(data, (size_t)row->size)};
    if (made->digested == NULL) {
        free(made);
        return NULL;
    }
    return made;
}

/* Decode with the dictionary of this number, from 1. */
static size_t
decode_with(const struct pypkg_image *image, uint16_t number, ZSTD_DCtx *decoder, const struct stored *stored,
            uint8_t *out)
{
    _Atomic(struct dictionary *) *spare = &spare_dictionaries[number % SPARE_DICTIONARIES];
    struct pypkg_dictionary row;
    size_t made = 0;

    if (!pypkg_dictionary_at(image, number - 1u, &row)) {
        return 0;
    }
    struct dictionary *dictionary = atomic_exchange(spare, NULL);
    if (dictionary == NULL || dictionary->size != row.size || dictionary->checksum != row.checksum) {
        free_dictionary(dictionary);
        dictionary = make_dictionary(image, &row);
    }
    if (dictionary != NULL) {
        made = ZSTD_decompress_usingDDict(decoder, out, (size_t)stored->size, stored->data, (size_t)stored->stored_size,
                                          dictionary->digested);
        free_dictionary(atomic_exchange(spare, dictionary));
    }
    return made;
}

static bool
decode_zstd(const struct pypkg_image *image, const struct stored *stored, uint8_t *out)
{
    ZSTD_DCtx *decoder = atomic_exchange(&spare_decoder, NULL);
    size_t made;

    if (decoder == NULL && (decoder = ZSTD_createDCtx()) == NULL) {
        return false;
    }
    if (stored->dictionary == 0) {
        made = ZSTD_decompressDCtx(decoder, out, (size_t)stored->size, stored->data, (size_t)stored->stored_size);
    }
    else {
        made = decode_with(image, stored->dictionary, decoder, stored, out);
    }
    ZSTD_freeDCtx(atomic_exchange(&spare_decoder, decoder));
    return !ZSTD_isError(made) && made == stored->size;
}

static bool
decode_bytes(const struct pypkg_image *image, const struct stored *stored, uint8_t *out)
{
    switch (stored->codec) {
    case PYPKG_CODEC_GZIP:
        return decode_gzip(stored->data, stored->stored_size, out, stored->size);
    case PYPKG_CODEC_BROTLI:
        return decode_brotli(stored->data, stored->stored_size, out, stored->size);
    default:
        return decode_zstd(image, stored, out);
    }
}

#else

/* For tests on machines without the headers of these libraries: all encoded contents are treated as corrupt. */
static bool
decode_bytes(const struct pypkg_image *image, const struct stored *stored, uint8_t *out)
{
    (void)image, (void)stored, (void)out;
    return false;
}

#endif

/* Whether `stored_size` bytes can decode to `size` bytes; if not, they are corrupt, and no memory is allocated. The
   best ratios of the formats: deflate 258 bytes in 2 bits; zstd a block of 128 KiB in 4 bytes; brotli a meta-block
   of 16 MiB in a few bytes (here: 1). */
static bool
is_plausible(uint8_t codec, uint64_t stored_size, uint64_t size)
{
    static const uint64_t best[] = {
        [PYPKG_CODEC_NONE] = 1,
        [PYPKG_CODEC_GZIP] = 1032,
        [PYPKG_CODEC_BROTLI] = (uint64_t)1 << 24,
        [PYPKG_CODEC_ZSTD] = (uint64_t)1 << 15,
    };
    return size / best[codec] <= stored_size;
}

static int
decode(const struct pypkg_image *image, const struct stored *stored, struct pypkg_bytes *out)
{
    out->size = (size_t)stored->size;
    out->owned = NULL;
    out->data = stored->data;
    if (stored->dictionary != 0 && stored->codec != PYPKG_CODEC_ZSTD) {
        return EIO;
    }
    if (stored->codec != PYPKG_CODEC_NONE) {
        if (!is_plausible(stored->codec, stored->stored_size, stored->size)) {
            return EIO;
        }
        /* Contents and the byte behind them: no memory is larger than PTRDIFF_MAX. */
        uint8_t *memory = stored->size < PTRDIFF_MAX ? malloc((size_t)stored->size + 1) : NULL;
        if (memory == NULL) {
            return ENOMEM;
        }
        if (!decode_bytes(image, stored, memory)) {
            free(memory);
            return EIO;
        }
        out->data = memory;
        out->owned = memory;
    }
    if (!is_checksum(out->data, out->size, stored->checksum)) {
        pypkg_release(out);
        return EIO;
    }
    return 0;
}

int
pypkg_entry_contents(const struct pypkg_image *image, const struct pypkg_entry *entry, struct pypkg_bytes *out)
{
    if (entry->type != PYPKG_FILE) {
        return EISDIR;
    }
    if (entry->flags & PYPKG_WITHHELD) {
        return EACCES;
    }
    const struct stored stored = {
        image->base + entry->data_offset,
        entry->stored_size,
        entry->size,
        entry->checksum,
        entry->codec,
        entry->dictionary,
    };
    return decode(image, &stored, out);
}

int
pypkg_module_code(const struct pypkg_image *image, const struct pypkg_module *module, struct pypkg_bytes *out)
{
    const struct stored stored = {
        image->base + module->code_offset,
        module->code_stored_size,
        module->code_size,
        module->checksum,
        module->codec,
        module->dictionary,
    };
    return decode(image, &stored, out);
}

void
pypkg_release(struct pypkg_bytes *bytes)
{
    free(bytes->owned);
    bytes->owned = NULL;
    bytes->data = NULL;
    bytes->size = 0;
}
