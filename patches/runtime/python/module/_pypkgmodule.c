/* The builtin module _pypkg: the image for the importer, which is written in Python.

   Here is what every import needs: the lookup, unmarshalling directly from the mapped image, and running a module's
   code. Format: docs/image-format.md, "Module". */

#include <Python.h>
#include <marshal.h>

#include "engine/state.h"
#include "paths/paths.h"
#include "python/module/_pypkg.h"

typedef struct {
    /* Of importlib: tracebacks leave out the frames of the import system up to it. */
    PyObject *call_with_frames_removed;
    PyObject *exec;
    struct pypkg_gc gc;
    char cache_suffix[64];
} module_state;

static module_state *
state_of(PyObject *module)
{
    return (module_state *)PyModule_GetState(module);
}

/* "/snapshot", the path below it and `tail`. */
static PyObject *
make_path(const char *path, size_t size, const char *tail, size_t tail_size)
{
    char buffer[PYPKG_ROOT_SIZE + 1 + PYPKG_MAX_PATH + 128];

    if (size > PYPKG_MAX_PATH || tail_size > 127) {
        PyErr_SetString(PyExc_ImportError, "a path in the executable's image is too long");
        return NULL;
    }
    size_t used = pypkg_virtual_path((struct pypkg_text){path, size}, buffer, sizeof(buffer)) - 1;
    memcpy(buffer + used, tail, tail_size);
    return PyUnicode_DecodeUTF8(buffer, (Py_ssize_t)(used + tail_size), "surrogateescape");
}

/* Look up a dotted name. 1: found; 0: not found; -1: an exception is set. */
static int
find_by_name(PyObject *name, struct pypkg_module *found)
{
    const struct pypkg_image *image = pypkg_image();
    Py_ssize_t size;
    const char *utf8;

    if (image == NULL) {
        return 0;
    }
    if (!PyUnicode_Check(name)) {
        PyErr_Format(PyExc_TypeError, "name of a module: expected a str, got %s", Py_TYPE(name)->tp_name);
        return -1;
    }
    utf8 = PyUnicode_AsUTF8AndSize(name, &size);
    if (utf8 == NULL) {
        /* A lone surrogate: no module has such a name. */
        PyErr_Clear();
        return 0;
    }
    return pypkg_find_module(image, utf8, (size_t)size, found) >= 0;
}

/* The path that the bytecode cache of an ordinary file would have: <directory>/__pycache__/<stem>.<tag>.pyc, or
   None. */
static PyObject *
make_cached(PyObject *module, struct pypkg_text path)
{
    size_t directory = pypkg_parent_size(path.data, path.size);
    size_t start = directory > 0 ? directory + 1 : 0;
    size_t stem = path.size;
    char tail[128];
    int size;

    if (stem - start > 3 && memcmp(path.data + stem - 3, ".py", 3) == 0) {
        stem -= 3;
    }
    size = snprintf(tail, sizeof(tail), "/__pycache__/%.*s%s", (int)(stem - start > 200 ? 200 : stem - start),
                    path.data + start, state_of(module)->cache_suffix);
    if (size < 0 || (size_t)size >= sizeof(tail)) {
        Py_RETURN_NONE;
    }
    return make_path(path.data, directory, tail, (size_t)size);
}

PyDoc_STRVAR(find_module_doc,
"find_module(name, /)\n--\n\n"
"Look up a module by its dotted name.\n\n"
"Returns None, or (kind, path of its file, path of its cached bytecode, directory it was found in).\n"
"Kinds are those of docs/image-format.md: 1 module, 2 package, 3 namespace package, 4 extension, 5 package that is an extension.");

