# Dependencies that are compiled without their own build system.

# pypkg_add_native(NAME SOURCE <dir> FILES <glob...> HEADERS <file...> [INCLUDES <dir...>] [DEFINES <definition...>])
#   Compiles a static library lib<NAME>.a into PYPKG_PREFIX/lib and copies its HEADERS (relative to SOURCE) to
#   PYPKG_PREFIX/include. FILES are globs relative to SOURCE.
function(pypkg_add_native name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SOURCE;HEADER_FOLDER" "FILES;HEADERS;INCLUDES;DEFINES")
  if(NOT IS_DIRECTORY "${arg_SOURCE}")
    message(FATAL_ERROR "${name}: SOURCE '${arg_SOURCE}' is not a folder")
  endif()
  list(TRANSFORM arg_FILES PREPEND "${arg_SOURCE}/")
  file(GLOB sources CONFIGURE_DEPENDS ${arg_FILES})
  if(NOT sources)
    message(FATAL_ERROR "${name}: no file matches ${arg_FILES}")
  endif()
  add_library("${name}" STATIC ${sources})
  set_target_properties("${name}" PROPERTIES ARCHIVE_OUTPUT_DIRECTORY "${PYPKG_PREFIX}/lib")
  list(TRANSFORM arg_INCLUDES PREPEND "${arg_SOURCE}/")
  target_include_directories("${name}" PRIVATE ${arg_INCLUDES})
  target_compile_definitions("${name}" PRIVATE ${arg_DEFINES})
  foreach(header IN LISTS arg_HEADERS)
    file(COPY "${arg_SOURCE}/${header}" DESTINATION "${PYPKG_PREFIX}/include/${arg_HEADER_FOLDER}")
  endforeach()
endfunction()
