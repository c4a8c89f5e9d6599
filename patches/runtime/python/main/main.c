/* main of every base and packaged executable.

   The image decides: with a module `__main__` this is an application, which owns its command line and ignores what
   the environment says to Python; without one it behaves as `python3`. An application that starts its own executable
   may ask for the interpreter in it: process/reentry.h. Without an image it is plain Python. */

#include "python/main/main.h"

#include <limits.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

/* -- memory ------------------------------------------------------------------------------------------------------ */

/* Arenas that come page by page. A program that has filled these will fill the next one too, which then comes whole:
   one call of the kernel instead of 256 page faults. */
#define ARENAS_BY_PAGE 3

static void *
allocate_arena(void *Py_UNUSED(context), size_t size)
{
    static _Atomic unsigned int count;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;

#if defined(MAP_POPULATE)
    if (count < ARENAS_BY_PAGE) {
        count++;
    }
    else {
        flags |= MAP_POPULATE;
    }
#endif
    void *arena = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    return arena == MAP_FAILED ? NULL : arena;
}

static void
free_arena(void *Py_UNUSED(context), void *arena, size_t size)
{
    munmap(arena, size);
}

static void
set_arena_allocator(void)
{
    PyObjectArenaAllocator allocator = {NULL, allocate_arena, free_arena};
    PyObject_SetArenaAllocator(&allocator);
}

_Noreturn void
pypkg_die(const char *problem)
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
                pypkg_die("code in the image that every start needs is corrupt");
            }
            pypkg_release(&code);
        }
        else if (i < 4) {
            pypkg_die("the image has no standard library");
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

static bool
is_application(void)
{
    static const char name[] = "__main__";
    struct pypkg_module found;
    return pypkg_find_module(pypkg_image(), name, sizeof(name) - 1, &found) >= 0;
}

/* What a command line asks for. Where the script is the program's own entry, this is the program after all, started with
   Python's options before it. */
struct request {
    bool interpreter;
    const char *script;      /* for the interpreter; NULL: none */
    bool at_home;            /* modules beside the script can be imported */
    char *const *arguments;  /* the program's */
    char *const *given;      /* the command line that Python's options for the program are on, or NULL */
};

static struct request
read_request(char *const argv[], const char *executable, bool reentered)
{
    struct request request = {.arguments = argv + 1};
    const struct pypkg_program program = {.path = executable};
    struct pypkg_options options;

    if (!reentered || !pypkg_reentry_wanted(&program, argv)) {
        return request;
    }
    request.interpreter = true;
    request.at_home = true;
    pypkg_options_begin(&options, argv);
    while (pypkg_options_next(&options)) {
        request.at_home = request.at_home && options.letter != 'I' && options.letter != 'P';
    }
    /* After -c and -m, and after what is no option, comes no script. */
    if (strchr("cm?", options.letter) == NULL || options.letter == '\0') {
        request.script = argv[options.index];
    }
    if (request.script != NULL && pypkg_is_entry(&program, request.script)) {
        request.interpreter = false;
        request.arguments = argv + options.index + 1;
        request.given = argv;
    }
    return request;
}

static void
initialize(PyConfig *config, PyStatus status)
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
    PyConfig config;

    const char *problem = pypkg_start();
    if (problem != NULL) {
        pypkg_die(problem);
    }
    if (pypkg_image() == NULL) {
        return Py_BytesMain(argc, argv);
    }
    set_arena_allocator();
    freeze_importer();
    check_first_modules();
    const char *executable = find_executable();
    bool reentered = pypkg_take_reentry(executable);
    if (!is_application()) {
        initialize(&config, pypkg_configure_base(&config, executable, argc, argv));
        return Py_RunMain();
    }
    argv = argc > 0 ? argv : no_arguments;
    struct request request = read_request(argv, executable, reentered);
    if (executable[0] != '\0' && !pypkg_set_program(executable, request.interpreter ? NULL : request.arguments)) {
        pypkg_die("no memory for its command line");
    }
    if (request.interpreter) {
        initialize(&config, pypkg_configure_interpreter(&config, executable, argv));
        return pypkg_run_interpreter(request.script, request.at_home);
    }
    initialize(&config, pypkg_configure_application(&config, executable, argv, request.arguments, request.given));
    return pypkg_run_application();
}
