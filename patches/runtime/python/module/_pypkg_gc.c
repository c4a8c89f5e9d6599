/* The garbage collector while modules are imported.

   Imports make many objects that stay alive, and each collection would traverse all of them for nothing. So its first
   threshold is raised during an import, and the new objects are then moved to the oldest generation. Both have
   limits, so that garbage is still collected. */

#include <Python.h>

#include "python/module/_pypkg.h"

/* The first threshold during imports, in container objects; normally it is 700 or 2000. It is finite because some
   programs do their work while they are imported. */
#define HELD_THRESHOLD 50000

/* The most objects that are moved to the oldest generation, so that the garbage of a program that imports again and
   again is still collected. */
#define AGED_LIMIT 1000000

void
pypkg_gc_hold(struct pypkg_gc *gc)
{
    if (gc->depth++ > 0) {
        return;
    }
    if (gc->module == NULL) {
        gc->module = PyImport_ImportModule("gc");
    }
    PyObject *saved = gc->module == NULL ? NULL : PyObject_CallMethod(gc->module, "get_threshold", NULL);
    if (saved != NULL && PyTuple_Check(saved) && PyTuple_GET_SIZE(saved) == 3) {
        long first = PyLong_AsLong(PyTuple_GET_ITEM(saved, 0));
        if (first > 0 && first < HELD_THRESHOLD) {
            PyObject *done = PyObject_CallMethod(gc->module, "set_threshold", "iOO", HELD_THRESHOLD,
                                                 PyTuple_GET_ITEM(saved, 1), PyTuple_GET_ITEM(saved, 2));
            if (done != NULL) {
                Py_DECREF(done);
                Py_XSETREF(gc->saved_threshold, Py_NewRef(saved));
            }
        }
    }
    Py_XDECREF(saved);
    PyErr_Clear();
}

/* The number that a function of gc returns, or the first one of a tuple; -1 on failure. */
static long
call_gc(struct pypkg_gc *gc, const char *function)
{
    PyObject *value = PyObject_CallMethod(gc->module, function, NULL);
    PyObject *first =
        value != NULL && PyTuple_Check(value) && PyTuple_GET_SIZE(value) > 0 ? PyTuple_GET_ITEM(value, 0) : value;
    long number = first == NULL ? -1 : PyLong_AsLong(first);

    Py_XDECREF(value);
    if (PyErr_Occurred()) {
        PyErr_Clear();
        number = -1;
    }
    return number;
}

/* Move the young objects to the oldest generation: freezing and unfreezing joins lists in constant time. Not if the
   program has frozen objects itself: they would be unfrozen too. */
static void
age_objects(struct pypkg_gc *gc, long threshold)
{
    long count = call_gc(gc, "get_count");

    if (count <= threshold || gc->aged > AGED_LIMIT - count || call_gc(gc, "get_freeze_count") != 0) {
        return;
    }
    PyObject *frozen = PyObject_CallMethod(gc->module, "freeze", NULL);
    PyObject *done = frozen == NULL ? NULL : PyObject_CallMethod(gc->module, "unfreeze", NULL);
    gc->aged += count;
    Py_XDECREF(frozen);
    Py_XDECREF(done);
    PyErr_Clear();
}

void
pypkg_gc_release(struct pypkg_gc *gc)
{
    PyObject *type, *value, *traceback;

    if (--gc->depth > 0 || gc->saved_threshold == NULL) {
        return;
    }
    PyErr_Fetch(&type, &value, &traceback);
    if (call_gc(gc, "get_threshold") == HELD_THRESHOLD) {
        age_objects(gc, PyLong_AsLong(PyTuple_GET_ITEM(gc->saved_threshold, 0)));
        PyObject *set = PyObject_GetAttrString(gc->module, "set_threshold");
        PyObject *done = set == NULL ? NULL : PyObject_CallObject(set, gc->saved_threshold);
        Py_XDECREF(set);
        Py_XDECREF(done);
        PyErr_Clear();
    }
    Py_CLEAR(gc->saved_threshold);
    PyErr_Restore(type, value, traceback);
}

int
pypkg_gc_traverse(struct pypkg_gc *gc, visitproc visit, void *arg)
{
    Py_VISIT(gc->module);
    Py_VISIT(gc->saved_threshold);
    return 0;
}

void
pypkg_gc_clear(struct pypkg_gc *gc)
{
    Py_CLEAR(gc->module);
    Py_CLEAR(gc->saved_threshold);
}
