# zstd, decompression only: the snapshot's zstd codec.
pypkg_add_native(zstd
  SOURCE "${PYPKG_SOURCE_zstd}/lib"
  FILES common/*.c decompress/*.c decompress/*.S
  HEADERS zstd.h zstd_errors.h
  DEFINES ZSTD_LEGACY_SUPPORT=0)
