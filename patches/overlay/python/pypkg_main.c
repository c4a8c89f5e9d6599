/* main of every base and packaged executable.

   The image decides: with a module `__main__` this is an application, which owns its command line and ignores what
   the environment says to Python; without one it behaves as `python3`. Either way the paths are set here, so that
   nothing is looked for on the real file system. Without an image it is plain Python.

   Interface: docs.python.org/3/c-api/init_config.html. Format: docs/image-format.md. */

#include <Python.h>
#include <marshal.h>

#include <limits.h>
#include <signal.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "pypkg.h"

#define IMPORTER "_pypkg_importer"
#define VERSION_DIRECTORY_(major, minor) "lib/python" #major "." #minor
#define VERSION_DIRECTORY(major, minor) VERSION_DIRECTORY_(major, minor)
#define STDLIB PYPKG_ROOT "/" VERSION_DIRECTORY(PY_MAJOR_VERSION, PY_MINOR_VERSION)

/* -- before Python ---------------------------------------------------------------------------------------------- */

_Noreturn static void
die(const char *problem)
{
    fprintf(stderr, "pypkg: %s (this executable is damaged: get or build it again)\n", problem);
    exit(1);
}

/* The importer, as a frozen module whose code is the image's own memory. */
static void
freeze_importer(void)
{
    static struct _frozen modules[2];
    const struct pypkg_image *image = pypkg_image();
    struct pypkg_module found;
    struct pypkg_bytes code;

    if (pypkg_find_module(image, IMPORTER, strlen(IMPORTER), &found) < 0) {
        die("the image has no importer");
    }
    if (found.code_size == 0 || found.code_size > INT_MAX || pypkg_module_code(image, &found, &code) != 0) {
        die("the importer in the image is corrupt");
    }
    modules[0].name = IMPORTER;
    modules[0].code = code.data;
    modules[0].size = (int)code.size;
    PyImport_FrozenModules = modules;
}

/* Without these Python does not start, and would say so in a page of its own. */
static void
check_first_modules(void)
{
    static const char *const names[] = {
        "encodings", "encodings.aliases", "encodings.utf_8", "_pypkg_runtime", "__main__",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct pypkg_module found;
        struct pypkg_entry entry;
        struct pypkg_bytes code;
        if (pypkg_find_module(pypkg_image(), names[i], strlen(names[i]), &found) >= 0) {
            if (!pypkg_entry_at(pypkg_image(), found.entry, &entry)
                || pypkg_module_code(pypkg_image(), &found, &code) != 0) {
                die("code in the image that every start needs is corrupt");
            }
            pypkg_release(&code);
        }
        else if (i < 4) {
            die("the image has no standard library");
        }
    }
}

/* The absolute path of this executable, also where there is no /proc: the kernel tells how it was started. */
static const char *
find_executable(void)
{
    static char path[2 * PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, PATH_MAX);

    if (size > 0) {
        path[size] = '\0';
        return path;
    }
    const char *started_as = (const char *)getauxval(AT_EXECFN);
    if (started_as == NULL || started_as[0] == '\0') {
        return "";
    }
    path[0] = '\0';
    if (started_as[0] != '/') {
        if (getcwd(path, PATH_MAX) == NULL) {
            return "";
        }
        started_as += strncmp(started_as, "./", 2) == 0 ? 2 : 0;
        strcat(path, strcmp(path, "/") == 0 ? "" : "/");
    }
    strncat(path, started_as, PATH_MAX - 1);
    return path;
}

/* -- configuration ---------------------------------------------------------------------------------------------- */

static PyStatus
append_decoded(PyWideStringList *list, const char *text, size_t size)
{
    char *copy = PyMem_RawMalloc(size + 1);
    if (copy == NULL) {
        return PyStatus_NoMemory();
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    wchar_t *wide = Py_DecodeLocale(copy, NULL);
    PyMem_RawFree(copy);
    if (wide == NULL) {
        return PyStatus_NoMemory();
    }
    PyStatus status = PyWideStringList_Append(list, wide);
    PyMem_RawFree(wide);
    return status;
}

/* Append the NUL-terminated items of a header's string. */
static PyStatus
append_items(PyWideStringList *list, struct pypkg_text text)
{
    const char *p = text.data;
    const char *end = text.data + text.size;

    while (p < end) {
        const char *stop = memchr(p, '\0', (size_t)(end - p));
        size_t size = (size_t)((stop != NULL ? stop : end) - p);
        PyStatus status = append_decoded(list, p, size);
        if (PyStatus_Exception(status)) {
            return status;
        }
        p += size + 1;
    }
    return PyStatus_Ok();
}

/* Everything getpath would otherwise compute from the real file system. `home` keeps it from looking for pyvenv.cfg
   and build directories beside the executable. */
static PyStatus
set_paths(PyConfig *config)
{
    const struct pypkg_header *h = &pypkg_image()->header;
    const char *executable = find_executable();
    const struct {
        wchar_t **member;
        const char *value;
    } strings[] = {
        {&config->executable, executable},     {&config->base_executable, executable},
        {&config->prefix, PYPKG_ROOT},         {&config->exec_prefix, PYPKG_ROOT},
        {&config->base_prefix, PYPKG_ROOT},    {&config->base_exec_prefix, PYPKG_ROOT},
        {&config->home, PYPKG_ROOT},           {&config->stdlib_dir, STDLIB},
        {&config->platlibdir, "lib"},
    };
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        PyStatus status = PyConfig_SetBytesString(config, strings[i].member, strings[i].value);
        if (PyStatus_Exception(status)) {
            return status;
        }
    }
    config->pathconfig_warnings = 0;
    config->module_search_paths_set = 1;
    return append_items(&config->module_search_paths,
                        pypkg_string(pypkg_image(), h->search_path_offset, h->search_path_size));
}

