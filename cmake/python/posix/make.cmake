# CPython's own make: sysconfig's data, and the base, which has another main than upstream's `python`. Only objects of the
# base are compiled here; the host Python does what upstream's `_freeze_module`, `_bootstrap_python` and `python` do.
# Makefile.pypkg includes upstream's Makefile, which is not changed.
if(PYPKG_PROFILE)
  set(profile_cflags "-fprofile-sample-use=${PYPKG_PROFILE}")
endif()
configure_file("${CMAKE_CURRENT_LIST_DIR}/Makefile.pypkg.in" "${CMAKE_BINARY_DIR}/Makefile.pypkg" @ONLY)

# Every object depends on the redirect header and the profile, which upstream's Makefile does not list. If one changes,
# so does the key, and there is no stamp of it.
set(objects_stamp "${CMAKE_BINARY_DIR}/stamps/objects-${PYPKG_KEY_objects}")
add_custom_command(
  OUTPUT "${objects_stamp}"
  DEPENDS "${configure_stamp}"
  COMMAND find "${python_build}" "(" -name "*.o" -o -name "*.a" ")" -delete
  COMMAND "${PYPKG_CMAKE}" -E touch "${objects_stamp}"
  COMMENT "Clearing objects made with another redirect header or profile"
  VERBATIM)

# Always run make: it decides what is out of date.
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
