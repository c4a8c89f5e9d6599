/* Which command lines of this executable call the Python interpreter in it: reentry.h. */

#include "process/reentry.h"

#include "engine/route.h"
#include "os/files.h"
#include "os/process.h"
#include "posix/front.h"

/* Python's options, except long ones and those that print and exit: Python/getopt.c, Python/initconfig.c. */
static const char plain_options[] = "bBdEiIOPqRsSuvxV";
static const char options_with_value[] = "cmWX";

/* How the code of multiprocessing's helpers begins; the rest is the arguments of a call: Lib/multiprocessing/
   resource_tracker.py and forkserver.py. */
static const char *const helpers[] = {
    "from multiprocessing.resource_tracker import main;main(",
    "from multiprocessing.forkserver import main; main(",
    "import sys; from multiprocessing.forkserver import main; main(",
};

void
pypkg_options_begin(struct pypkg_options *options, char *const argv[])
{
    options->argv = argv;
    options->index = 0;
    options->rest = "";
    options->letter = '\0';
    options->value = NULL;
}

bool
pypkg_options_next(struct pypkg_options *options)
{
    if (options->letter == 'c' || options->letter == 'm' || options->letter == '?') {
        return false;
    }
    if (options->rest[0] == '\0') {
        const char *argument = options->argv[++options->index];
        if (argument == NULL || argument[0] != '-' || argument[1] == '\0') {
            return false;
        }
        if (strcmp(argument, "--") == 0) {
            options->index++;
            return false;
        }
        options->rest = argument + 1;
    }
    options->letter = *options->rest++;
    options->value = NULL;
    if (strchr(options_with_value, options->letter) != NULL) {
        options->value = options->rest[0] != '\0' ? options->rest : options->argv[options->index + 1];
        options->index += options->rest[0] == '\0' && options->value != NULL;
        options->rest = "";
    }
    else if (strchr(plain_options, options->letter) == NULL) {
        options->letter = '?';
    }
    return true;
}

bool
pypkg_is_program(const struct pypkg_program *program, const char *path)
{
    struct pypkg_status own, other;

    if (program->path == NULL || path == NULL) {
        return false;
    }
    if (strcmp(path, program->path) == 0) {
        return true;
    }
    int saved = errno;
    bool same = pypkg_status_at(pypkg_working_directory, path, true, &other) == 0 && other.kind == PYPKG_IS_FILE
        && pypkg_status_at(pypkg_working_directory, program->path, true, &own) == 0 && pypkg_is_same_file(&own, &other);
    errno = saved;
    return same;
}

static bool
same_arguments(char *const *some, char *const *others)
{
    while (*some != NULL && *others != NULL && strcmp(*some, *others) == 0) {
        some++;
        others++;
    }
    return *some == NULL && *others == NULL;
}

static bool
has_suffix(const char *path, const char *suffix)
{
    size_t size = strlen(path), suffix_size = strlen(suffix);
    return size > suffix_size && strcmp(path + size - suffix_size, suffix) == 0;
}

/* A file for Python to run: an existing one with a suffix of Python, or any file of the snapshot. */
static bool
is_script(const char *path)
{
    struct pypkg_route route;
    struct stat status;

    if (pypkg_route(&route, "exec", AT_FDCWD, path, true) != PYPKG_REAL) {
        return route.where == PYPKG_VIRTUAL;
    }
    return (has_suffix(path, ".py") || has_suffix(path, ".pyw") || has_suffix(path, ".pyc") || has_suffix(path, ".pyz"))
        && pypkg_stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* Whether the arguments of a call, up to its last character, are literals, or the one expression that multiprocessing
   uses: without other names they can call nothing. */
static bool
are_literals(const char *text)
{
    static const char arguments[] = "sys_argv=sys.argv[1:]";

    while (*text != '\0' && strcmp(text, ")") != 0) {
        char quote = *text;
        if (quote == '\'' || quote == '"') {
            for (text++; *text != '\0' && *text != quote; text++) {
                text += *text == '\\' && text[1] != '\0';
            }
            text += *text == quote;
        }
        else if (strncmp(text, arguments, sizeof(arguments) - 1) == 0) {
            text += sizeof(arguments) - 1;
        }
        else if (strchr("0123456789,:*[]{} ", *text++) == NULL) {
            return false;
        }
    }
    return *text == ')';
}

/* Whether the code of -c is what multiprocessing starts its resource tracker or fork server with. */
static bool
is_helper(const char *code)
{
    for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++) {
        size_t size = strlen(helpers[i]);
        if (strncmp(code, helpers[i], size) == 0 && are_literals(code + size)) {
            return true;
        }
    }
    return false;
}

