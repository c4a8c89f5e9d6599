/* main of every base and packaged executable.

   The image decides: with an entry point this is an application, which gets its whole command line and ignores
   Python's environment variables; without one it behaves as `python3`. An application that starts its own executable
   may request the interpreter in it: process/reentry.h. Without an image it is plain Python. */

#include "python/main/main.h"

#include <stdatomic.h>

#include "os/process.h"

/* -- memory ------------------------------------------------------------------------------------------------------ */

/* The first arenas are populated page by page. A program that has filled them will fill the next ones too, which are
   populated at once: one call of the kernel instead of 256 page faults. */
#define LAZY_ARENAS 3

static void *
allocate_arena(void *Py_UNUSED(context), size_t size)
{
    static _Atomic unsigned int count;
    bool lazy = count < LAZY_ARENAS;

    if (lazy) {
        count++;
    }
    return pypkg_map_memory(size, !lazy);
}

static void
free_arena(void *Py_UNUSED(context), void *arena, size_t size)
{
    pypkg_unmap_memory(arena, size);
}

static void
set_arena_allocator(void)
{
    PyObjectArenaAllocator allocator = {NULL, allocate_arena, free_arena};
    PyObject_SetArenaAllocator(&allocator);
}

/* Make the importer a frozen module, whose code is in the image. */
static void
register_importer(void)
{
    static struct _frozen modules[2];
    const struct pypkg_image *image = pypkg_image();
    struct pypkg_module found;
    struct pypkg_bytes code;

    if (pypkg_find_module(image, PYPKG_IMPORTER, strlen(PYPKG_IMPORTER), &found) < 0) {
        pypkg_die("the image has no importer");
    }
    if (found.code_size == 0 || found.code_size > INT_MAX || pypkg_module_code(image, &found, &code) != 0) {
        pypkg_die("the importer in the image is corrupt");
    }
    modules[0].name = PYPKG_IMPORTER;
    modules[0].code = code.data;
    modules[0].size = (int)code.size;
    PyImport_FrozenModules = modules;
}

/* Without these modules Python does not start, and would print a page of its own errors. */
static void
check_startup_modules(void)
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
                pypkg_die("code in the image that every start needs is corrupt");
            }
            pypkg_release(&code);
        }
        else if (i < 4) {
            pypkg_die("the image has no standard library");
        }
    }
}

/* What a command line starts. If its script is the program's own entry, it is the program, with Python's options before
   it. */
struct command {
    bool interpreter;
    const char *script;     /* for the interpreter; NULL: none */
    bool script_directory;  /* modules beside the script can be imported */
    char *const *arguments; /* the program's */
    char *const *options;   /* the command line with Python's options for the program, or NULL */
};

static struct command
parse_command(char *const argv[], const char *executable, bool reentered)
{
    struct command command = {.arguments = argv + 1};
    const struct pypkg_program program = {.path = executable};
    struct pypkg_options options;

    if (!reentered || !pypkg_is_interpreter_call(&program, argv)) {
        return command;
    }
    command.interpreter = true;
    command.script_directory = true;
    pypkg_options_begin(&options, argv);
    while (pypkg_options_next(&options)) {
        command.script_directory = command.script_directory && options.letter != 'I' && options.letter != 'P';
    }
    /* -c, -m and an unknown option are not followed by a script. */
    if (strchr("cm?", options.letter) == NULL || options.letter == '\0') {
        command.script = argv[options.index];
    }
    if (command.script != NULL && pypkg_is_entry(&program, command.script)) {
        command.interpreter = false;
        command.arguments = argv + options.index + 1;
        command.options = argv;
    }
    return command;
}

static void
initialize_python(PyConfig *config, PyStatus status)
{
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(config);
    }
    PyConfig_Clear(config);
    if (PyStatus_Exception(status)) {
        Py_ExitStatusException(status);
    }
}

int
main(int argc, char **argv)
{
    static char *no_arguments[] = {"", NULL};
    struct pypkg_module main_module;
    PyConfig config;

    const char *problem = pypkg_start();
    if (problem != NULL) {
        pypkg_die(problem);
    }
    if (pypkg_image() == NULL) {
        return Py_BytesMain(argc, argv);
    }
    set_arena_allocator();
    register_importer();
    check_startup_modules();
    const char *executable = pypkg_executable_path();
    enum pypkg_reentry reentry = pypkg_take_reentry(executable);
    if (reentry == PYPKG_REENTRY_REFUSED) {
        pypkg_refuse("the Python interpreter in this program is not started, as " PYPKG_REENTRY
                     " requests, because the program has more rights than its caller (set-user-ID, set-group-ID or "
                     "file capabilities)");
    }
    if (!pypkg_find_main(&main_module)) {
        initialize_python(&config, pypkg_configure_base(&config, executable, argc, argv));
        return Py_RunMain();
    }
    argv = argc > 0 ? argv : no_arguments;
    struct command command = parse_command(argv, executable, reentry == PYPKG_REENTRY_REQUESTED);
    if (executable[0] != '\0' && !pypkg_set_program(executable, command.interpreter ? NULL : command.arguments)) {
        pypkg_die("no memory for the command line");
    }
    if (command.interpreter) {
        initialize_python(&config, pypkg_configure_interpreter(&config, executable, argv));
        return pypkg_run_interpreter(command.script, command.script_directory);
    }
    initialize_python(&config,
                      pypkg_configure_application(&config, executable, argv, command.arguments, command.options));
    return pypkg_run_application();
}
