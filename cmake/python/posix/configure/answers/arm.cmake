# 32-bit ARM processors, from version 6 on.
list(APPEND configure_answers
  ac_cv_aligned_required=no
  ac_cv_rshift_extends_sign=yes
  ac_cv_wchar_t_signed=no
  ac_cv_x87_double_rounding=no)
