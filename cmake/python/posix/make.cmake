# CPython's own make: first upstream's `python` (it runs on this machine and compiles the standard library), then the
# base, which differs from it by its main only. Makefile.pypkg adds to upstream's Makefile without a change to it.
if(PYPKG_PROFILE)
  set(profile_cflags "-fprofile-sample-use=${PYPKG_PROFILE}")
endif()
configure_file("${CMAKE_CURRENT_LIST_DIR}/Makefile.pypkg.in" "${CMAKE_BINARY_DIR}/Makefile.pypkg" @ONLY)

# Every object depends on the redirect header and the profile; upstream's Makefile does not know them. The key of a new
# one has no stamp.
set(objects_stamp "${CMAKE_BINARY_DIR}/stamps/objects-${PYPKG_KEY_objects}")
add_custom_command(
  OUTPUT "${objects_stamp}"
  DEPENDS "${configure_stamp}"
  COMMAND find "${python_build}" "(" -name "*.o" -o -name "*.a" ")" -delete
  COMMAND "${PYPKG_CMAKE}" -E touch "${objects_stamp}"
  COMMENT "Clearing objects made with another redirect header or profile"
  VERBATIM)

# make knows best what is out of date, so it is always asked.
set(make_python ${in_python_build} make -f "${CMAKE_BINARY_DIR}/Makefile.pypkg" "-j${PYPKG_JOBS}")
add_custom_target(base ALL
  COMMAND "${PYPKG_CMAKE}" "-DBUILD=${python_build}" "-DSOURCE=${PYPKG_SOURCE_python}" "-DRUNTIME=${PYPKG_RUNTIME}"
          -P "${CMAKE_CURRENT_LIST_DIR}/setup-local.cmake"
  COMMAND ${make_python} platform
  COMMAND ${make_python} pypkg-base
  DEPENDS "${configure_stamp}" "${objects_stamp}"
  USES_TERMINAL
  COMMENT "Compiling CPython"
  VERBATIM)
add_dependencies(base pypkg)
