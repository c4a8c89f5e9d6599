/* This process: its environment, for what is written in Python. */

#include "python/module/_pypkg.h"

#include "native/native.h"
#include "os/process.h"

PyDoc_STRVAR(environment_doc,
"environment(name, /)\n--\n\n"
"The value of an environment variable as a str, or None. In a process with more rights than its caller every\n"
"variable is reported as unset: read those that concern pypkg with this function only.");

static PyObject *
read_environment(PyObject *Py_UNUSED(module), PyObject *name)
{
    PyObject *bytes = NULL;

    if (!PyUnicode_FSConverter(name, &bytes)) {
        return NULL;
    }
    const char *value = pypkg_environment(PyBytes_AS_STRING(bytes));
    Py_DECREF(bytes);
    if (value == NULL) {
        Py_RETURN_NONE;
    }
    return PyUnicode_DecodeFSDefault(value);
}

PyDoc_STRVAR(native_cache_doc,
"native_cache()\n--\n\nThe path of the native cache, which need not exist; None if the environment names no directory.");

static PyObject *
native_cache(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    char path[PYPKG_MAX_PATH + 1];

    if (!pypkg_cache_path(path, sizeof(path))) {
        Py_RETURN_NONE;
    }
    return PyUnicode_DecodeFSDefault(path);
}

PyMethodDef pypkg_process_methods[] = {
    {"environment", read_environment, METH_O, environment_doc},
    {"native_cache", native_cache, METH_NOARGS, native_cache_doc},
    {NULL, NULL, 0, NULL},
};