/* An application's own arguments: argv[0] is the executable, and nothing in the rest is Python's. */
static PyStatus
set_arguments(PyConfig *config, int argc, char **argv)
{
    PyStatus status = PyStatus_Ok();
    PyWideStringList *lists[] = {&config->argv, &config->orig_argv};

    for (int n = 0; n < 2 && !PyStatus_Exception(status); n++) {
        PyWideStringList fresh = {0, NULL};
        for (int i = 0; i < argc && !PyStatus_Exception(status); i++) {
            status = append_decoded(&fresh, argv[i], strlen(argv[i]));
        }
        /* The lists are the config's own memory and freed with it: swap the items in. */
        for (Py_ssize_t i = 0; i < lists[n]->length; i++) {
            PyMem_RawFree(lists[n]->items[i]);
        }
        PyMem_RawFree(lists[n]->items);
        *lists[n] = fresh;
    }
    if (!PyStatus_Exception(status) && config->argv.length > 0 && config->executable[0] != L'\0') {
        PyMem_RawFree(config->argv.items[0]);
        size_t size = (wcslen(config->executable) + 1) * sizeof(wchar_t);
        config->argv.items[0] = PyMem_RawMalloc(size);
        if (config->argv.items[0] == NULL) {
            return PyStatus_NoMemory();
        }
        memcpy(config->argv.items[0], config->executable, size);
    }
    return status;
}

/* The options baked into the image, as a command line: NULL-terminated, in one block of memory. They are ASCII. Python's
   own allocators cannot be used yet: an option may choose which one it will be. */
static wchar_t **
split_options(struct pypkg_text text, Py_ssize_t *count)
{
    wchar_t **line = calloc(text.size + 3, sizeof(wchar_t *) + sizeof(wchar_t));
    if (line == NULL) {
        die("no memory for the options in the image");
    }
    wchar_t *place = (wchar_t *)(line + text.size + 3);

    line[0] = L"pypkg";
    *count = 1;
    for (size_t at = 0; at < text.size; at++) {
        if (at == 0 || text.data[at - 1] == '\0') {
            line[(*count)++] = place + at;
        }
        place[at] = (wchar_t)(unsigned char)text.data[at];
    }
    return line;
}

static PyStatus
parse_options(PyPreConfig *preconfig, PyConfig *config)
{
    const struct pypkg_header *h = &pypkg_image()->header;
    struct pypkg_text text = pypkg_string(pypkg_image(), h->options_offset, h->options_size);

    if (text.size == 0) {
        return Py_PreInitialize(preconfig);
    }
    Py_ssize_t count;
    wchar_t **line = split_options(text, &count);
    preconfig->parse_argv = 1;
    config->parse_argv = 1;
    /* -1: as the options say. */
    config->dev_mode = -1;
    config->faulthandler = -1;
    config->tracemalloc = -1;
    PyStatus status = Py_PreInitializeFromArgs(preconfig, count, line);
    if (!PyStatus_Exception(status)) {
        status = PyConfig_SetArgv(config, count, line);
    }
    free(line);
    return status;
}

static PyStatus
configure_application(PyConfig *config, int argc, char **argv)
{
    PyPreConfig preconfig;

    /* Python's own defaults, locale coercion included, but deaf to PYTHON* in the environment. */
    PyPreConfig_InitPythonConfig(&preconfig);
    preconfig.isolated = 1;
    preconfig.use_environment = 0;
    preconfig.parse_argv = 0;
    PyConfig_InitIsolatedConfig(config);
    config->site_import = 0;
    config->install_signal_handlers = 1;
    config->configure_c_stdio = 1;
    config->code_debug_ranges = 1;

    PyStatus status = parse_options(&preconfig, config);
    if (!PyStatus_Exception(status)) {
        status = set_paths(config);
    }
    if (!PyStatus_Exception(status)) {
        status = PyConfig_Read(config);
    }
    return PyStatus_Exception(status) ? status : set_arguments(config, argc, argv);
}

