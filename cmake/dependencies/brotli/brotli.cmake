# brotli, decompression only: the snapshot's brotli codec.
pypkg_add_native(brotlicommon
  SOURCE "${PYPKG_SOURCE_brotli}/c"
  FILES common/*.c
  HEADERS include/brotli/decode.h include/brotli/port.h include/brotli/types.h include/brotli/shared_dictionary.h
  HEADER_FOLDER brotli
  INCLUDES include)
pypkg_add_native(brotlidec
  SOURCE "${PYPKG_SOURCE_brotli}/c"
  FILES dec/*.c
  INCLUDES include)
