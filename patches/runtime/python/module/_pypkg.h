/* What the files of the builtin module _pypkg share. */

#ifndef PYPKG_MODULE_H
#define PYPKG_MODULE_H

#include <Python.h>

#include "image/image.h"

/* Text of the image as a str; bytes that are not UTF-8 become surrogates. */
static inline PyObject *
pypkg_make_str(struct pypkg_text text)
{
    return PyUnicode_DecodeUTF8(text.data != NULL ? text.data : "", (Py_ssize_t)text.size, "surrogateescape");
}

/* _pypkg_hints.c */
/* Add hints to errors from now on. */
void pypkg_enable_hints(void);

/* _pypkg_inspect.c */
extern PyMethodDef pypkg_inspect_methods[];

/* _pypkg_mounts.c */
extern PyMethodDef pypkg_mount_methods[];

/* _pypkg_process.c */
extern PyMethodDef pypkg_process_methods[];

/* _pypkg_gc.c: the state of one interpreter, which starts as zeros. */
struct pypkg_gc {
    PyObject *module;
    PyObject *saved_threshold;
    int depth; /* of nested imports */
    long aged; /* how many objects were moved to the oldest generation */
};

/* Raise the first threshold while a module is imported. A failure is ignored: it only makes imports slower. */
void pypkg_gc_hold(struct pypkg_gc *gc);

/* Restore the threshold, unless the program has set its own in the meantime. The current exception is kept. */
void pypkg_gc_release(struct pypkg_gc *gc);

int pypkg_gc_traverse(struct pypkg_gc *gc, visitproc visit, void *arg);
void pypkg_gc_clear(struct pypkg_gc *gc);

#endif
