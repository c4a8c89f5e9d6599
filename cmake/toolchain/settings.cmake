# The values that each part of the build gets from the forge, checked once.

# pypkg_require(NAME...)
#   Stop if one of the variables is empty.
function(pypkg_require)
  foreach(name IN LISTS ARGN)
    if("${${name}}" STREQUAL "")
      message(FATAL_ERROR "${name} is empty; run the build through `pypkg-forge build`")
    endif()
  endforeach()
endfunction()

pypkg_require(PYPKG_TOOLS PYPKG_PREFIX PYPKG_CFLAGS PYPKG_JOBS PYPKG_OS_FOLDERS PYPKG_TRIPLE)
if(NOT PYPKG_JOBS MATCHES "^[1-9][0-9]*$")
  message(FATAL_ERROR "PYPKG_JOBS='${PYPKG_JOBS}' is not a positive number")
endif()

# What is hardened: every library and the runtime (toolchain.cmake and the libraries' own build systems), and CPython's
# modules (python/posix/Makefile.pypkg.in), because they read input from outside. The core of CPython, which runs the
# program, is not: it would be slower for what a program's author controls.
pypkg_require(PYPKG_HARDENING_CFLAGS)

# CMake, by a path that does not depend on the environment that the forge runs in: a changed command would run again.
set(PYPKG_CMAKE "${PYPKG_TOOLS}/pypkg-cmake")

# For configure scripts: every build is a cross build, so that no program of the target is run. The name of the machine
# that builds is never the target's, and never its real one: a base does not depend on who built it. Its system is the
# target's, because CPython before 3.13 takes the C library in the names of extension modules from there.
string(REGEX REPLACE "^[^-]+-[^-]+" "x86_64-pypkg" build_triple "${PYPKG_TRIPLE}")
set(PYPKG_CONFIGURE_TRIPLES "--host=${PYPKG_TRIPLE}" "--build=${build_triple}")
