# Run before each make: puts the overlay's `_pypkg` among CPython's modules and makes every extension module of the
# standard library a builtin. Writes only what changed, so that make rebuilds only that.
# Variables: BUILD (CPython's build folder), SOURCE (its sources), OVERLAY (patches/overlay).
file(GLOB overlay_files RELATIVE "${OVERLAY}/python" "${OVERLAY}/python/*.c")
# pypkg_*.c is main, which Makefile.pypkg compiles.
list(FILTER overlay_files EXCLUDE REGEX "^pypkg_")
list(SORT overlay_files)
foreach(file IN LISTS overlay_files)
  file(COPY_FILE "${OVERLAY}/python/${file}" "${SOURCE}/Modules/${file}" ONLY_IF_DIFFERENT)
endforeach()

# make looks at dates, and another checkout's files may be older: it sees copies, which are new when they differ.
file(MAKE_DIRECTORY "${BUILD}/pypkg")
file(GLOB overlay_headers "${OVERLAY}/core/*.h" "${OVERLAY}/python/*.h" "${OVERLAY}/python/pypkg_*.c")
file(GLOB copies "${BUILD}/pypkg/*.[ch]")
foreach(file IN LISTS copies)
  get_filename_component(name "${file}" NAME)
  if(NOT EXISTS "${OVERLAY}/core/${name}" AND NOT EXISTS "${OVERLAY}/python/${name}")
    file(REMOVE "${file}")
  endif()
endforeach()
foreach(file IN LISTS overlay_headers)
  get_filename_component(name "${file}" NAME)
  file(COPY_FILE "${file}" "${BUILD}/pypkg/${name}" ONLY_IF_DIFFERENT)
endforeach()

file(READ "${BUILD}/Modules/Setup.stdlib" setup)
string(REPLACE "*shared*" "*static*" setup "${setup}")

# 3.11's configure leaves these to setup.py, which finds headers and libraries by itself: their lines are still templates.
# makesetup takes a line with "=" for a definition.
set(ctypes_flags "-DHAVE_FFI_PREP_CIF_VAR -DHAVE_FFI_PREP_CLOSURE_LOC -DHAVE_FFI_CLOSURE_ALLOC -lffi")
set(readline_flags "-D_RL_FUNCTION_TYPEDEF -ledit -lncursesw")
set(curses_flags "-DHAVE_NCURSESW -D_XOPEN_SOURCE_EXTENDED -lncursesw")
set(curses_panel_flags "-DHAVE_NCURSESW -D_XOPEN_SOURCE_EXTENDED -lpanelw -lncursesw")
foreach(module _ctypes readline _curses _curses_panel)
  string(TOUPPER "${module}" condition)
  string(REGEX REPLACE "^_" "" flags "${module}")
  string(REGEX REPLACE "#@MODULE_${condition}_TRUE@(${module} [^\n]*)" "\\1 ${${flags}_flags}" setup "${setup}")
endforeach()
if(overlay_files)
  list(JOIN overlay_files " " overlay_files)
  string(APPEND setup "\n_pypkg ${overlay_files} -I./pypkg\n")
endif()
set(present "")
if(EXISTS "${BUILD}/Modules/Setup.local")
  file(READ "${BUILD}/Modules/Setup.local" present)
endif()
if(NOT setup STREQUAL present)
  file(WRITE "${BUILD}/Modules/Setup.local" "${setup}")
endif()
