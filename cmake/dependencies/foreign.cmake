# Dependencies that keep their own build system.

# pypkg_add_foreign(NAME SOURCE <dir> KEY <hash> CONFIGURE <command...> BUILD <command...> INSTALL <command...>
#                   [DEPENDS <target...>] [HEADER <file>])
#   Runs the three commands in an empty build folder. The name of the stamp contains KEY and the hash of HEADER, which
#   is included from elsewhere, so a change starts again from the beginning; an interrupted run leaves no stamp.
function(pypkg_add_foreign name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SOURCE;KEY;HEADER" "CONFIGURE;BUILD;INSTALL;DEPENDS")
  if(NOT IS_DIRECTORY "${arg_SOURCE}")
    message(FATAL_ERROR "${name}: SOURCE '${arg_SOURCE}' is not a folder")
  endif()
  foreach(needed KEY CONFIGURE BUILD INSTALL)
    if("${arg_${needed}}" STREQUAL "")
      message(FATAL_ERROR "${name}: ${needed} is empty")
    endif()
  endforeach()
  set(build "${CMAKE_CURRENT_BINARY_DIR}/${name}")
  if(arg_HEADER)
    file(SHA256 "${arg_HEADER}" header_hash)
    string(SUBSTRING "-${header_hash}" 0 17 header_hash)
  endif()
  set(stamp "${CMAKE_CURRENT_BINARY_DIR}/stamps/${name}-${arg_KEY}${header_hash}")
  set(in_build "${PYPKG_CMAKE}" -E chdir "${build}")
  add_custom_command(
    OUTPUT "${stamp}"
    COMMAND "${PYPKG_CMAKE}" -E rm -rf "${build}"
    COMMAND "${PYPKG_CMAKE}" -E make_directory "${build}" "${CMAKE_CURRENT_BINARY_DIR}/stamps"
    COMMAND ${in_build} ${arg_CONFIGURE}
    COMMAND ${in_build} ${arg_BUILD}
    COMMAND ${in_build} ${arg_INSTALL}
    COMMAND "${PYPKG_CMAKE}" -E touch "${stamp}"
    COMMENT "Building ${name}"
    VERBATIM)
  add_custom_target("${name}" ALL DEPENDS "${stamp}")
  if(arg_DEPENDS)
    add_dependencies("${name}" ${arg_DEPENDS})
    set_property(TARGET "${name}" PROPERTY FOLDER foreign)
  endif()
endfunction()
