# zstd: CPython's _zstd (from 3.14 on), and the snapshot's zstd codec.
pypkg_add_native(zstd
  SOURCE "${PYPKG_SOURCE_zstd}/lib"
  FILES common/*.c compress/*.c decompress/*.c decompress/*.S dictBuilder/*.c
  HEADERS zstd.h zstd_errors.h zdict.h
  DEFINES ZSTD_LEGACY_SUPPORT=0 ZSTD_MULTITHREAD=1)
