# ncurses: CPython's _curses and _curses_panel, and libedit's terminal. The descriptions of common terminals are
# compiled in, so that they need no file; those of others are read from the system's folders.
# The build runs the host's tic and infocmp to make the compiled-in descriptions.
#
# In a cross build, configure guesses what it otherwise finds out by running a program: the answers are in files named
# after systems.
foreach(system IN LISTS PYPKG_OS_FOLDERS)
  include("${CMAKE_CURRENT_LIST_DIR}/answers/${system}.cmake" OPTIONAL)
endforeach()
pypkg_add_foreign(ncurses
  SOURCE "${PYPKG_SOURCE_ncurses}"
  KEY "${PYPKG_KEY_ncurses}"
  CONFIGURE "${PYPKG_SOURCE_ncurses}/configure"
            "--prefix=${PYPKG_PREFIX}" "--includedir=${PYPKG_PREFIX}/include/ncursesw" ${PYPKG_CONFIGURE_TRIPLES}
            --without-shared --with-normal --without-debug --without-cxx --without-cxx-binding --without-ada
            --without-manpages --without-progs --without-tests --without-tack --without-gpm --without-dlsym --without-pcre2
            --enable-widec --enable-ext-colors --disable-db-install --disable-stripping --disable-relink
            --with-fallbacks=xterm,xterm-256color,screen,screen-256color,tmux,tmux-256color,linux,vt100,ansi,dumb
            --with-default-terminfo-dir=/usr/share/terminfo
            --with-terminfo-dirs=/etc/terminfo:/lib/terminfo:/usr/share/terminfo
            --with-build-cc=pypkg-host-cc
            CC=pypkg-cc AR=pypkg-ar RANLIB=pypkg-ranlib "CFLAGS=${PYPKG_CFLAGS} ${PYPKG_HARDENING_CFLAGS}" cf_cv_ar_flags=-cr ${ncurses_answers}
  BUILD make "-j${PYPKG_JOBS}" libs
  INSTALL make install.libs install.includes)
# libedit links the library by its name without w.
file(MAKE_DIRECTORY "${PYPKG_PREFIX}/lib")
file(CREATE_LINK libncursesw.a "${PYPKG_PREFIX}/lib/libncurses.a" SYMBOLIC)
