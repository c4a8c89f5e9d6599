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

pypkg_require(PYPKG_TOOLS PYPKG_PREFIX PYPKG_CFLAGS PYPKG_JOBS PYPKG_EPOCH)
if(NOT PYPKG_JOBS MATCHES "^[1-9][0-9]*$")
  message(FATAL_ERROR "PYPKG_JOBS='${PYPKG_JOBS}' is not a positive number")
endif()
if(NOT PYPKG_EPOCH MATCHES "^[0-9]+$")
  message(FATAL_ERROR "PYPKG_EPOCH='${PYPKG_EPOCH}' is not a number of seconds")
endif()

# CMake, by a path that does not depend on the environment that the forge runs in: a changed command would run again.
set(PYPKG_CMAKE "${PYPKG_TOOLS}/pypkg-cmake")

# The environment of every foreign build system: one clock, one language, no pkg-config of the host. The forge puts the
# wrappers on PATH: with a PATH in here, a run from another shell would build everything again.
set(PYPKG_ENVIRONMENT
  "${PYPKG_CMAKE}" -E env
  "SOURCE_DATE_EPOCH=${PYPKG_EPOCH}"
  "LC_ALL=C"
  "TZ=UTC"
  "PKG_CONFIG_LIBDIR=/nonexistent"
  "PKG_CONFIG_PATH="
  "MAKEFLAGS="
  "CONFIG_SITE=")
