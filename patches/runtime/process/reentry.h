/* This executable started again by a program that runs in it: as itself, or as the Python interpreter inside it.

   To a packaged program `sys.executable` is both. `[sys.executable, "-c", ...]` and what multiprocessing starts want the
   interpreter; `os.execv(sys.executable, sys.argv)` and programs that know they are frozen want the program. The command
   line says which. The interpreter is asked for by a variable in the new process's environment, which that process takes
   out at once: a user's own `-c` or `-m`, which comes without it, belongs to the program. */

#ifndef PYPKG_REENTRY_H
#define PYPKG_REENTRY_H

#include <stdbool.h>

/* The variable. Its value is the path of the executable it is meant for; before it stand, when the working directory lies
   in the snapshot, that directory's entry number and a colon. */
#define PYPKG_REENTRY "PYPKG_REENTRY"

/* What multiprocessing puts first when sys.frozen is set: Lib/multiprocessing/spawn.py. */
#define PYPKG_FORK_ARGUMENT "--multiprocessing-fork"

/* Who this process is. Written once, before any thread is started; `path` is NULL in whatever is no application. */
struct pypkg_program {
    const char *path;        /* of this executable, absolute */
    char *const *arguments;  /* the program's own, without argv[0], NULL at the end; NULL in an interpreter */
};

/* Python's one-letter options on a command line, one after the other. */
struct pypkg_options {
    char *const *argv;
    int index;         /* of the argument that is looked at; behind the last option: the first argument that is none */
    const char *rest;  /* of that argument */
    char letter;       /* of the option; '?' for what is no option of Python */
    const char *value; /* of -c, -m, -W and -X; NULL when it is missing */
};

/* Start before argv[1]. */
void pypkg_options_begin(struct pypkg_options *options, char *const argv[]);

/* Go to the next; false behind the last one. -c, -m and what is no option are always the last. */
bool pypkg_options_next(struct pypkg_options *options);

/* Does a program that starts its own executable with this command line want the interpreter? */
bool pypkg_reentry_wanted(const struct pypkg_program *program, char *const argv[]);

/* Does `path`, as exec would take it, lead to this executable? Async-signal-safe. */
bool pypkg_is_program(const struct pypkg_program *program, const char *path);

/* Is the script at `path` the program itself: this executable, or the file of its module `__main__`? */
bool pypkg_is_entry(const struct pypkg_program *program, const char *path);

/* Take the variable out of this process's environment. True when it was there and is meant for the executable at `path`;
   then the working directory is what it says. */
bool pypkg_take_reentry(const char *path);

/* Tell the redirected exec calls who this process is. The strings are copied. `arguments` may be NULL. Returns false
   without memory. */
bool pypkg_set_program(const char *path, char *const arguments[]);

#endif