static PyObject *
find_module(PyObject *module, PyObject *name)
{
    const struct pypkg_image *image = pypkg_image();
    struct pypkg_module found;
    struct pypkg_entry entry;
    int status = find_by_name(name, &found);

    if (status < 0) {
        return NULL;
    }
    if (status == 0 || !pypkg_entry_at(image, found.entry, &entry)) {
        Py_RETURN_NONE;
    }
    struct pypkg_text path = pypkg_entry_path(image, &entry);
    size_t parent = pypkg_parent_size(path.data, path.size);
    if (found.kind == PYPKG_PACKAGE || found.kind == PYPKG_EXTENSION_PACKAGE) {
        parent = pypkg_parent_size(path.data, parent);
    }
    PyObject *origin = make_path(path.data, path.size, "", 0);
    PyObject *cached = origin == NULL ? NULL : make_cached(module, path);
    PyObject *directory = cached == NULL ? NULL : make_path(path.data, parent, "", 0);
    PyObject *result = NULL;
    if (directory != NULL) {
        result = Py_BuildValue("(iOOO)", (int)found.kind, origin, cached, directory);
    }
    Py_XDECREF(origin);
    Py_XDECREF(cached);
    Py_XDECREF(directory);
    return result;
}

static PyObject *
fail_import(const char *format, PyObject *name)
{
    PyObject *message = PyUnicode_FromFormat(format, name);
    if (message != NULL) {
        PyErr_SetImportError(message, name, NULL);
        Py_DECREF(message);
    }
    return NULL;
}

static PyObject *
load_code(const struct pypkg_module *found, PyObject *name)
{
    struct pypkg_bytes bytes;

    if (found->code_size == 0) {
        return fail_import("no code for module %R in the executable", name);
    }
    int status = pypkg_module_code(pypkg_image(), found, &bytes);
    if (status != 0) {
        return fail_import(status == ENOMEM ? "no memory for the code of module %R"
                                            : "the code of module %R in the executable is corrupt",
                           name);
    }
    PyObject *code = PyMarshal_ReadObjectFromString((const char *)bytes.data, (Py_ssize_t)bytes.size);
    pypkg_release(&bytes);
    if (code != NULL && !PyCode_Check(code)) {
        Py_DECREF(code);
        return fail_import("the code of module %R in the executable is not a code object", name);
    }
    return code;
}

PyDoc_STRVAR(get_code_doc,
"get_code(name, /)\n--\n\nThe code object of a module. Raises ImportError if it has none or it is corrupt.");

static PyObject *
get_code(PyObject *Py_UNUSED(module), PyObject *name)
{
    struct pypkg_module found;
    int status = find_by_name(name, &found);

    if (status < 0) {
        return NULL;
    }
    return status == 0 ? fail_import("no module named %R in the executable", name) : load_code(&found, name);
}

/* Resolve a path of the snapshot. False: an OSError is set, or no exception if the path leads out of the snapshot. */
static int
resolve(PyObject *path, struct pypkg_found *found)
{
    char outside[PYPKG_MAX_PATH + 1];
    PyObject *bytes = NULL;
    int status = ENOENT;

    if (!PyUnicode_FSConverter(path, &bytes)) {
        return 0;
    }
    const char *below = pypkg_below_root(PyBytes_AS_STRING(bytes));
    if (pypkg_image() != NULL && below != NULL && below[0] == '/') {
        status = pypkg_resolve(pypkg_image(), (struct pypkg_text){"", 0}, below + 1, true, found, outside);
    }
    Py_DECREF(bytes);
    if (status == PYPKG_OUTSIDE) {
        return 0;
    }
    if (status != 0) {
        errno = status;
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
        return 0;
    }
    return 1;
}

PyDoc_STRVAR(code_at_doc,
"code_at(path, /)\n--\n\nThe code object compiled from the file at a snapshot path, or None.");