/* What getpath would do with PYTHONPATH. */
static PyStatus
insert_python_path(PyConfig *config, const wchar_t *rest)
{
    Py_ssize_t at = 0;

    while (rest != NULL && (at > 0 || rest[0] != L'\0')) {
        const wchar_t *stop = wcschr(rest, L':');
        size_t size = stop != NULL ? (size_t)(stop - rest) : wcslen(rest);
        wchar_t *item = PyMem_RawMalloc((size + 1) * sizeof(wchar_t));
        if (item == NULL) {
            return PyStatus_NoMemory();
        }
        wmemcpy(item, rest, size);
        item[size] = L'\0';
        PyStatus status = PyWideStringList_Insert(&config->module_search_paths, at++, item);
        PyMem_RawFree(item);
        if (PyStatus_Exception(status)) {
            return status;
        }
        rest = stop != NULL ? stop + 1 : NULL;
    }
    return PyStatus_Ok();
}

/* PYTHONPATH, if the command line lets it count. A configuration of its own is read for it: what is read a second
   time, by Py_InitializeFromConfig, loses `-X warn_default_encoding`. */
static PyStatus
add_python_path(PyConfig *config, int argc, char **argv)
{
    PyConfig read;

    PyConfig_InitPythonConfig(&read);
    PyStatus status = PyConfig_SetBytesArgv(&read, argc, argv);
    if (!PyStatus_Exception(status)) {
        status = set_paths(&read);
    }
    if (!PyStatus_Exception(status)) {
        status = PyConfig_Read(&read);
    }
    if (!PyStatus_Exception(status)) {
        status = insert_python_path(config, read.pythonpath_env);
    }
    PyConfig_Clear(&read);
    return status;
}

static PyStatus
configure_base(PyConfig *config, int argc, char **argv)
{
    PyPreConfig preconfig;

    PyPreConfig_InitPythonConfig(&preconfig);
    PyConfig_InitPythonConfig(config);
    PyStatus status = Py_PreInitializeFromBytesArgs(&preconfig, argc, argv);
    if (!PyStatus_Exception(status)) {
        status = PyConfig_SetBytesArgv(config, argc, argv);
    }
    if (!PyStatus_Exception(status)) {
        status = set_paths(config);
    }
    return PyStatus_Exception(status) ? status : add_python_path(config, argc, argv);
}

/* -- running the application ------------------------------------------------------------------------------------ */

/* As Python flushes after a script, and before it prints an exception: errors are found again at exit. */
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

/* The namespace of a script: what `python app.py` would have put there. */
static int
fill_namespace(PyObject *dict, PyObject *name, PyObject *path)
{
    PyObject *importer = PyImport_ImportModule(IMPORTER);
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

static PyObject *
run_main_module(void)
{
    PyObject *module = PyImport_AddModule("__main__");
    PyObject *name = PyUnicode_FromString("__main__");
    PyObject *found = name == NULL ? NULL : call("_pypkg", "find_module", name);
    PyObject *code = found == NULL ? NULL : call("_pypkg", "get_code", name);
    PyObject *started = code == NULL ? NULL : call("_pypkg_runtime", "start", NULL);
    PyObject *result = NULL;

    if (started != NULL && module != NULL) {
        PyObject *dict = PyModule_GetDict(module);
        if (fill_namespace(dict, name, PyTuple_GetItem(found, 1)) == 0) {
            result = PyEval_EvalCode(code, dict, dict);
        }
    }
    Py_XDECREF(started);
    Py_XDECREF(code);
    Py_XDECREF(found);
    Py_XDECREF(name);
    return result;
}

/* A program that Ctrl-C ended says so to its parent: bpo-1054041. */
static int
exit_by_interrupt(void)
{
    signal(SIGINT, SIG_DFL);
    kill(getpid(), SIGINT);
    return SIGINT + 128;
}

static int
run_application(void)
{
    int code = 0;
    int interrupted = 0;
    PyObject *result = run_main_module();

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
    return interrupted ? exit_by_interrupt() : code;
}

int
main(int argc, char **argv)
{
    static const char main_name[] = "__main__";
    struct pypkg_module main_module;
    PyConfig config;

    const char *problem = pypkg_start();
    if (problem != NULL) {
        die(problem);
    }
    if (pypkg_image() == NULL) {
        return Py_BytesMain(argc, argv);
    }
    freeze_importer();
    check_first_modules();
    bool application = pypkg_find_module(pypkg_image(), main_name, sizeof(main_name) - 1, &main_module) >= 0;
    PyStatus status = application ? configure_application(&config, argc, argv) : configure_base(&config, argc, argv);
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) {
        Py_ExitStatusException(status);
    }
    return application ? run_application() : Py_RunMain();
}
