# Shared musl, 1.2.3 or newer, while the compiler's is newer: what the oldest lacks is not used (musl's WHATSNEW).
list(APPEND configure_answers
  ac_cv_func_preadv2=no
  ac_cv_func_pwritev2=no
  ac_cv_func_statx=no)
# CPython knows musl by a macro of musl's <stdarg.h>, which stands behind clang's own in the search path: without it the
# names of extension modules would be glibc's.
list(APPEND configure_arguments "CPP=pypkg-cc -E -D__DEFINED_va_list")
