# bzip2: CPython's _bz2.
pypkg_add_native(bz2
  SOURCE "${PYPKG_SOURCE_bzip2}"
  FILES blocksort.c huffman.c crctable.c randtable.c compress.c decompress.c bzlib.c
  HEADERS bzlib.h
  DEFINES _FILE_OFFSET_BITS=64)
