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

# CMake by a name that stays the same when the forge runs from another environment: commands that change run again.
set(PYPKG_CMAKE "${PYPKG_TOOLS}/pypkg-cmake")

# What every foreign build system is run with: one clock, one language, no pkg-config of the host. The wrappers are on
# PATH by the forge's doing: a PATH written here would make another shell's run build everything again.
set(PYPKG_ENVIRONMENT
  "${PYPKG_CMAKE}" -E env
  "SOURCE_DATE_EPOCH=${PYPKG_EPOCH}"
  "LC_ALL=C"
  "TZ=UTC"
  "PKG_CONFIG_LIBDIR=/nonexistent"
  "PKG_CONFIG_PATH="
  "MAKEFLAGS="
  "CONFIG_SITE=")
