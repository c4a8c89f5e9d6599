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

/* _pypkg_collector.c: the state of one interpreter, which starts as zeros. */
struct pypkg_collector {
    PyObject *gc;
    PyObject *saved_threshold;
    int depth; /* of imports within imports */
    long aged; /* objects that were made old without being looked at */
};

/* Raise the collector's first threshold. Failing to is no error: it only makes imports slower. */
void pypkg_hold_collector(struct pypkg_collector *collector);

/* Put the threshold back, unless the program has set one of its own meanwhile. Keeps the current exception. */
void pypkg_release_collector(struct pypkg_collector *collector);

int pypkg_visit_collector(struct pypkg_collector *collector, visitproc visit, void *arg);
void pypkg_clear_collector(struct pypkg_collector *collector);

#endif
