/* What the files of the builtin module _pypkg share. */

#ifndef PYPKG_MODULE_H
#define PYPKG_MODULE_H

#include <Python.h>

/* _pypkg_hints.c */
void pypkg_give_hints(void);

/* _pypkg_inspect.c */
extern PyMethodDef pypkg_inspect_methods[];

/* _pypkg_mounts.c */
extern PyMethodDef pypkg_mount_methods[];

#endif
