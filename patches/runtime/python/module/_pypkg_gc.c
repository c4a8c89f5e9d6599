/* The garbage collector while modules are imported.

   Imports make many objects that live on, and each collection would look at all of them in vain. So its first threshold
   is raised meanwhile, and what an import made is then old at once. Both are bounds, not switches. */

#include <Python.h>

#include "python/module/_pypkg.h"

/* While modules are being imported the collector starts at this many new container objects instead of at 700 or
   2000: a program that does its work while it is imported still has its garbage collected. */
#define HELD_THRESHOLD 50000

/* What an import made is old without being looked at: modules live as long as the process. So that a program which
   imports again and again still has its garbage collected, this ends at so many objects. */
#define AGED_LIMIT 1000000

/* Raise the collector's first threshold. Failing to is no error: it only makes imports slower. */
void
pypkg_hold_collector(struct pypkg_collector *collector)
{
    if (collector->depth++ > 0) {
        return;
    }
    if (collector->gc == NULL) {
        collector->gc = PyImport_ImportModule("gc");
    }
    PyObject *saved = collector->gc == NULL ? NULL : PyObject_CallMethod(collector->gc, "get_threshold", NULL);
    if (saved != NULL && PyTuple_Check(saved) && PyTuple_GET_SIZE(saved) == 3) {
        long first = PyLong_AsLong(PyTuple_GET_ITEM(saved, 0));
        if (first > 0 && first < HELD_THRESHOLD) {
            PyObject *done = PyObject_CallMethod(collector->gc, "set_threshold", "iOO", HELD_THRESHOLD,
                                                 PyTuple_GET_ITEM(saved, 1), PyTuple_GET_ITEM(saved, 2));
            if (done != NULL) {
                Py_DECREF(done);
                Py_XSETREF(collector->saved_threshold, Py_NewRef(saved));
            }
        }
    }
    Py_XDECREF(saved);
    PyErr_Clear();
}

/* A number that a function of gc returns, or the first of a tuple of them; -1 without one. */
static long
ask_collector(struct pypkg_collector *collector, const char *function)
{
    PyObject *value = PyObject_CallMethod(collector->gc, function, NULL);
    PyObject *first = value != NULL && PyTuple_Check(value) && PyTuple_GET_SIZE(value) > 0 ? PyTuple_GET_ITEM(value, 0)
                                                                                           : value;
    long number = first == NULL ? -1 : PyLong_AsLong(first);

    Py_XDECREF(value);
    if (PyErr_Occurred()) {
        PyErr_Clear();
        number = -1;
    }
    return number;
}

/* Move what is young to the oldest generation: freezing and unfreezing joins lists, whatever their lengths. Not where
   the program freezes objects itself: they would be unfrozen too. */
static void
age_objects(struct pypkg_collector *collector, long threshold)
{
    long count = ask_collector(collector, "get_count");

    if (count <= threshold || collector->aged > AGED_LIMIT - count || ask_collector(collector, "get_freeze_count") != 0) {
        return;
    }
    PyObject *frozen = PyObject_CallMethod(collector->gc, "freeze", NULL);
    PyObject *done = frozen == NULL ? NULL : PyObject_CallMethod(collector->gc, "unfreeze", NULL);
    collector->aged += count;
    Py_XDECREF(frozen);
    Py_XDECREF(done);
    PyErr_Clear();
}

/* Put the threshold back, unless the program has set one of its own meanwhile. Keeps the current exception. */
void
pypkg_release_collector(struct pypkg_collector *collector)
{
    PyObject *type, *value, *traceback;

    if (--collector->depth > 0 || collector->saved_threshold == NULL) {
        return;
    }
    PyErr_Fetch(&type, &value, &traceback);
    if (ask_collector(collector, "get_threshold") == HELD_THRESHOLD) {
        age_objects(collector, PyLong_AsLong(PyTuple_GET_ITEM(collector->saved_threshold, 0)));
        PyObject *set = PyObject_GetAttrString(collector->gc, "set_threshold");
        PyObject *done = set == NULL ? NULL : PyObject_CallObject(set, collector->saved_threshold);
        Py_XDECREF(set);
        Py_XDECREF(done);
        PyErr_Clear();
    }
    Py_CLEAR(collector->saved_threshold);
    PyErr_Restore(type, value, traceback);
}

int
pypkg_visit_collector(struct pypkg_collector *collector, visitproc visit, void *arg)
{
    Py_VISIT(collector->gc);
    Py_VISIT(collector->saved_threshold);
    return 0;
}

void
pypkg_clear_collector(struct pypkg_collector *collector)
{
    Py_CLEAR(collector->gc);
    Py_CLEAR(collector->saved_threshold);
}
