# SQLite: CPython's _sqlite3. Compiled with the redirect header, so that it can open packaged databases.
#
# The autoconf archive contains the amalgamation. From the full tree it is made with SQLite's own rules, which need a
# Tcl shell.
if(EXISTS "${PYPKG_SOURCE_sqlite}/sqlite3.c")
  set(amalgamation "${PYPKG_SOURCE_sqlite}")
else()
  find_program(PYPKG_TCLSH NAMES tclsh NO_CMAKE_FIND_ROOT_PATH)
  if(NOT PYPKG_TCLSH)
    message(FATAL_ERROR "No tclsh found: it is needed to make SQLite's amalgamation from its full source tree")
  endif()
  set(amalgamation "${CMAKE_CURRENT_BINARY_DIR}/amalgamation")
  file(MAKE_DIRECTORY "${amalgamation}")
  add_custom_command(
    OUTPUT "${amalgamation}/sqlite3.c" "${amalgamation}/sqlite3.h"
    COMMAND "${PYPKG_CMAKE}" -E chdir "${amalgamation}"
            make -f "${PYPKG_SOURCE_sqlite}/main.mk" "TOP=${PYPKG_SOURCE_sqlite}" "BCC=pypkg-host-cc -O2"
            NAWK=awk sqlite3.c
    COMMAND "${PYPKG_CMAKE}" -E copy_if_different
            "${amalgamation}/sqlite3.h" "${PYPKG_SOURCE_sqlite}/src/sqlite3ext.h" "${PYPKG_PREFIX}/include"
    COMMENT "Making SQLite's amalgamation"
    VERBATIM)
endif()
if(EXISTS "${amalgamation}/sqlite3.h")
  file(COPY "${amalgamation}/sqlite3.h" DESTINATION "${PYPKG_PREFIX}/include")
endif()

add_library(sqlite3 STATIC "${amalgamation}/sqlite3.c")
set_target_properties(sqlite3 PROPERTIES ARCHIVE_OUTPUT_DIRECTORY "${PYPKG_PREFIX}/lib")
target_compile_definitions(sqlite3 PRIVATE
  SQLITE_THREADSAFE=1
  SQLITE_ENABLE_FTS3 SQLITE_ENABLE_FTS3_PARENTHESIS SQLITE_ENABLE_FTS4 SQLITE_ENABLE_FTS5
  SQLITE_ENABLE_RTREE SQLITE_ENABLE_GEOPOLY SQLITE_ENABLE_MATH_FUNCTIONS SQLITE_ENABLE_DBSTAT_VTAB
  SQLITE_ENABLE_COLUMN_METADATA SQLITE_ENABLE_UNLOCK_NOTIFY
  SQLITE_ENABLE_DESERIALIZE SQLITE_TEMP_STORE=1 SQLITE_DQS=3
  HAVE_FDATASYNC=1 HAVE_USLEEP=1 HAVE_LOCALTIME_R=1 HAVE_GMTIME_R=1 HAVE_PREAD=1 HAVE_PWRITE=1)
# A copy, so that its path does not depend on the checkout.
set(redirect "${CMAKE_CURRENT_BINARY_DIR}/redirect/redirect.h")
configure_file("${PYPKG_REDIRECT}" "${redirect}" COPYONLY)
target_compile_options(sqlite3 PRIVATE -include "${redirect}" -Wno-macro-redefined)
