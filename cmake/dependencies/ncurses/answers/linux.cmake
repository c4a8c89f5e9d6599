# Linux, with every C library.
set(ncurses_answers
  cf_cv_consistent_getenv=yes
  cf_cv_fopen_bin_r=yes
  cf_cv_func_mkstemp=yes
  cf_cv_func_nanosleep=yes
  cf_cv_link_dataonly=yes
  cf_cv_wcwidth_graphics=yes
  cf_cv_working_poll=yes)