/* Whether -c and -m are options here: their value is an argument of its own, and if the image says that the program is
   no interpreter, it is the code of a helper. A single argument, which may come from anywhere, never is code. */
static bool
is_command(const struct pypkg_options *options, bool restricted)
{
    bool is_apart = options->value != NULL && options->value == options->argv[options->index];
    return is_apart && (!restricted || (options->letter == 'c' && is_helper(options->value)));
}

bool
pypkg_is_interpreter_call(const struct pypkg_program *program, char *const argv[])
{
    struct pypkg_options options;
    bool restricted = pypkg_state.ready && (pypkg_state.image.flags & PYPKG_NO_REENTRY) != 0;

    if (argv == NULL || argv[0] == NULL || argv[1] == NULL) {
        return false;
    }
    /* os.execv(sys.executable, sys.argv): the program starts itself again, whatever its arguments look like. */
    if (program->arguments != NULL && same_arguments(argv + 1, program->arguments)) {
        return false;
    }
    if (strcmp(argv[1], PYPKG_FORK_ARGUMENT) == 0) {
        return true;
    }
    pypkg_options_begin(&options, argv);
    while (pypkg_options_next(&options)) {
        switch (options.letter) {
        case 'V':
            return !restricted;
        case 'c':
        case 'm':
            return is_command(&options, restricted);
        case 'W':
        case 'X':
            if (options.value == NULL) {
                return false;
            }
            break;
        case '?':
            return false;
        default:
            break;
        }
    }
    const char *script = argv[options.index];
    if (script == NULL) {
        return false;
    }
    /* [sys.executable, *sys.argv] too: main then runs the program, with the options before it. */
    if (restricted) {
        return pypkg_is_entry(program, script);
    }
    return strcmp(script, "-") == 0 || is_script(script) || pypkg_is_program(program, script);
}

bool
pypkg_is_entry(const struct pypkg_program *program, const char *path)
{
    struct pypkg_module main_module;
    struct pypkg_route route;

    return pypkg_is_program(program, path)
        || (pypkg_find_main(&main_module) && pypkg_route(&route, "exec", AT_FDCWD, path, true) == PYPKG_VIRTUAL
            && main_module.entry == route.found.index);
}

enum pypkg_reentry
pypkg_take_reentry(const char *path)
{
    const char *value = pypkg_environment(PYPKG_REENTRY);
    const struct pypkg_program program = {.path = path};
    struct pypkg_entry directory;
    char *end;

    if (value == NULL) {
        return pypkg_is_set(PYPKG_REENTRY) ? PYPKG_REENTRY_REFUSED : PYPKG_REENTRY_NONE;
    }
    unsigned long cwd = strtoul(value, &end, 10);
    bool has_cwd = end != value && *end == ':' && cwd <= UINT32_MAX;
    bool ours = path[0] != '\0' && pypkg_is_program(&program, has_cwd ? end + 1 : value);
    if (ours && has_cwd && pypkg_state.ready && pypkg_entry_at(&pypkg_state.image, (uint32_t)cwd, &directory)
        && directory.type == PYPKG_DIRECTORY) {
        atomic_store(&pypkg_state.cwd, (uint32_t)cwd + 1);
    }
    unsetenv(PYPKG_REENTRY);
    return ours ? PYPKG_REENTRY_REQUESTED : PYPKG_REENTRY_NONE;
}

static char **
copy_strings(char *const strings[])
{
    size_t count = 0, size = 0;

    for (; strings[count] != NULL; count++) {
        size += strlen(strings[count]) + 1;
    }
    char **copy = malloc((count + 1) * sizeof(char *) + size);
    if (copy == NULL) {
        return NULL;
    }
    char *text = (char *)(copy + count + 1);
    for (size_t i = 0; i < count; i++) {
        copy[i] = strcpy(text, strings[i]);
        text += strlen(text) + 1;
    }
    copy[count] = NULL;
    return copy;
}

bool
pypkg_set_program(const char *path, char *const arguments[])
{
    /* Copies: a program may overwrite its argv, to change its title. */
    char *copy = strdup(path);
    char **copies = arguments != NULL ? copy_strings(arguments) : NULL;

    if (copy == NULL || (arguments != NULL && copies == NULL)) {
        free(copy);
        free(copies);
        return false;
    }
    pypkg_state.program.path = copy;
    pypkg_state.program.arguments = copies;
    return true;
}
