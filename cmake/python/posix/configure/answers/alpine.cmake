# Functions that zig's musl has, and the oldest musl that bases run on lacks: `minimum` and `newer_symbols` of the
# platform (forge/pypkg_core/targets/data/platforms.toml).
list(APPEND configure_answers
  ac_cv_func_preadv2=no
  ac_cv_func_pwritev2=no
  ac_cv_func_statx=no)
