/* Running the program, and scripts of the snapshot, as `python app.py` would run them. */

#include "python/main/main.h"

#include "os/process.h"

/* Flush as Python does after a script. An error is reported at exit. */
static void
flush_stream(const char *name)
{
    PyObject *stream = PySys_GetObject(name);
    PyObject *done = stream == NULL ? NULL : PyObject_CallMethod(stream, "flush", NULL);
    Py_XDECREF(done);
    PyErr_Clear();
}

static PyObject *
call(const char *module_name, const char *function, PyObject *argument)
{
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *result = NULL;

    if (module != NULL) {
        result = argument != NULL ? PyObject_CallMethod(module, function, "O", argument)
                                  : PyObject_CallMethod(module, function, NULL);
        Py_DECREF(module);
    }
    return result;
}

/* Fill the namespace of a script as `python app.py` does. */
static int
fill_namespace(PyObject *dict, PyObject *name, PyObject *path)
{
    PyObject *importer = PyImport_ImportModule(PYPKG_IMPORTER);
    PyObject *loader = NULL;
    int status = -1;

    if (importer != NULL) {
        loader = PyObject_CallMethod(importer, "SnapshotLoader", "OO", name, path);
        Py_DECREF(importer);
    }
    if (loader != NULL) {
        status = PyDict_SetItemString(dict, "__file__", path);
        status = status < 0 ? status : PyDict_SetItemString(dict, "__cached__", Py_None);
        status = status < 0 ? status : PyDict_SetItemString(dict, "__spec__", Py_None);
        status = status < 0 ? status : PyDict_SetItemString(dict, "__package__", Py_None);
        status = status < 0 ? status : PyDict_SetItemString(dict, "__loader__", loader);
        Py_DECREF(loader);
    }
    return status;
}

#if PY_VERSION_HEX >= 0x030D0000
/* Exported, but declared in internal/pycore_pystate.h only. Modules/main.c does the same: a debugger that attaches to the
   process (sys.remote_exec, pdb -p) looks for the thread that runs the main module. */
PyAPI_FUNC(int) _PyInterpreterState_SetRunningMain(PyInterpreterState *);
PyAPI_FUNC(void) _PyInterpreterState_SetNotRunningMain(PyInterpreterState *);

static PyObject *
evaluate(PyObject *code, PyObject *dict)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    PyObject *result = NULL;

    if (_PyInterpreterState_SetRunningMain(interpreter) == 0) {
        result = PyEval_EvalCode(code, dict, dict);
        _PyInterpreterState_SetNotRunningMain(interpreter);
    }
    return result;
}
#else
static PyObject *
evaluate(PyObject *code, PyObject *dict)
{
    return PyEval_EvalCode(code, dict, dict);
}
#endif

static PyObject *
run_code(PyObject *path, PyObject *code)
{
    PyObject *module = PyImport_AddModule("__main__");
    PyObject *name = PyUnicode_FromString("__main__");
    PyObject *result = NULL;

    if (module != NULL && name != NULL) {
        PyObject *dict = PyModule_GetDict(module);
        if (fill_namespace(dict, name, path) == 0) {
            result = evaluate(code, dict);
        }
    }
    Py_XDECREF(name);
    return result;
}

static PyObject *
run_main_module(void)
{
    PyObject *name = PyUnicode_FromString("__main__");
    PyObject *found = name == NULL ? NULL : call("_pypkg", "find_module", name);
    PyObject *code = found == NULL ? NULL : call("_pypkg", "get_code", name);
    PyObject *ready = code == NULL ? NULL : call("_pypkg_runtime", "serve_commands", NULL);
    PyObject *result = ready == NULL ? NULL : run_code(PyTuple_GetItem(found, 1), code);

    Py_XDECREF(ready);
    Py_XDECREF(code);
    Py_XDECREF(found);
    Py_XDECREF(name);
    return result;
}

/* What Python does after a script; `result` is NULL if it raised an exception. */
static int
end_program(PyObject *result)
{
    int code = 0;
    int interrupted = 0;

    if (result == NULL) {
        interrupted = PyErr_Occurred() == PyExc_KeyboardInterrupt;
        code = 1;
        /* SystemExit ends here: this finalizes Python and exits with its code. */
        PyErr_Print();
    }
    Py_XDECREF(result);
    flush_stream("stderr");
    flush_stream("stdout");
    if (Py_FinalizeEx() < 0) {
        code = 120;
    }
    /* bpo-1054041 */
    return interrupted ? pypkg_end_by_interrupt() : code;
}

int
pypkg_run_application(void)
{
    return end_program(run_main_module());
}

/* The code of a script in the snapshot is in the image; its source may be withheld. */
int
pypkg_run_interpreter(const char *script, bool script_directory)
{
    PyObject *ready = call("_pypkg_runtime", "diagnose", NULL);
    if (ready == NULL) {
        return end_program(NULL);
    }
    Py_DECREF(ready);
    if (script == NULL || strcmp(script, "-") == 0) {
        return Py_RunMain();
    }
    PyObject *path = PyUnicode_DecodeFSDefault(script);
    PyObject *runtime = path == NULL ? NULL : PyImport_ImportModule("_pypkg_runtime");
    PyObject *found =
        runtime == NULL ? NULL : PyObject_CallMethod(runtime, "find_script", "Oi", path, (int)script_directory);
    PyObject *result = NULL;

    Py_XDECREF(runtime);
    Py_XDECREF(path);
    if (found == Py_None) {
        Py_DECREF(found);
        return Py_RunMain();
    }
    if (found != NULL && PyTuple_Check(found) && PyTuple_GET_SIZE(found) == 2) {
        result = run_code(PyTuple_GET_ITEM(found, 0), PyTuple_GET_ITEM(found, 1));
    }
    Py_XDECREF(found);
    return end_program(result);
}
