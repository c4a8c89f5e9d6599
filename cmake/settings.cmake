# The values every part of the build takes from the forge, checked once.

# pypkg_require(NAME...)
#   Stop when one of the variables is empty.
function(pypkg_require)
  foreach(name IN LISTS ARGN)
    if("${${name}}" STREQUAL "")
      message(FATAL_ERROR "${name} is empty; run the build through `pypkg-forge build`")
    endif()
  endforeach()
endfunction()

pypkg_require(PYPKG_TOOLS PYPKG_PREFIX PYPKG_CFLAGS PYPKG_JOBS PYPKG_EPOCH)
if(NOT PYPKG_JOBS MATCHES "^[1-9][0-9]*$")
  message(FATAL_ERROR "PYPKG_JOBS='${PYPKG_JOBS}' is not a positive number")
endif()
if(NOT PYPKG_EPOCH MATCHES "^[0-9]+$")
  message(FATAL_ERROR "PYPKG_EPOCH='${PYPKG_EPOCH}' is not a number of seconds")
endif()

# What every foreign build system is run with: the wrappers on PATH, one clock, one language, no pkg-config of the host.
set(PYPKG_ENVIRONMENT
  "${CMAKE_COMMAND}" -E env
  "PATH=${PYPKG_TOOLS}:$ENV{PATH}"
  "SOURCE_DATE_EPOCH=${PYPKG_EPOCH}"
  "LC_ALL=C"
  "TZ=UTC"
  "PKG_CONFIG_LIBDIR=/nonexistent"
  "PKG_CONFIG_PATH="
  "MAKEFLAGS="
  "CONFIG_SITE=")
