# libedit: CPython's readline (BSD licence; GNU readline is under the GPL).
# musl's wchar_t is ISO 10646, although it does not define the macro. No system has the bug that configure assumes in a
# cross build: stat succeeds for an empty path.
pypkg_add_foreign(libedit
  SOURCE "${PYPKG_SOURCE_libedit}"
  KEY "${PYPKG_KEY_libedit}"
  DEPENDS ncurses
  CONFIGURE "${PYPKG_SOURCE_libedit}/configure"
            "--prefix=${PYPKG_PREFIX}" "--libdir=${PYPKG_PREFIX}/lib" ${PYPKG_CONFIGURE_TRIPLES}
            --disable-shared --enable-static --disable-examples --disable-dependency-tracking
            CC=pypkg-cc AR=pypkg-ar RANLIB=pypkg-ranlib
            "CFLAGS=${PYPKG_CFLAGS} ${PYPKG_HARDENING_CFLAGS} -D__STDC_ISO_10646__=201103L -I${PYPKG_PREFIX}/include -I${PYPKG_PREFIX}/include/ncursesw"
            "LDFLAGS=-L${PYPKG_PREFIX}/lib" ac_cv_func_stat_empty_string_bug=no
  BUILD make "-j${PYPKG_JOBS}" -C src
  INSTALL make -C src install)
