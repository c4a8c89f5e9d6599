/* PyConfig for a base, an application, and the interpreter in an application. Nothing is searched on the real file
   system, and PYTHON* variables apply to a base only.

   Each configuration is read once, by Py_InitializeFromConfig: a second reading loses `-X warn_default_encoding`.
   Interface: docs.python.org/3/c-api/init_config.html. */

#include "python/main/main.h"

#define VERSION_DIRECTORY_(major, minor) "lib/python" #major "." #minor
#define VERSION_DIRECTORY(major, minor) VERSION_DIRECTORY_(major, minor)
#define STDLIB PYPKG_ROOT "/" VERSION_DIRECTORY(PY_MAJOR_VERSION, PY_MINOR_VERSION)

/* What multiprocessing expects a frozen program's child to run; it reads sys.argv itself. */
#define RUN_CHILD "from multiprocessing.spawn import freeze_support; freeze_support()"

static PyStatus
append_decoded(PyWideStringList *list, const char *text)
{
    wchar_t *wide = Py_DecodeLocale(text, NULL);
    if (wide == NULL) {
        return PyStatus_NoMemory();
    }
    PyStatus status = PyWideStringList_Append(list, wide);
    PyMem_RawFree(wide);
    return status;
}

/* The NUL-terminated items of a header's string, as a NULL-terminated list in one block of memory. */
static char **
split_items(struct pypkg_text text)
{
    char **items = calloc(text.size + 2, sizeof(char *) + 1);
    if (items == NULL) {
        pypkg_die("no memory for the settings in the image");
    }
    char *copy = (char *)(items + text.size + 2);
    if (text.size > 0) {
        memcpy(copy, text.data, text.size);
    }
    char **next = items;
    for (char *item = copy; item < copy + text.size; item += strlen(item) + 1) {
        *next++ = item;
    }
    return items;
}

static PyStatus
append_search_path(PyWideStringList *list)
{
    char **items = split_items(pypkg_section_text(pypkg_image(), PYPKG_SEARCH_PATH));
    PyStatus status = PyStatus_Ok();

    for (char **item = items; *item != NULL && !PyStatus_Exception(status); item++) {
        status = append_decoded(list, *item);
    }
    free(items);
    return status;
}

/* All paths that getpath would compute from the real file system. `home` prevents its search for pyvenv.cfg and build
   directories beside the executable. */
