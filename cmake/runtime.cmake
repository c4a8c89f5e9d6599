# libpypkg.a: the runtime (patches/runtime) without its Python part.
#
# Its folders are layers, from the lowest to the highest: a folder includes headers and calls functions of itself and of
# folders before it only. tests/unit/runtime/test_layers.py reads this list. `os` has one folder for each system, and
# `posix` for what several share: PYPKG_OS_FOLDERS names those of the target. `interpose` is above the redirected calls,
# because native addons call all of them through it.
set(PYPKG_LAYERS os image paths engine posix native process libraries interpose python)

# Not compiled here: the folders of other systems, and those of python/, which CPython's make compiles.
set(runtime_patterns "")
if(NOT PYPKG_OS_FOLDERS)
  message(FATAL_ERROR "PYPKG_OS_FOLDERS is empty; expected the target's folders below os/, such as posix;linux")
endif()
foreach(folder IN LISTS PYPKG_OS_FOLDERS)
  if(NOT IS_DIRECTORY "${PYPKG_RUNTIME}/os/${folder}")
    message(FATAL_ERROR "PYPKG_OS_FOLDERS='${PYPKG_OS_FOLDERS}': '${PYPKG_RUNTIME}/os' has no folder '${folder}'; os.h there says what it implements")
  endif()
  list(APPEND runtime_patterns "${PYPKG_RUNTIME}/os/${folder}/*.c")
endforeach()
foreach(layer IN LISTS PYPKG_LAYERS)
  list(APPEND runtime_patterns "${PYPKG_RUNTIME}/${layer}/*.c")
endforeach()
file(GLOB runtime_sources CONFIGURE_DEPENDS ${runtime_patterns})
if(NOT runtime_sources)
  message(FATAL_ERROR "PYPKG_RUNTIME='${PYPKG_RUNTIME}' has no C files")
endif()
add_library(pypkg STATIC ${runtime_sources})
target_include_directories(pypkg PRIVATE "${PYPKG_RUNTIME}" "${PYPKG_PREFIX}/include")
target_compile_definitions(pypkg PRIVATE _GNU_SOURCE=1)
target_compile_options(pypkg PRIVATE -Wall -Wextra -Werror)
# Where addons can be loaded, their own calls are redirected too: interpose/next.h.
if(PYPKG_ADDONS)
  target_compile_definitions(pypkg PRIVATE PYPKG_INTERPOSE=1)
endif()
set_target_properties(pypkg PROPERTIES
  C_STANDARD 11
  C_EXTENSIONS ON
  ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
