/* The contents of entries and modules: gzip, brotli or zstd; size and checksum are verified.
   Format: docs/image-format.md, "Entry" (codec, sizes, checksum) and "Module". */

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

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

static bool
decode_zstd(const uint8_t *stored, uint64_t stored_size, uint8_t *out, uint64_t size)
{
    ZSTD_DCtx *decoder = atomic_exchange(&spare_decoder, NULL);

    if (decoder == NULL && (decoder = ZSTD_createDCtx()) == NULL) {
        return false;
    }
    size_t made = ZSTD_decompressDCtx(decoder, out, (size_t)size, stored, (size_t)stored_size);
    ZSTD_freeDCtx(atomic_exchange(&spare_decoder, decoder));
    return !ZSTD_isError(made) && made == size;
}

static bool
decode_bytes(uint8_t codec, const uint8_t *stored, uint64_t stored_size, uint8_t *out, uint64_t size)
{
    switch (codec) {
    case PYPKG_CODEC_GZIP:
        return decode_gzip(stored, stored_size, out, size);
    case PYPKG_CODEC_BROTLI:
        return decode_brotli(stored, stored_size, out, size);
    default:
        return decode_zstd(stored, stored_size, out, size);
    }
}

#else

/* For tests on machines without the headers of these libraries: all encoded contents are treated as corrupt. */
static bool
decode_bytes(uint8_t codec, const uint8_t *stored, uint64_t stored_size, uint8_t *out, uint64_t size)
{
    (void)codec, (void)stored, (void)stored_size, (void)out, (void)size;
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
    return size / best[codec] <= stored_size && size < SIZE_MAX;
}

static int
decode(const struct pypkg_image *image, uint8_t codec, uint64_t offset, uint64_t stored_size, uint64_t size,
       uint64_t checksum, struct pypkg_bytes *out)
{
    const uint8_t *stored = image->base + (stored_size > 0 ? offset : 0);

    out->size = (size_t)size;
    out->owned = NULL;
    out->data = stored;
    if (codec != PYPKG_CODEC_NONE) {
        if (!is_plausible(codec, stored_size, size)) {
            return EIO;
        }
        uint8_t *memory = malloc((size_t)size + 1);
        if (memory == NULL) {
            return ENOMEM;
        }
        if (!decode_bytes(codec, stored, stored_size, memory, size)) {
            free(memory);
            return EIO;
        }
        out->data = memory;
        out->owned = memory;
    }
#if !defined(PYPKG_UNCHECKED)
    if (pypkg_xxh64(out->data, out->size) != checksum) {
        pypkg_release(out);
        return EIO;
    }
#else
    (void)checksum;
#endif
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
    return decode(image, entry->codec, entry->data_offset, entry->stored_size, entry->size, entry->checksum, out);
}

int
pypkg_module_code(const struct pypkg_image *image, const struct pypkg_module *module, struct pypkg_bytes *out)
{
    return decode(image, module->codec, module->code_offset, module->code_stored_size, module->code_size,
                  module->checksum, out);
}

void
pypkg_release(struct pypkg_bytes *bytes)
{
    free(bytes->owned);
    bytes->owned = NULL;
    bytes->data = NULL;
    bytes->size = 0;
}
