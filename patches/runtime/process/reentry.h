/* This executable started again by a program that runs in it: as itself, or as the Python interpreter inside it.

   To a packaged program `sys.executable` is both. `[sys.executable, "-c", ...]` and multiprocessing mean the
   interpreter; `os.execv(sys.executable, sys.argv)`, and programs that know they are frozen, mean the program. The
   command line decides which: no single argument is code. The interpreter is then requested by a variable in the environment of the new process,
   which removes it at once: a `-c` or `-m` of a user, which comes without the variable, is an argument of the
   program. */

#ifndef PYPKG_REENTRY_H
#define PYPKG_REENTRY_H

#include "engine/state.h"

/* The variable. Its value is the path of the executable that it is for. If the working directory is in the snapshot,
   its entry number and a colon precede the path. */
#define PYPKG_REENTRY "PYPKG_REENTRY"

/* The first argument that multiprocessing gives if sys.frozen is set: Lib/multiprocessing/spawn.py. */
#define PYPKG_FORK_ARGUMENT "--multiprocessing-fork"

/* An iterator over Python's one-letter options on a command line. */
struct pypkg_options {
    char *const *argv;
    int index;         /* of the current argument; at the end, of the first argument that is not an option */
    const char *rest;  /* of that argument */
    char letter;       /* of the option; '?' if Python has no such option */
    const char *value; /* of -c, -m, -W and -X; NULL if it is missing */
};

/* Whether the interpreter was requested. */
enum pypkg_reentry {
    PYPKG_REENTRY_NONE,
    PYPKG_REENTRY_REQUESTED,
    PYPKG_REENTRY_REFUSED, /* by a caller with fewer rights than this process, which must not run its code */
};

/* Start before argv[1]. */
void pypkg_options_begin(struct pypkg_options *options, char *const argv[]);

/* Go to the next option; false at the end. -c, -m and an unknown option are always the last. */
bool pypkg_options_next(struct pypkg_options *options);

/* Whether a program that starts its own executable with this command line means the interpreter. With PYPKG_NO_REENTRY in
   the image only helpers of multiprocessing, and the program itself after options of Python, are meant. */
bool pypkg_is_interpreter_call(const struct pypkg_program *program, char *const argv[]);

/* Whether `path`, as exec would resolve it, is this executable. Async-signal-safe. */
bool pypkg_is_program(const struct pypkg_program *program, const char *path);

/* Whether the script at `path` is the program itself: this executable, or the file of its module `__main__`. */
bool pypkg_is_entry(const struct pypkg_program *program, const char *path);

/* Remove the variable from the environment of this process. If it was set and is for the executable at `path`, the
   interpreter was requested, and the working directory is set from it. In a privileged process it is refused, and not
   ignored: a program that starts children with it would start itself again and again. */
enum pypkg_reentry pypkg_take_reentry(const char *path);

/* Set pypkg_state.program, for the redirected exec calls. The strings are copied. `arguments` may be NULL. Returns
   false without memory. */
bool pypkg_set_program(const char *path, char *const arguments[]);

#endif
