# The toolchain: wrapper scripts round `zig cc`, written by the forge into PYPKG_TOOLS.
#
# pypkg-cc             the target's compiler
# pypkg-cc-redirected  the same with the redirect header force-included
# pypkg-ar, pypkg-ranlib
# pypkg-host-cc        for programs that run while building
# pypkg-cmake          CMake itself
#
# Where a build system records its compiler (OpenSSL's build information, CPython's sysconfig) they are found by name
# through PATH, so that a base contains no path of this machine.

if(NOT IS_DIRECTORY "${PYPKG_TOOLS}")
  message(FATAL_ERROR "PYPKG_TOOLS='${PYPKG_TOOLS}' is not a folder; the forge writes the wrappers there")
endif()
if(NOT PYPKG_SYSTEM)
  message(FATAL_ERROR "PYPKG_SYSTEM is empty; expected CMake's name of the target's system, such as Linux")
endif()

set(CMAKE_SYSTEM_NAME "${PYPKG_SYSTEM}")
set(CMAKE_SYSTEM_PROCESSOR "${PYPKG_PROCESSOR}")
set(CMAKE_C_COMPILER "${PYPKG_TOOLS}/pypkg-cc")
set(CMAKE_AR "${PYPKG_TOOLS}/pypkg-ar" CACHE FILEPATH "")
set(CMAKE_RANLIB "${PYPKG_TOOLS}/pypkg-ranlib" CACHE FILEPATH "")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PYPKG_TOOLS PYPKG_SYSTEM PYPKG_PROCESSOR)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_C_FLAGS_INIT "${PYPKG_CFLAGS} ${PYPKG_HARDENING_CFLAGS}")
