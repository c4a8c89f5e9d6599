# zlib: CPython's zlib and binascii, and the snapshot's gzip codec.
pypkg_add_native(z
  SOURCE "${PYPKG_SOURCE_zlib}"
  FILES *.c
  HEADERS zlib.h zconf.h
  DEFINES HAVE_UNISTD_H=1 HAVE_STDARG_H=1 HAVE_HIDDEN=1 _LARGEFILE64_SOURCE=1)
