# libffi passes complex numbers on every processor that it is compiled for here.
list(APPEND configure_answers ac_cv_ffi_complex_double_supported=yes)
# Each instruction of the interpreter is a function that ends in a call of the next one, which is faster. It needs a calling
# convention (clang's preserve_none) that 32-bit ARM lacks.
if(PYPKG_PROCESSOR MATCHES "^(x86_64|aarch64)$")
  list(APPEND configure_arguments --with-tail-call-interp)
endif()
