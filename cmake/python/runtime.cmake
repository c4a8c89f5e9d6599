# libpypkg.a: the runtime's C core (patches/overlay/core), which knows nothing of Python.
file(GLOB runtime_sources CONFIGURE_DEPENDS "${PYPKG_OVERLAY}/core/*.c")
if(NOT runtime_sources)
  message(FATAL_ERROR "PYPKG_OVERLAY='${PYPKG_OVERLAY}' has no core/*.c")
endif()
add_library(pypkg STATIC ${runtime_sources})
target_include_directories(pypkg PRIVATE "${PYPKG_OVERLAY}/core" "${PYPKG_PREFIX}/include")
target_compile_definitions(pypkg PRIVATE _GNU_SOURCE=1)
# Where addons can be loaded, their own calls come to the core as well: core/interpose.c.
if(PYPKG_ADDONS)
  target_compile_definitions(pypkg PRIVATE PYPKG_INTERPOSE=1)
endif()
set_target_properties(pypkg PROPERTIES
  C_STANDARD 11
  C_EXTENSIONS ON
  ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
