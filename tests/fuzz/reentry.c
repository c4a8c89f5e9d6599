/* Fuzzing which command lines call the interpreter: the input is the variable, a command line, and the program's own
   arguments, separated by NUL bytes; an empty item ends each list. Strings and lists are heap blocks of exactly
   their size, so that a sanitizer finds reads beyond them. */

#include "arena.h"

#include "engine/start.h"
#include "process/reentry.h"

#include <stdlib.h>
#include <string.h>

#include "tree_image.h"

#define MOST_ARGUMENTS 16

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
take_text(struct input *input)
{
    const uint8_t *end = input->size == 0 ? NULL : memchr(input->data, '\0', input->size);
    size_t size = end != NULL ? (size_t)(end - input->data) : input->size;
    char *text = malloc(size + 1);

    memcpy(text, input->data, size);
    text[size] = '\0';
    input->data += size + (end != NULL);
    input->size -= size + (end != NULL);
    return text;
}

static char **
take_list(struct input *input, int *count)
{
    char *texts[MOST_ARGUMENTS];

    *count = 0;
    while (*count < MOST_ARGUMENTS) {
        char *text = take_text(input);
        if (text[0] == '\0') {
            free(text);
            break;
        }
        texts[(*count)++] = text;
    }
    char **list = malloc((size_t)(*count + 1) * sizeof(char *));
    memcpy(list, texts, (size_t)*count * sizeof(char *));
    list[*count] = NULL;
    return list;
}

static void
free_list(char **list)
{
    for (int i = 0; list[i] != NULL; i++) {
        free(list[i]);
    }
    free(list);
}

/* Code is an argument of its own, and an image that is no interpreter starts it for less, never for more. */
static void
check_decision(const struct pypkg_program *program, char **line, const struct pypkg_options *end, bool version)
{
    uint32_t *flags = &pypkg_state.image.flags;
    bool meant = pypkg_is_interpreter_call(program, line);

    *flags |= PYPKG_NO_REENTRY;
    bool restricted = pypkg_is_interpreter_call(program, line);
    *flags &= ~(uint32_t)PYPKG_NO_REENTRY;
    bool code = (end->letter == 'c' || end->letter == 'm') && !version;
    if ((restricted && !meant) || (meant && code && end->value != line[end->index])) {
        abort();
    }
    if (restricted && code
        && (strstr(end->value, "from multiprocessing.") == NULL || end->value[strlen(end->value) - 1] != ')')) {
        abort();
    }
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    if (pypkg_start_with(tree_image, sizeof(tree_image)) != NULL) {
        abort();
    }
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct pypkg_options options;
    int count, own_count, steps = 0;
    bool version = false;

    char *variable = take_text(&input);
    char **line = take_list(&input, &count);
    char **own = take_list(&input, &own_count);
    const struct pypkg_program program = {.path = "/proc/self/exe", .arguments = own};

    arena_reset();
    setenv(PYPKG_REENTRY, variable, 1);
    pypkg_take_reentry(program.path);
    if (getenv(PYPKG_REENTRY) != NULL || pypkg_state.cwd > pypkg_count(pypkg_image(), PYPKG_ENTRIES)) {
        abort();
    }
    if (count > 0) {
        for (pypkg_options_begin(&options, line); pypkg_options_next(&options); steps++) {
            version = version || options.letter == 'V';
            if (options.index > count || steps > (int)size) {
                abort();
            }
        }
        if (options.index > count) {
            abort();
        }
        check_decision(&program, line, &options, version);
        pypkg_is_entry(&program, line[0]);
    }
    free(variable);
    free_list(line);
    free_list(own);
    return 0;
}
