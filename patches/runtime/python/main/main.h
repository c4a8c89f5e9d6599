/* The parts of main: pypkg_main.c decides what this process is, pypkg_configure.c fills PyConfig, pypkg_run.c runs the
   program. Compiled together: cmake/python/Makefile.pypkg.in. */

#ifndef PYPKG_MAIN_H
#define PYPKG_MAIN_H

#include <Python.h>

#include "image/image.h"
#include "process/reentry.h"

#define PYPKG_IMPORTER "_pypkg_importer"

/* Say that the executable is damaged, and how; exit. */
_Noreturn void pypkg_die(const char *problem);

/* --- pypkg_configure.c --- */

/* `executable` is the absolute path of this executable, or "". */
PyStatus pypkg_configure_base(PyConfig *config, const char *executable, int argc, char **argv);

/* `arguments` are the program's, without argv[0]. `given` is the command line of a process that was started as the
   interpreter, else NULL: its options count besides those in the image. */
PyStatus pypkg_configure_application(PyConfig *config, const char *executable, char *const argv[],
                                     char *const arguments[], char *const given[]);

/* A Python interpreter inside the application, with the command line it was given. */
PyStatus pypkg_configure_interpreter(PyConfig *config, const char *executable, char *const argv[]);

/* --- pypkg_run.c: these return the exit code --- */

int pypkg_run_application(void);

/* `script` is what the command line names to run, or NULL. `at_home`: modules beside it can be imported. */
int pypkg_run_interpreter(const char *script, bool at_home);

#endif
