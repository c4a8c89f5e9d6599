# libpypkg.a: the runtime (patches/runtime) without its Python part: it knows nothing of Python.
file(GLOB_RECURSE runtime_sources CONFIGURE_DEPENDS "${PYPKG_RUNTIME}/*.c")
list(FILTER runtime_sources EXCLUDE REGEX "/python/[^/]+/[^/]+$")
if(NOT runtime_sources)
  message(FATAL_ERROR "PYPKG_RUNTIME='${PYPKG_RUNTIME}' has no C files")
endif()
add_library(pypkg STATIC ${runtime_sources})
target_include_directories(pypkg PRIVATE "${PYPKG_RUNTIME}" "${PYPKG_PREFIX}/include")
target_compile_definitions(pypkg PRIVATE _GNU_SOURCE=1)
target_compile_options(pypkg PRIVATE -Wall -Wextra -Werror)
# Where addons can be loaded, their own calls come to the runtime as well: os/linux/interpose.c.
if(PYPKG_ADDONS)
  target_compile_definitions(pypkg PRIVATE PYPKG_INTERPOSE=1)
endif()
set_target_properties(pypkg PROPERTIES
  C_STANDARD 11
  C_EXTENSIONS ON
  ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
