/* The parts of main: main.c decides what this process is, configure.c fills PyConfig, run.c runs the program. They are
   compiled by cmake/python/posix/Makefile.pypkg.in. */

#ifndef PYPKG_MAIN_H
#define PYPKG_MAIN_H

#include <Python.h>

#include "engine/start.h"
#include "engine/state.h"
#include "image/image.h"
#include "process/reentry.h"

#define PYPKG_IMPORTER "_pypkg_importer"

/* --- die.c --- */

/* Print how the executable is damaged, and exit. */
_Noreturn void pypkg_die(const char *problem);

/* Print what this executable does not do, and exit. */
_Noreturn void pypkg_refuse(const char *problem);

/* --- configure.c --- */

/* `executable` is the absolute path of this executable, or "". */
PyStatus pypkg_configure_base(PyConfig *config, const char *executable, int argc, char **argv);

/* `arguments` are the program's, without argv[0]. `options` is a command line whose options apply in addition to
   those in the image, or NULL. */
PyStatus pypkg_configure_application(PyConfig *config, const char *executable, char *const argv[],
                                     char *const arguments[], char *const options[]);

/* The Python interpreter in the application, with its command line. */
PyStatus pypkg_configure_interpreter(PyConfig *config, const char *executable, char *const argv[]);

/* --- run.c: these return the exit code --- */

int pypkg_run_application(void);

/* `script` is the script on the command line, or NULL. `script_directory`: modules beside it can be imported. */
int pypkg_run_interpreter(const char *script, bool script_directory);

#endif
