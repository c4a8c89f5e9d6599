/* Hints: what to do about a file below /snapshot that is missing, withheld or read-only.

   The patch 0005 calls the hook for every OSError with a file name, before it is raised. A hint is a note (PEP 678),
   which does not change str(error); only EROFS gets another message, because nothing else explains it. Errors in
   here are ignored, so that a hint never replaces the error. */

#include "engine/trace.h"
#include "python/module/_pypkg.h"

#define READ_ONLY                                                                                                    \
    "Read-only file system (packaged files cannot be changed: write to a directory outside of " PYPKG_ROOT ", such " \
    "as the user's, tempfile's or that of sys.executable, or mount a directory below " PYPKG_ROOT " with "           \
    "sys.pypkg.mount)"

/* Defined in errors.c by the patch. */
extern void (*_PyErr_pypkg_hint)(PyObject *error, int number, PyObject *name, PyObject *name2);

/* The path in an error's file name, borrowed; NULL if it cannot be a path of the snapshot. */
static const char *
path_in(PyObject *name)
{
    const char *path = NULL;

    if (name != NULL && PyUnicode_Check(name)) {
        path = PyUnicode_AsUTF8(name);
        if (path == NULL) {
            PyErr_Clear();
        }
    }
    else if (name != NULL && PyBytes_Check(name)) {
        path = PyBytes_AS_STRING(name);
    }
    return path != NULL && pypkg_may_lead_inside(path) ? path : NULL;
}

/* The path relative to the project's directory, as the globs of the configuration are; or NULL. */
static const char *
below_project(const char *path)
{
    struct pypkg_module module;
    struct pypkg_entry entry;

    const char *below = pypkg_below_root(path);

    if (below == NULL || below[0] == '\0' || strstr(path, "/..") != NULL || !pypkg_find_main(&module)
        || !pypkg_entry_at(pypkg_image(), module.entry, &entry)) {
        return NULL;
    }
    struct pypkg_text main_path = pypkg_entry_path(pypkg_image(), &entry);
    const char *slash = memchr(main_path.data, '/', main_path.size);
    if (slash == NULL) {
        return NULL;
    }
    size_t size = (size_t)(slash - main_path.data) + 1;
    below++;
    return strncmp(below, main_path.data, size) == 0 && below[size] != '\0' ? below + size : NULL;
}

/* The error is new and has no notes: this takes a third of the time of add_note(). */
static void
add_note(PyObject *error, PyObject *text)
{
    PyObject *notes = text == NULL ? NULL : Py_BuildValue("[N]", text);

    if (notes != NULL) {
        (void)PyObject_SetAttrString(error, "__notes__", notes);
        Py_DECREF(notes);
    }
}

static void
explain_missing(PyObject *error, const char *path)
{
    const char *relative = below_project(path);

    add_note(error,
             relative != NULL
                 ? PyUnicode_FromFormat("'%s' is not in this executable. To package it, name it in [tool.pypkg]: "
                                        "assets = [\"%s\"]",
                                        relative, relative)
                 : PyUnicode_FromFormat("'%s' is not in this executable; pypkg --debug lists what is packaged.", path));
}

static void
explain_withheld(PyObject *error)
{
    add_note(error,
             PyUnicode_FromString("Source text is left out of this executable; pypkg --public includes the "
                                  "project's source text, --public-packages that of its dependencies."));
}

static void
explain_read_only(PyObject *error, int number)
{
    PyObject *text = PyUnicode_FromString(READ_ONLY);
    PyObject *args = text == NULL ? NULL : Py_BuildValue("(iO)", number, text);

    if (args != NULL && PyObject_SetAttrString(error, "strerror", text) == 0) {
        (void)PyObject_SetAttrString(error, "args", args);
    }
    Py_XDECREF(text);
    Py_XDECREF(args);
}

/* Where a path leads, also through mounts, without a line in the trace. */
static enum pypkg_where
find(const char *path, struct pypkg_route *route)
{
    return path == NULL ? PYPKG_REAL : pypkg_route_path(route, NULL, path, true);
}

static void
hint(PyObject *error, int number, PyObject *name, PyObject *name2)
{
    struct pypkg_route route;
    int saved = errno;

    if ((number != ENOENT && number != EACCES && number != EROFS && !pypkg_is_traced())
        || !PyObject_TypeCheck(error, (PyTypeObject *)PyExc_OSError)) {
        return;
    }
    const char *path = path_in(name);
    enum pypkg_where where = find(path, &route);
    if (where == PYPKG_VIRTUAL || (where == PYPKG_FAILED && number != route.error)) {
        pypkg_trace_error(number, path);
    }
    if (number == EROFS) {
        if (where != PYPKG_REAL || find(path_in(name2), &route) != PYPKG_REAL) {
            explain_read_only(error, number);
        }
    }
    else if (number == ENOENT && where == PYPKG_FAILED && route.error == ENOENT) {
        explain_missing(error, path);
    }
    else if (number == EACCES && where == PYPKG_VIRTUAL && (route.found.entry.flags & PYPKG_WITHHELD)) {
        explain_withheld(error);
    }
    PyErr_Clear();
    errno = saved;
}

void
pypkg_enable_hints(void)
{
    _PyErr_pypkg_hint = hint;
}
