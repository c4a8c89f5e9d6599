# libffi: CPython's _ctypes, callbacks included.
#
# Compiled here and not by its own configure, which Debian's archive lacks; the answers of configure are the same for
# all machines of a kind, and are in fficonfig.h.in.

# pypkg_libffi_arch(PROCESSOR OUT_TARGET OUT_FOLDER OUT_FILES)
#   The settings of libffi's configure.host for a processor on a POSIX system.
function(pypkg_libffi_arch processor out_target out_folder out_files)
  if(processor STREQUAL "x86_64")
    set("${out_target}" X86_64 PARENT_SCOPE)
    set("${out_folder}" x86 PARENT_SCOPE)
    set("${out_files}" ffi64.c unix64.S ffiw64.c win64.S PARENT_SCOPE)
  elseif(processor STREQUAL "aarch64")
    set("${out_target}" AARCH64 PARENT_SCOPE)
    set("${out_folder}" aarch64 PARENT_SCOPE)
    set("${out_files}" ffi.c sysv.S PARENT_SCOPE)
  elseif(processor STREQUAL "arm")
    set("${out_target}" ARM PARENT_SCOPE)
    set("${out_folder}" arm PARENT_SCOPE)
    set("${out_files}" ffi.c sysv.S PARENT_SCOPE)
  else()
    message(FATAL_ERROR "libffi: no answers for PYPKG_PROCESSOR='${processor}'")
  endif()
endfunction()

pypkg_libffi_arch("${PYPKG_PROCESSOR}" TARGET ffi_folder ffi_files)
set(VERSION "${PYPKG_VERSION_libffi}")
set(FFI_VERSION_STRING "${PYPKG_VERSION_libffi}")
string(REGEX REPLACE "^([0-9]+)\\.([0-9]+)\\.([0-9]+)$" "\\1;\\2;\\3" ffi_numbers "${PYPKG_VERSION_libffi}")
list(TRANSFORM ffi_numbers REPLACE "^([0-9])$" "0\\1")
list(JOIN ffi_numbers "" FFI_VERSION_NUMBER)
string(REGEX REPLACE "^0+" "" FFI_VERSION_NUMBER "${FFI_VERSION_NUMBER}")
set(HAVE_LONG_DOUBLE "defined(__SIZEOF_LONG_DOUBLE__) && __SIZEOF_LONG_DOUBLE__ > 8")
set(FFI_EXEC_TRAMPOLINE_TABLE 0)
configure_file("${PYPKG_SOURCE_libffi}/include/ffi.h.in" "${PYPKG_PREFIX}/include/ffi.h" @ONLY)
configure_file("${CMAKE_CURRENT_LIST_DIR}/fficonfig.h.in" "${CMAKE_CURRENT_BINARY_DIR}/libffi/fficonfig.h" @ONLY)
list(TRANSFORM ffi_files PREPEND "src/${ffi_folder}/")
pypkg_add_native(ffi
  SOURCE "${PYPKG_SOURCE_libffi}"
  FILES src/prep_cif.c src/types.c src/raw_api.c src/java_raw_api.c src/closures.c src/tramp.c ${ffi_files}
  HEADERS "src/${ffi_folder}/ffitarget.h"
  INCLUDES include src
  DEFINES HAVE_CONFIG_H=1)
target_include_directories(ffi PRIVATE
  "${CMAKE_CURRENT_BINARY_DIR}/libffi" "${PYPKG_PREFIX}/include" "${PYPKG_SOURCE_libffi}/src/${ffi_folder}")
