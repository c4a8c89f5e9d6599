/* Mounts for Python: the functions of _pypkg behind sys.pypkg.mount, and the trace switch.

   A mount by pattern is a Python function that the runtime calls with paths of the snapshot. The runtime does not
   hold the GIL, so it is acquired here; only the interpreter that set the function calls it. */

#include <Python.h>

#include "engine/trace.h"
#include "python/module/_pypkg.h"

static PyObject *hook;
static PyInterpreterState *hook_interpreter;

static PyObject *
fail(int status, PyObject *path)
{
    errno = status;
    return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
}

PyDoc_STRVAR(mount_doc,
"mount(path, real, /)\n--\n\n"
"Serve the real directory or file at a path below /snapshot.\n\n"
"Raises OSError: EINVAL if the path is not below /snapshot or the real one is not absolute.");

static PyObject *
mount(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    PyObject *path = NULL, *real = NULL, *result = NULL;

    if (!PyArg_ParseTuple(arguments, "O&O&:mount", PyUnicode_FSConverter, &path, PyUnicode_FSConverter, &real)) {
        Py_XDECREF(path);
        return NULL;
    }
    int status = pypkg_mount_add(PyBytes_AS_STRING(path), PyBytes_AS_STRING(real));
    result = status == 0 ? Py_NewRef(Py_None) : fail(status, path);
    Py_DECREF(path);
    Py_DECREF(real);
    return result;
}

PyDoc_STRVAR(unmount_doc,
"unmount(path, /)\n--\n\nRemove a mount. Raises OSError: EINVAL if nothing is mounted at this path.");

static PyObject *
unmount(PyObject *Py_UNUSED(module), PyObject *argument)
{
    PyObject *path;

    if (!PyUnicode_FSConverter(argument, &path)) {
        return NULL;
    }
    int status = pypkg_mount_remove(PyBytes_AS_STRING(path));
    Py_DECREF(path);
    return status == 0 ? Py_NewRef(Py_None) : fail(status, argument);
}

static PyObject *
decode_path(const char *path, size_t size)
{
    return PyUnicode_DecodeFSDefaultAndSize(path, (Py_ssize_t)size);
}

PyDoc_STRVAR(mounts_doc, "mounts()\n--\n\nThe current mounts, as a list of (path below /snapshot, real path).");

static PyObject *
list_mounts(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    const struct pypkg_mounts *mounts = pypkg_mounts();
    PyObject *list = PyList_New(0);

    for (size_t i = 0; list != NULL && mounts != NULL && i < mounts->count; i++) {
        const struct pypkg_mount *item = &mounts->items[i];
        PyObject *name = decode_path(item->path, item->path_size);
        PyObject *real = decode_path(item->real, item->real_size);
        PyObject *pair =
            name == NULL || real == NULL ? NULL : Py_BuildValue("(NO)", PyUnicode_FromFormat(PYPKG_ROOT "/%U", name), real);
        if (pair == NULL || PyList_Append(list, pair) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(name);
        Py_XDECREF(real);
        Py_XDECREF(pair);
    }
    return list;
}

PyDoc_STRVAR(is_mounted_doc,
"is_mounted(path, /)\n--\n\nWhether this path leads from the snapshot to the real file system, by a mount or a link.");

static PyObject *
is_mounted(PyObject *Py_UNUSED(module), PyObject *argument)
{
    struct pypkg_route route;
    PyObject *path;

    if (pypkg_mounts() == NULL && pypkg_get_mount_hook() == NULL) {
        Py_RETURN_FALSE;
    }
    if (!PyUnicode_FSConverter(argument, &path)) {
        return NULL;
    }
    const char *text = PyBytes_AS_STRING(path);
    bool real = pypkg_may_lead_inside(text) && pypkg_route_path(&route, "import", text, true) == PYPKG_REAL;
    Py_DECREF(path);
    return PyBool_FromLong(real);
}

static bool
is_finalizing(void)
{
#if PY_VERSION_HEX >= 0x030d0000
    return !Py_IsInitialized() || Py_IsFinalizing();
#else
    return !Py_IsInitialized() || _Py_IsFinalizing();
#endif
}

/* Convert the result of the Python function: a real path, or None. An exception is printed and treated as None. */
static bool
convert_result(PyObject *result, char *real, size_t real_size)
{
    PyObject *bytes;

    if (result == NULL) {
        PyErr_WriteUnraisable(hook);
        return false;
    }
    bool given = result != Py_None;
    if (given && !PyUnicode_FSConverter(result, &bytes)) {
        PyErr_WriteUnraisable(hook);
        given = false;
    }
    else if (given) {
        given = (size_t)PyBytes_GET_SIZE(bytes) < real_size;
        if (given) {
            memcpy(real, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes) + 1);
        }
        Py_DECREF(bytes);
    }
    Py_DECREF(result);
    return given;
}

static bool
call_hook(const char *path, char *real, size_t real_size)
{
    /* Paths that the function itself opens or imports are not passed to it: the recursion would not end. */
    static _Thread_local bool calling;
    PyObject *type, *value, *traceback;
    bool given = false;

    if (calling || is_finalizing()) {
        return false;
    }
    calling = true;
    PyGILState_STATE gil = PyGILState_Ensure();
    if (hook != NULL && PyInterpreterState_Get() == hook_interpreter) {
        PyErr_Fetch(&type, &value, &traceback);
        PyObject *name = decode_path(path, strlen(path));
        given = convert_result(name == NULL ? NULL : PyObject_CallFunctionObjArgs(hook, name, NULL), real, real_size);
        Py_XDECREF(name);
        PyErr_Restore(type, value, traceback);
    }
    PyGILState_Release(gil);
    calling = false;
    return given;
}

PyDoc_STRVAR(set_mount_hook_doc,
"set_mount_hook(function, /)\n--\n\n"
"Call this function with every path below /snapshot: it returns the real path to use, or None.\n\nNone: remove it.");

static PyObject *
set_mount_hook(PyObject *Py_UNUSED(module), PyObject *function)
{
    bool given = function != Py_None;

    Py_XSETREF(hook, given ? Py_NewRef(function) : NULL);
    hook_interpreter = PyInterpreterState_Get();
    pypkg_set_mount_hook(given ? call_hook : NULL);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(trace_doc,
"trace(fd, /)\n--\n\nWrite a line for every path that may lead into the snapshot to this descriptor; -1: stop.");

static PyObject *
trace(PyObject *Py_UNUSED(module), PyObject *argument)
{
    int fd = PyObject_AsFileDescriptor(argument);

    if (fd < 0 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_ValueError)) {
            return NULL;
        }
        PyErr_Clear();
    }
    pypkg_trace_to(fd);
    Py_RETURN_NONE;
}

PyMethodDef pypkg_mount_methods[] = {
    {"mount", mount, METH_VARARGS, mount_doc},
    {"unmount", unmount, METH_O, unmount_doc},
    {"mounts", list_mounts, METH_NOARGS, mounts_doc},
    {"is_mounted", is_mounted, METH_O, is_mounted_doc},
    {"set_mount_hook", set_mount_hook, METH_O, set_mount_hook_doc},
    {"trace", trace, METH_O, trace_doc},
    {NULL, NULL, 0, NULL},
};
