# Run before each make: adds the runtime's `_pypkg` to CPython's modules and makes every extension module of the
# standard library a builtin. Only changed files are written, so that make rebuilds no others. Variables: BUILD
# (CPython's build folder), SOURCE (its sources), RUNTIME (patches/runtime).
file(GLOB module_files RELATIVE "${RUNTIME}/python/module" "${RUNTIME}/python/module/*.c")
list(SORT module_files)
foreach(file IN LISTS module_files)
  file(COPY_FILE "${RUNTIME}/python/module/${file}" "${SOURCE}/Modules/${file}" ONLY_IF_DIFFERENT)
endforeach()

# make compares dates, and another checkout's files may be older, so it gets copies, which are new if they differ. The C
# files are those of main, which Makefile.pypkg compiles.
file(GLOB_RECURSE headers RELATIVE "${RUNTIME}" "${RUNTIME}/*.h" "${RUNTIME}/python/main/*.c")
file(GLOB_RECURSE copies RELATIVE "${BUILD}/pypkg" "${BUILD}/pypkg/*.[ch]")
foreach(file IN LISTS copies)
  if(NOT EXISTS "${RUNTIME}/${file}")
    file(REMOVE "${BUILD}/pypkg/${file}")
  endif()
endforeach()
foreach(file IN LISTS headers)
  get_filename_component(folder "${BUILD}/pypkg/${file}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  file(COPY_FILE "${RUNTIME}/${file}" "${BUILD}/pypkg/${file}" ONLY_IF_DIFFERENT)
endforeach()

file(READ "${BUILD}/Modules/Setup.stdlib" setup)
string(REPLACE "*shared*" "*static*" setup "${setup}")

# 3.11's configure leaves these to setup.py, which finds headers and libraries itself: their lines are still templates.
# No flag may contain "=", because makesetup reads such a line as a definition.
set(ctypes_flags "-DHAVE_FFI_PREP_CIF_VAR -DHAVE_FFI_PREP_CLOSURE_LOC -DHAVE_FFI_CLOSURE_ALLOC -lffi")
set(readline_flags "-D_RL_FUNCTION_TYPEDEF -ledit -lncursesw")
set(curses_flags "-DHAVE_NCURSESW -D_XOPEN_SOURCE_EXTENDED -lncursesw")
set(curses_panel_flags "-DHAVE_NCURSESW -D_XOPEN_SOURCE_EXTENDED -lpanelw -lncursesw")
foreach(module _ctypes readline _curses _curses_panel)
  string(TOUPPER "${module}" condition)
  string(REGEX REPLACE "^_" "" flags "${module}")
  string(REGEX REPLACE "#@MODULE_${condition}_TRUE@(${module} [^\n]*)" "\\1 ${${flags}_flags}" setup "${setup}")
endforeach()
if(module_files)
  list(JOIN module_files " " module_files)
  string(APPEND setup "\n_pypkg ${module_files} -I./pypkg\n")
endif()
set(present "")
if(EXISTS "${BUILD}/Modules/Setup.local")
  file(READ "${BUILD}/Modules/Setup.local" present)
endif()
if(NOT setup STREQUAL present)
  file(WRITE "${BUILD}/Modules/Setup.local" "${setup}")
endif()
