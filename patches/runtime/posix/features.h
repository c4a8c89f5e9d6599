/* What not all POSIX systems have, found by what their headers define. */

#ifndef PYPKG_FEATURES_H
#define PYPKG_FEATURES_H

#include <fcntl.h>

/* open(2): a descriptor that only stands for a path; 0 where there is no such flag. */
#if defined(O_PATH)
#define PYPKG_O_PATH O_PATH
#else
#define PYPKG_O_PATH 0
#endif

/* Whether flags of open(2) ask for a file without a name. O_TMPFILE has several bits, O_DIRECTORY among them. */
#if defined(O_TMPFILE)
#define PYPKG_IS_UNNAMED(flags) (((flags) & O_TMPFILE) == O_TMPFILE)
#else
#define PYPKG_IS_UNNAMED(flags) false
#endif

/* fstatat(2): an empty path is the descriptor itself; 0 where there is no such flag. */
#if defined(AT_EMPTY_PATH)
#define PYPKG_AT_EMPTY_PATH AT_EMPTY_PATH
#else
#define PYPKG_AT_EMPTY_PATH 0
#endif

#endif