static PyStatus
set_paths(PyConfig *config, const char *executable)
{
    const struct {
        wchar_t **member;
        const char *value;
    } strings[] = {
        {&config->executable, executable},  {&config->base_executable, executable},
        {&config->prefix, PYPKG_ROOT},      {&config->exec_prefix, PYPKG_ROOT},
        {&config->base_prefix, PYPKG_ROOT}, {&config->base_exec_prefix, PYPKG_ROOT},
        {&config->home, PYPKG_ROOT},        {&config->stdlib_dir, STDLIB},
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
    return append_search_path(&config->module_search_paths);
}

/* -- command lines ---------------------------------------------------------------------------------------------- */

/* A command line for Python to parse. Its strings live as long as the process. */
struct command_line {
    char **items;
    int count;
};

static struct command_line
make_command_line(size_t room)
{
    struct command_line line = {.items = calloc(room + 1, sizeof(char *))};
    if (line.items == NULL) {
        pypkg_die("no memory for the command line");
    }
    return line;
}

static void
append(struct command_line *line, const char *item)
{
    line->items[line->count++] = (char *)(uintptr_t)item;
}

static void
append_all(struct command_line *line, char *const items[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        append(line, items[i]);
    }
}

static size_t
count_items(char *const items[])
{
    size_t count = 0;
    while (items[count] != NULL) {
        count++;
    }
    return count;
}

/* How many times an option is on a command line. */
static int
count_option(char *const argv[], char letter)
{
    struct pypkg_options options;
    int count = 0;

    pypkg_options_begin(&options, argv);
    while (pypkg_options_next(&options)) {
        count += options.letter == letter;
    }
    return count;
}

/* Append the options of the image, but not those that the command line repeats: multiprocessing gives its children
   the options of their parent, and -O given twice would become -OO. */
static void
append_image_options(struct command_line *line, char *const image_options[], char *const given[])
{
    static char texts[128][3];
    int seen[128] = {0};
    struct pypkg_options options;

    pypkg_options_begin(&options, image_options);
    while (pypkg_options_next(&options) && options.letter != '?') {
        char *text = texts[(unsigned char)options.letter & 127];
        int count = ++seen[(unsigned char)options.letter & 127];
        snprintf(text, sizeof(texts[0]), "-%c", options.letter);
        if (options.value != NULL) {
            append(line, text);
            append(line, options.value);
        }
        else if (count > count_option(given, options.letter)) {
            append(line, text);
        }
    }
}

/* Begin a command line with the name and the options of the image, and room for `room` more items. */
static struct command_line
begin_command_line(const char *executable, char *const argv[], char *const given[], size_t room)
{
    static char *no_options[] = {"", NULL};
    struct pypkg_text text = pypkg_image_options(pypkg_image());
    char **items = split_items(text);
    size_t count = count_items(items);
    struct command_line image_options = make_command_line(count + 1);
    /* Twice the size: each letter of a group becomes an item. */
    struct command_line line = make_command_line(1 + 2 * text.size + room);

    append(&image_options, "");
    append_all(&image_options, items, count);
    append(&line, executable[0] != '\0' ? executable : argv[0]);
    append_image_options(&line, image_options.items, given != NULL ? given : no_options);
    free(image_options.items);
    return line;
}

/* -- the configurations ----------------------------------------------------------------------------------------- */

/* Python's defaults, including locale coercion, but without PYTHON* variables. */
static PyStatus
configure_isolated(PyConfig *config, const char *executable, struct command_line line, char *const argv[])
{
    PyPreConfig preconfig;

    PyPreConfig_InitPythonConfig(&preconfig);
    preconfig.isolated = 1;
    preconfig.use_environment = 0;
    PyConfig_InitIsolatedConfig(config);
    config->parse_argv = 1;
    config->site_import = 0;
    config->install_signal_handlers = 1;
    config->configure_c_stdio = 1;
    /* -1: set by the options. */
    config->dev_mode = -1;
    config->faulthandler = -1;
    config->tracemalloc = -1;
#if PY_VERSION_HEX >= 0x030c0000
    config->perf_profiling = -1;
    config->int_max_str_digits = -1;
#endif

    PyStatus status = Py_PreInitializeFromBytesArgs(&preconfig, line.count, line.items);
    if (!PyStatus_Exception(status)) {
        status = PyConfig_SetBytesArgv(config, line.count, line.items);
    }
    for (size_t i = 0; argv[i] != NULL && !PyStatus_Exception(status); i++) {
        status = append_decoded(&config->orig_argv, argv[i]);
    }
    return PyStatus_Exception(status) ? status : set_paths(config, executable);
}

PyStatus
pypkg_configure_application(PyConfig *config, const char *executable, char *const argv[], char *const arguments[],
                            char *const options[])
{
    size_t count = count_items(arguments);
    struct command_line line = begin_command_line(executable, argv, options, count_items(argv) + count + 3);

    if (options != NULL) {
        struct pypkg_options parser;
        pypkg_options_begin(&parser, options);
        while (pypkg_options_next(&parser)) {
        }
        bool closed = parser.index > 1 && strcmp(options[parser.index - 1], "--") == 0;
        append_all(&line, options + 1, (size_t)(parser.index - 1 - closed));
    }
    /* The executable is Python's script, so that the rest are the program's arguments. */
    append(&line, "--");
    append(&line, executable[0] != '\0' ? executable : argv[0]);
    append_all(&line, arguments, count);
    return configure_isolated(config, executable, line, argv);
}

PyStatus
pypkg_configure_interpreter(PyConfig *config, const char *executable, char *const argv[])
{
    size_t count = count_items(argv);
    struct command_line line = begin_command_line(executable, argv, argv, count + 2);

    if (count > 1 && strcmp(argv[1], PYPKG_FORK_ARGUMENT) == 0) {
        append(&line, "-c");
        append(&line, RUN_CHILD);
    }
    append_all(&line, argv + 1, count - 1);
    return configure_isolated(config, executable, line, argv);
}

/* Insert the items of PYTHONPATH, as getpath does. */
static PyStatus
insert_python_path(PyConfig *config, const wchar_t *rest)
{
    Py_ssize_t count = 0;

    while (rest != NULL && (count > 0 || rest[0] != L'\0')) {
        const wchar_t *stop = wcschr(rest, L':');
        size_t size = stop != NULL ? (size_t)(stop - rest) : wcslen(rest);
        wchar_t *item = PyMem_RawMalloc((size + 1) * sizeof(wchar_t));
        if (item == NULL) {
            return PyStatus_NoMemory();
        }
        wmemcpy(item, rest, size);
        item[size] = L'\0';
        PyStatus status = PyWideStringList_Insert(&config->module_search_paths, count++, item);
        PyMem_RawFree(item);
        if (PyStatus_Exception(status)) {
            return status;
        }
        rest = stop != NULL ? stop + 1 : NULL;
    }
    return PyStatus_Ok();
}

/* PYTHONPATH, unless the command line disables it: a separate configuration is read for it. */
static PyStatus
add_python_path(PyConfig *config, const char *executable, int argc, char **argv)
{
    PyConfig read;

    PyConfig_InitPythonConfig(&read);
    PyStatus status = PyConfig_SetBytesArgv(&read, argc, argv);
    if (!PyStatus_Exception(status)) {
        status = set_paths(&read, executable);
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

PyStatus
pypkg_configure_base(PyConfig *config, const char *executable, int argc, char **argv)
{
    PyPreConfig preconfig;

    PyPreConfig_InitPythonConfig(&preconfig);
    PyConfig_InitPythonConfig(config);
    PyStatus status = Py_PreInitializeFromBytesArgs(&preconfig, argc, argv);
    if (!PyStatus_Exception(status)) {
        status = PyConfig_SetBytesArgv(config, argc, argv);
    }
    if (!PyStatus_Exception(status)) {
        status = set_paths(config, executable);
    }
    return PyStatus_Exception(status) ? status : add_python_path(config, executable, argc, argv);
}
