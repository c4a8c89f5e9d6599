/* The extension pypkg_core._core: the runtime's reader of images, so that tests and inspection use the code that runs
   in an executable; XXH64; and the marshal normaliser (_marshal.c).

   Format: docs/image-format.md. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "paths/paths.h"

/* _marshal.c */
extern PyObject *pypkg_normalize_marshal(PyObject *module, PyObject *data);

/* -- Image ------------------------------------------------------------------------------------------------------ */

typedef struct {
    PyObject_HEAD
    Py_buffer buffer;
    struct pypkg_image image;
} image_object;

static PyObject *
make_str(struct pypkg_text text)
{
    if (text.data == NULL) {
        PyErr_SetString(PyExc_ValueError, "the image is corrupt: a string lies outside it");
        return NULL;
    }
    return PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.size, "surrogateescape");
}

static PyObject *
image_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"buffer", NULL};
    PyObject *source;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:Image", names, &source)) {
        return NULL;
    }
    image_object *self = (image_object *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    if (PyObject_GetBuffer(source, &self->buffer, PyBUF_SIMPLE) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    const char *problem = pypkg_image_open(&self->image, self->buffer.buf, (uint64_t)self->buffer.len);
    if (problem != NULL) {
        PyErr_SetString(PyExc_ValueError, problem);
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void
image_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyBuffer_Release(&((image_object *)self)->buffer);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
describe_entry(const struct pypkg_image *image, uint32_t index, const struct pypkg_entry *entry)
{
    return Py_BuildValue("{sIsNsisisIsIsIsIsKsKsKsLsK}", "index", (unsigned int)index,
                         "path", make_str(pypkg_entry_path(image, entry)), "type", (int)entry->type,
                         "codec", (int)entry->codec, "mode", (unsigned int)entry->mode,
                         "flags", (unsigned int)entry->flags, "dictionary", (unsigned int)entry->dictionary,
                         "bundle", (unsigned int)entry->bundle,
                         "data_offset", (unsigned long long)entry->data_offset,
                         "stored_size", (unsigned long long)entry->stored_size,
                         "size", (unsigned long long)entry->size, "mtime", (long long)image->mtime,
                         "checksum", (unsigned long long)entry->checksum);
}

PyDoc_STRVAR(lookup_doc,
"lookup(path, /, *, follow=True)\n--\n\n"
"Resolve a path below the root, as the runtime does: a dict of the entry's fields, with `index` and `path`.\n\n"
"Raises OSError (ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG), or LookupError with the real path if it leads out.");

static PyObject *
image_lookup(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"", "follow", NULL};
    const struct pypkg_image *image = &((image_object *)self)->image;
    char outside[PYPKG_MAX_PATH + 1];
    struct pypkg_found found;
    PyObject *path;
    int follow = 1;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|$p:lookup", names, PyUnicode_FSConverter, &path, &follow)) {
        return NULL;
    }
    int status = pypkg_resolve(image, (struct pypkg_text){"", 0}, PyBytes_AS_STRING(path), follow, &found, outside);
    if (status == 0) {
        Py_DECREF(path);
        return describe_entry(image, found.index, &found.entry);
    }
    if (status == PYPKG_OUTSIDE) {
        Py_DECREF(path);
        PyErr_SetString(PyExc_LookupError, outside);
        return NULL;
    }
    errno = status;
    PyErr_SetFromErrnoWithFilename(PyExc_OSError, PyBytes_AS_STRING(path));
    Py_DECREF(path);
    return NULL;
}

PyDoc_STRVAR(entry_doc,
"entry(index, /)\n--\n\nThe entry with this number, as lookup returns it.\n\nRaises IndexError if it does not exist or is corrupt.");

static PyObject *
image_entry(PyObject *self, PyObject *argument)
{
    const struct pypkg_image *image = &((image_object *)self)->image;
    struct pypkg_entry entry;
    unsigned long index = PyLong_AsUnsignedLong(argument);

    if (index == (unsigned long)-1 && PyErr_Occurred()) {
        return NULL;
    }
    if (index > UINT32_MAX || !pypkg_entry_at(image, (uint32_t)index, &entry)) {
        PyErr_SetString(PyExc_IndexError, "no such entry, or a corrupt one");
        return NULL;
    }
    return describe_entry(image, (uint32_t)index, &entry);
}

PyDoc_STRVAR(listdir_doc,
"listdir(path, /)\n--\n\nThe names in a directory below the root, sorted by their bytes. Raises as lookup does.");

static PyObject *
image_listdir(PyObject *self, PyObject *path)
{
    const struct pypkg_image *image = &((image_object *)self)->image;
    char outside[PYPKG_MAX_PATH + 1];
    struct pypkg_found found;
    struct pypkg_entry child;
    PyObject *bytes;

    if (!PyUnicode_FSConverter(path, &bytes)) {
        return NULL;
    }
    int status = pypkg_resolve(image, (struct pypkg_text){"", 0}, PyBytes_AS_STRING(bytes), true, &found, outside);
    Py_DECREF(bytes);
    if (status == 0 && found.entry.type != PYPKG_DIRECTORY) {
        status = ENOTDIR;
    }
    if (status != 0) {
        errno = status == PYPKG_OUTSIDE ? ENOENT : status;
        return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
    }
    PyObject *names = PyList_New(0);
    for (uint64_t n = 0; names != NULL && n < found.entry.size; n++) {
        int64_t index = pypkg_child_at(image, found.entry.data_offset, found.entry.size, n);
        if (index < 0 || !pypkg_entry_at(image, (uint32_t)index, &child)) {
            continue;
        }
        PyObject *name = make_str(pypkg_entry_name(image, &child));
        if (name == NULL || PyList_Append(names, name) < 0) {
            Py_CLEAR(names);
        }
        Py_XDECREF(name);
    }
    return names;
}

PyDoc_STRVAR(module_doc,
"module(name, /)\n--\n\nThe fields of a module's row, `index` included, or None.");

static PyObject *
image_module(PyObject *self, PyObject *name)
{
    const struct pypkg_image *image = &((image_object *)self)->image;
    struct pypkg_module row;
    Py_ssize_t size;
    const char *utf8 = PyUnicode_AsUTF8AndSize(name, &size);

    if (utf8 == NULL) {
        return NULL;
    }
    int64_t index = pypkg_find_module(image, utf8, (size_t)size, &row);
    if (index < 0) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("{sLsOsIsisisIsKsKsKsK}", "index", (long long)index, "name", name,
                         "entry", (unsigned int)row.entry, "kind", (int)row.kind, "codec", (int)row.codec,
                         "dictionary", (unsigned int)row.dictionary,
                         "code_offset", (unsigned long long)row.code_offset,
                         "code_stored_size", (unsigned long long)row.code_stored_size,
                         "code_size", (unsigned long long)row.code_size,
                         "checksum", (unsigned long long)row.checksum);
}

PyDoc_STRVAR(entry_point_doc,
"entry_point(index, /)\n--\n\nThe name, the module's number and the options (bytes, each ended by NUL), or None.");

static PyObject *
image_entry_point(PyObject *self, PyObject *argument)
{
    const struct pypkg_image *image = &((image_object *)self)->image;
    struct pypkg_entry_point point;
    unsigned long index = PyLong_AsUnsignedLong(argument);

    if (index == (unsigned long)-1 && PyErr_Occurred()) {
        return NULL;
    }
    if (index > UINT32_MAX || !pypkg_entry_point_at(image, (uint32_t)index, &point)) {
        Py_RETURN_NONE;
    }
    struct pypkg_text options = pypkg_string(image, point.options_offset, point.options_size);
    return Py_BuildValue("(NIy#)", make_str(pypkg_string(image, point.name_offset, point.name_size)),
                         (unsigned int)point.module, options.data, (Py_ssize_t)options.size);
}

PyDoc_STRVAR(image_flags_doc, "The image's flags, as an int: docs/image-format.md, \"Header\".");

static PyObject *
image_flags(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromUnsignedLong(((image_object *)self)->image.flags);
}

static PyGetSetDef image_members[] = {
    {"flags", image_flags, NULL, image_flags_doc, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef image_methods[] = {
    {"lookup", (PyCFunction)(void (*)(void))image_lookup, METH_VARARGS | METH_KEYWORDS, lookup_doc},
    {"entry", image_entry, METH_O, entry_doc},
    {"listdir", image_listdir, METH_O, listdir_doc},
    {"module", image_module, METH_O, module_doc},
    {"entry_point", image_entry_point, METH_O, entry_point_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(image_class_doc,
"Image(buffer)\n--\n\nAn image, read in place from a bytes-like object.\n\nRaises ValueError if it is invalid.");

static PyType_Slot image_slots[] = {
    {Py_tp_doc, (void *)image_class_doc}, {Py_tp_new, image_new},        {Py_tp_dealloc, image_dealloc},
    {Py_tp_methods, image_methods},       {Py_tp_getset, image_members}, {0, NULL},
};

static PyType_Spec image_spec = {
    .name = "pypkg_core._core.Image",
    .basicsize = sizeof(image_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = image_slots,
};

/* -- the module ------------------------------------------------------------------------------------------------- */

PyDoc_STRVAR(xxh64_doc,
"xxh64(data, /)\n--\n\nXXH64 with seed 0 of a bytes-like object, as an int.");

static PyObject *
xxh64(PyObject *Py_UNUSED(module), PyObject *data)
{
    Py_buffer buffer;

    if (PyObject_GetBuffer(data, &buffer, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    uint64_t hash = pypkg_xxh64(buffer.buf, (size_t)buffer.len);
    PyBuffer_Release(&buffer);
    return PyLong_FromUnsignedLongLong(hash);
}

PyDoc_STRVAR(fold_doc,
"fold(path, /)\n--\n\n"
"A path in UTF-8 (bytes, at most 4095) as it is hashed in an image whose paths are folded: docs/image-format.md.\n\n"
"Raises ValueError if it is longer.");

static PyObject *
fold(PyObject *Py_UNUSED(module), PyObject *path)
{
    char folded[PYPKG_MAX_FOLDED], *data;
    Py_ssize_t size;

    if (PyBytes_AsStringAndSize(path, &data, &size) < 0) {
        return NULL;
    }
    if (size > PYPKG_MAX_PATH) {
        return PyErr_Format(PyExc_ValueError, "a path of %zd bytes, expected at most %d", size, PYPKG_MAX_PATH);
    }
    return PyBytes_FromStringAndSize(folded, (Py_ssize_t)pypkg_fold(data, (size_t)size, folded));
}

PyDoc_STRVAR(normalize_marshal_doc,
"normalize_marshal(data, /)\n--\n\n"
"The same marshalled object in bytes that depend on nothing but its value: references only where an object is\n"
"referred to again. Raises ValueError when data is not the marshalled form of one object.");

static PyMethodDef module_methods[] = {
    {"xxh64", xxh64, METH_O, xxh64_doc},
    {"fold", fold, METH_O, fold_doc},
    {"normalize_marshal", pypkg_normalize_marshal, METH_O, normalize_marshal_doc},
    {NULL, NULL, 0, NULL},
};

static int
exec_core(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &image_spec, NULL);
    if (type == NULL) {
        return -1;
    }
    int status = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return status;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, exec_core},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_core",
    .m_doc = PyDoc_STR("The snapshot core, XXH64 and the marshal normaliser, in C."),
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit__core(void)
{
    return PyModuleDef_Init(&definition);
}
