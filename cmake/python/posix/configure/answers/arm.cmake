# 32-bit ARM processors from v6 on: they load and store at any address. CPython reads what it hashes through memcpy, so
# it can use SipHash, which it does not where alignment is required.
list(APPEND configure_answers
  ac_cv_aligned_required=no
  ac_cv_rshift_extends_sign=yes
  ac_cv_wchar_t_signed=no
  ac_cv_x87_double_rounding=no)