static PyObject *
code_at(PyObject *Py_UNUSED(module), PyObject *path)
{
    const struct pypkg_image *image = pypkg_image();
    struct pypkg_found found;
    struct pypkg_module row;

    if (!resolve(path, &found)) {
        if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_OSError)) {
            return NULL;
        }
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    for (uint32_t i = 0; i < pypkg_count(image, PYPKG_MODULES); i++) {
        if (pypkg_module_at(image, i, &row) && row.entry == found.index && row.code_size != 0) {
            return load_code(&row, path);
        }
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(read_doc,
"read(path, /)\n--\n\nThe contents of a file of the snapshot, as bytes; None if a mount or a link\n"
"leads out of it. Raises OSError as open() does.");

static PyObject *
read_file(PyObject *Py_UNUSED(module), PyObject *path)
{
    struct pypkg_found found;
    struct pypkg_bytes bytes;

    if (!resolve(path, &found)) {
        if (PyErr_Occurred()) {
            return NULL;
        }
        Py_RETURN_NONE;
    }
    int status = pypkg_entry_contents(pypkg_image(), &found.entry, &bytes);
    if (status != 0) {
        errno = status;
        return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
    }
    PyObject *result = PyBytes_FromStringAndSize((const char *)bytes.data, (Py_ssize_t)bytes.size);
    pypkg_release(&bytes);
    return result;
}

/* -- running a module's code ------------------------------------------------------------------------------------ */

PyDoc_STRVAR(exec_module_doc,
"exec_module(module, /)\n--\n\nRun the code of a module in its namespace: what a loader's exec_module does.");

static PyObject *
exec_module(PyObject *self, PyObject *target)
{
    module_state *state = state_of(self);
    PyObject *name = PyObject_GetAttrString(target, "__name__");
    PyObject *result = NULL;

    if (name == NULL) {
        return NULL;
    }
    pypkg_gc_hold(&state->gc);
    PyObject *code = get_code(self, name);
    PyObject *dict = code == NULL ? NULL : PyObject_GetAttrString(target, "__dict__");
    if (dict != NULL) {
        result = PyObject_CallFunctionObjArgs(state->call_with_frames_removed, state->exec, code, dict, NULL);
    }
    pypkg_gc_release(&state->gc);
    Py_DECREF(name);
    Py_XDECREF(code);
    Py_XDECREF(dict);
    return result;
}

/* -- information about the image ---------------------------------------------------------------------------------- */

/* A list of str from NUL-terminated items. */
static PyObject *
split_items(struct pypkg_text text)
{
    PyObject *items = PyList_New(0);
    const char *p = text.data;
    const char *end = text.data + text.size;

    while (items != NULL && p < end) {
        const char *stop = memchr(p, '\0', (size_t)(end - p));
        stop = stop != NULL ? stop : end;
        PyObject *item = pypkg_make_str((struct pypkg_text){p, (size_t)(stop - p)});
        if (item == NULL || PyList_Append(items, item) < 0) {
            Py_CLEAR(items);
        }
        Py_XDECREF(item);
        p = stop + 1;
    }
    return items;
}

PyDoc_STRVAR(image_doc,
"image()\n--\n\n"
"None, or a dict: manifest (JSON), search_path, options of the program (lists of str), entry_points (their names),\n"
"flags, entries, modules, dictionaries (how many), size (bytes).");

/* A list of the entry points' names. */
static PyObject *
list_entry_points(const struct pypkg_image *image)
{
    PyObject *names = PyList_New(0);
    struct pypkg_entry_point point;

    for (uint32_t i = 0; names != NULL && pypkg_entry_point_at(image, i, &point); i++) {
        PyObject *name = pypkg_make_str(pypkg_string(image, point.name_offset, point.name_size));
        if (name == NULL || PyList_Append(names, name) < 0) {
            Py_CLEAR(names);
        }
        Py_XDECREF(name);
    }
    return names;
}

static PyObject *
image_info(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    const struct pypkg_image *image = pypkg_image();
    if (image == NULL) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("{sNsNsNsNsIsIsIsIsK}",
                         "manifest", pypkg_make_str(pypkg_section_text(image, PYPKG_MANIFEST)),
                         "search_path", split_items(pypkg_section_text(image, PYPKG_SEARCH_PATH)),
                         "options", split_items(pypkg_image_options(image)),
                         "entry_points", list_entry_points(image),
                         "flags", (unsigned int)image->flags,
                         "entries", (unsigned int)pypkg_count(image, PYPKG_ENTRIES),
                         "modules", (unsigned int)pypkg_count(image, PYPKG_MODULES),
                         "dictionaries", (unsigned int)pypkg_count(image, PYPKG_DICTIONARIES),
                         "size", (unsigned long long)image->size);
}

PyDoc_STRVAR(bundles_doc,
"bundles()\n--\n\nThe files that are extracted together: a dict of digest in hex and name of the distribution.");

static PyObject *
list_bundles(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    const struct pypkg_image *image = pypkg_image();
    PyObject *bundles = PyDict_New();
    struct pypkg_bundle bundle;
    char digest[PYPKG_DIGEST_SIZE];

    for (uint32_t n = 0; bundles != NULL && image != NULL && n < pypkg_count(image, PYPKG_BUNDLES); n++) {
        if (!pypkg_bundle_at(image, n, &bundle)) {
            continue;
        }
        pypkg_bundle_digest(&bundle, digest);
        PyObject *name = pypkg_make_str(pypkg_string(image, bundle.name_offset, bundle.name_size));
        if (name == NULL || PyDict_SetItemString(bundles, digest, name) < 0) {
            Py_CLEAR(bundles);
        }
        Py_XDECREF(name);
    }
    return bundles;
}

/* -- the module ------------------------------------------------------------------------------------------------- */

static PyMethodDef methods[] = {
    {"find_module", find_module, METH_O, find_module_doc},
    {"get_code", get_code, METH_O, get_code_doc},
    {"code_at", code_at, METH_O, code_at_doc},
    {"read", read_file, METH_O, read_doc},
    {"exec_module", exec_module, METH_O, exec_module_doc},
    {"image", image_info, METH_NOARGS, image_doc},
    {"bundles", list_bundles, METH_NOARGS, bundles_doc},
    {NULL, NULL, 0, NULL},
};

/* ".cpython-313.pyc", or ".cpython-313.opt-1.pyc" under -O. */
static int
find_cache_suffix(module_state *state)
{
    long optimize = 0;
    PyObject *flags = PySys_GetObject("flags");
    PyObject *value = flags == NULL ? NULL : PyObject_GetAttrString(flags, "optimize");

    if (value != NULL) {
        optimize = PyLong_AsLong(value);
        Py_DECREF(value);
    }
    PyErr_Clear();
    snprintf(state->cache_suffix, sizeof(state->cache_suffix),
             optimize > 0 ? ".cpython-%d%d.opt-%ld.pyc" : ".cpython-%d%d.pyc", PY_MAJOR_VERSION, PY_MINOR_VERSION,
             optimize);
    return 0;
}

static int
exec_pypkg(PyObject *module)
{
    module_state *state = state_of(module);
    PyObject *bootstrap = PyImport_AddModule("_frozen_importlib");
    PyObject *builtins = PyEval_GetBuiltins();

    if (bootstrap == NULL) {
        return -1;
    }
    state->call_with_frames_removed = PyObject_GetAttrString(bootstrap, "_call_with_frames_removed");
    state->exec = Py_XNewRef(PyDict_GetItemString(builtins, "exec"));
    if (state->call_with_frames_removed == NULL || state->exec == NULL) {
        return -1;
    }
    /* A base that is used as python3 has python3's messages. */
    struct pypkg_module main_module;
    if (pypkg_find_main(&main_module)) {
        pypkg_enable_hints();
    }
    if (PyModule_AddStringConstant(module, "ROOT", PYPKG_ROOT) < 0
        || PyModule_AddFunctions(module, pypkg_mount_methods) < 0
        || PyModule_AddFunctions(module, pypkg_inspect_methods) < 0
        || PyModule_AddFunctions(module, pypkg_process_methods) < 0) {
        return -1;
    }
    return find_cache_suffix(state);
}

static int
traverse_pypkg(PyObject *module, visitproc visit, void *arg)
{
    module_state *state = state_of(module);
    Py_VISIT(state->call_with_frames_removed);
    Py_VISIT(state->exec);
    return pypkg_gc_traverse(&state->gc, visit, arg);
}

static int
clear_pypkg(PyObject *module)
{
    module_state *state = state_of(module);
    Py_CLEAR(state->call_with_frames_removed);
    Py_CLEAR(state->exec);
    pypkg_gc_clear(&state->gc);
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec_pypkg},
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,          .m_name = "_pypkg",     .m_doc = PyDoc_STR("The image inside this executable."),
    .m_size = sizeof(module_state), .m_methods = methods,   .m_slots = slots,
    .m_traverse = traverse_pypkg,   .m_clear = clear_pypkg,
};

PyMODINIT_FUNC
PyInit__pypkg(void)
{
    return PyModuleDef_Init(&definition);
}
