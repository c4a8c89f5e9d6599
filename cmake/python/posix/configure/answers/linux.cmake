# Linux, with every C library.
list(APPEND configure_answers
  ac_cv_broken_mbstowcs=no
  ac_cv_broken_nice=no
  ac_cv_broken_poll=no
  ac_cv_broken_sem_getvalue=no
  ac_cv_buggy_getaddrinfo=no
  ac_cv_file__dev_ptc=no
  ac_cv_file__dev_ptmx=yes
  ac_cv_have_chflags=no
  ac_cv_have_lchflags=no
  ac_cv_have_size_t_format=yes
  ac_cv_posix_semaphores_enabled=yes
  ac_cv_pthread_is_default=yes
  ac_cv_pthread_system_supported=yes
  ac_cv_working_tzset=yes)
