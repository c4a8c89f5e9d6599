# CPython's own configure, run once per key in an empty folder.
#
# Answers that are set here, because:
# - OpenSSL and SQLite are compiled with the redirect header and need libpypkg, so tests that link them would fail;
# - configure would find what only this machine has;
# - mimalloc is not the default allocator, but opens a file of /proc in each process;
# - modules are left out: those of tests, and those whose library may not be distributed or is missing.
set(configure_answers
  ac_cv_working_openssl_ssl=yes
  ac_cv_working_openssl_hashlib=yes
  ac_cv_lib_sqlite3_sqlite3_trace=no
  ac_cv_header_uuid_uuid_h=no
  ac_cv_header_uuid_h=no
  ac_cv_lib_intl_textdomain=no)
foreach(function bind_double column_decltype column_double complete enable_shared_cache progress_handler result_double
                 serialize set_authorizer trace_v2 value_double load_extension)
  list(APPEND configure_answers "ac_cv_lib_sqlite3_sqlite3_${function}=yes")
endforeach()
foreach(module _tkinter _gdbm _dbm _uuid _crypt nis ossaudiodev spwd xxlimited xxlimited_35 xxsubtype _xxtestfuzz
               _testbuffer _testinternalcapi _testcapi _testlimitedcapi _testclinic _testclinic_limited
               _testimportmultiple _testmultiphase _testsinglephase _testexternalinspection _ctypes_test)
  list(APPEND configure_answers "py_cv_module_${module}=n/a")
endforeach()

if(PYPKG_ADDONS)
  list(APPEND configure_arguments --enable-loadable-sqlite-extensions)
endif()

# In a cross build, configure guesses what it otherwise finds out by running a program. The answers are those of a run:
# clang's here, those of systems, platforms, processors and series in files of their names. A guess that is right is
# written down too.
list(APPEND configure_answers ac_cv_computed_gotos=yes)
foreach(name IN LISTS PYPKG_OS_FOLDERS PYPKG_PLATFORM PYPKG_PROCESSOR PYPKG_SERIES)
  include("${CMAKE_CURRENT_LIST_DIR}/answers/${name}.cmake" OPTIONAL)
endforeach()

set(configure_stamp "${CMAKE_BINARY_DIR}/stamps/configure-${PYPKG_KEY_configure}")
set(python_build "${CMAKE_BINARY_DIR}/cpython")
set(in_python_build "${PYPKG_CMAKE}" -E chdir "${python_build}")
add_custom_command(
  OUTPUT "${configure_stamp}"
  COMMAND "${PYPKG_CMAKE}" -E rm -rf "${python_build}" "${CMAKE_BINARY_DIR}/stamps"
  COMMAND "${PYPKG_CMAKE}" -E make_directory "${python_build}" "${CMAKE_BINARY_DIR}/stamps"
  COMMAND ${in_python_build} "${PYPKG_SOURCE_python}/configure"
          --prefix=/snapshot --disable-shared --disable-test-modules --without-ensurepip
          --without-mimalloc
          --with-readline=editline "--with-openssl=${PYPKG_PREFIX}"
          ${PYPKG_CONFIGURE_TRIPLES} "--with-build-python=${PYPKG_HOST_PYTHON}" ${configure_arguments}
          CC=pypkg-cc CXX=pypkg-cc AR=pypkg-ar RANLIB=pypkg-ranlib READELF=llvm-readelf PKG_CONFIG=false MODULE_BUILDTYPE=static
          "CFLAGS=${PYPKG_CFLAGS} ${PYPKG_PYTHON_CFLAGS}" "LDFLAGS=${PYPKG_LDFLAGS}"
          "OPT=-DNDEBUG -fwrapv -O2 -Wall" "CURSES_CFLAGS=-DHAVE_NCURSESW=1" CURSES_LIBS=-lncursesw
          "PANEL_CFLAGS=-DHAVE_NCURSESW=1" "PANEL_LIBS=-lpanelw -lncursesw"
          LIBEDIT_CFLAGS=-DPYPKG_LIBEDIT=1 "LIBEDIT_LIBS=-ledit -lncursesw"
          ${configure_answers}
  COMMAND "${PYPKG_CMAKE}" -E touch "${configure_stamp}"
  COMMENT "Configuring CPython"
  VERBATIM)
