/* The image's tables as Python lists, for diagnostics: docs/image-format.md, "Entry" and "Module". */

#include "python/module/_pypkg.h"

#include "engine/state.h"

/* (path, type, codec, mode, withheld, stored size, size, target of a link). */
static PyObject *
entry_row(const struct pypkg_image *image, uint32_t number)
{
    struct pypkg_entry entry;
    struct pypkg_text target = {NULL, 0};

    if (!pypkg_entry_at(image, number, &entry)) {
        PyErr_Format(PyExc_ValueError, "entry %u of the image is damaged", (unsigned int)number);
        return NULL;
    }
    if (entry.type == PYPKG_LINK) {
        target = pypkg_string(image, entry.data_offset, entry.stored_size);
    }
    return Py_BuildValue("(NiiiNKKN)", pypkg_make_str(pypkg_entry_path(image, &entry)), (int)entry.type, (int)entry.codec,
                         (int)entry.mode, PyBool_FromLong(entry.flags & PYPKG_WITHHELD),
                         (unsigned long long)entry.stored_size, (unsigned long long)entry.size, pypkg_make_str(target));
}

/* (name, kind, path of its file, codec, stored size, size of the code). */
static PyObject *
module_row(const struct pypkg_image *image, uint32_t number)
{
    struct pypkg_module module;
    struct pypkg_entry entry;

    if (!pypkg_module_at(image, number, &module) || !pypkg_entry_at(image, module.entry, &entry)) {
        PyErr_Format(PyExc_ValueError, "module %u of the image is damaged", (unsigned int)number);
        return NULL;
    }
    return Py_BuildValue("(NiNiKK)", pypkg_make_str(pypkg_string(image, module.name_offset, module.name_size)),
                         (int)module.kind, pypkg_make_str(pypkg_entry_path(image, &entry)), (int)module.codec,
                         (unsigned long long)module.code_stored_size, (unsigned long long)module.code_size);
}

static PyObject *
make_rows(PyObject *(*make_row)(const struct pypkg_image *, uint32_t), uint32_t count)
{
    PyObject *rows = PyList_New(0);

    for (uint32_t i = 0; rows != NULL && i < count; i++) {
        PyObject *row = make_row(pypkg_image(), i);
        if (row == NULL || PyList_Append(rows, row) < 0) {
            Py_CLEAR(rows);
        }
        Py_XDECREF(row);
    }
    return rows;
}

PyDoc_STRVAR(entries_doc,
"entries()\n--\n\n"
"A list of (path, type, codec, mode, withheld, stored size, size, target of a link), sorted by path.");

static PyObject *
list_entries(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    return make_rows(entry_row, pypkg_image() != NULL ? pypkg_count(pypkg_image(), PYPKG_ENTRIES) : 0);
}

PyDoc_STRVAR(modules_doc,
"modules()\n--\n\nA list of (name, kind, path of its file, codec, stored size, size of the code), sorted by name.");

static PyObject *
list_modules(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    return make_rows(module_row, pypkg_image() != NULL ? pypkg_count(pypkg_image(), PYPKG_MODULES) : 0);
}

PyMethodDef pypkg_inspect_methods[] = {
    {"entries", list_entries, METH_NOARGS, entries_doc},
    {"modules", list_modules, METH_NOARGS, modules_doc},
    {NULL, NULL, 0, NULL},
};
