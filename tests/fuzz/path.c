/* Fuzzing paths: the input is a program of calls, which is run twice and must give the same results.

   First the kernel runs it, in a root directory with a real, read-only /snapshot that contains the tree of an image;
   then the redirected calls, in a root directory without /snapshot. Otherwise the roots are the same. Each call
   writes a line to a log, and the logs are compared: the kernel is the reference for links, `..`, slashes, directory
   descriptors, the working directory, mounts, and the errno of each failure. */

#include "path_world.h"

#define MOST_CALLS 40

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The kernel's and ours. */
static char logs[2][LOG_SIZE];

static void
run_program(struct world *world, const uint8_t *data, size_t size)
{
    struct input input = {data, size};

    take(&input); /* the configuration */
    for (int n = 0; n < MOST_CALLS && input.size > 0; n++) {
        run_operation(world, &input, n);
    }
    for (int i = 0; i < SLOTS; i++) {
        if (world->slots[i] >= 0) {
            close(world->slots[i]);
        }
    }
}

static void
enter_root(struct world *world, int root)
{
    if (fchdir(root) != 0 || chroot(".") != 0 || stat("/", &world->root) != 0) {
        arena_fail("cannot enter a root: %s", strerror(errno));
    }
    world->log_size = 0;
    world->log[0] = '\0';
    for (int i = 0; i < SLOTS; i++) {
        world->slots[i] = -1;
    }
}

static void
compare(const char *kernel, const char *ours)
{
    while (*kernel != '\0' || *ours != '\0') {
        size_t kernel_size = strcspn(kernel, "\n"), ours_size = strcspn(ours, "\n");
        if (kernel_size != ours_size || memcmp(kernel, ours, kernel_size) != 0) {
            arena_fail("the kernel and the runtime differ\n  kernel:  %.*s\n  runtime: %.*s", (int)kernel_size, kernel,
                       (int)ours_size, ours);
            return;
        }
        kernel += kernel_size + (kernel[kernel_size] == '\n');
        ours += ours_size + (ours[ours_size] == '\n');
    }
}

static void
set_mounts(size_t configuration, bool mounted)
{
    for (size_t i = 0; i < MOST_MOUNTS && mounts[configuration][i].path != NULL; i++) {
        int status = mounted ? pypkg_mount_add(mounts[configuration][i].path, mounts[configuration][i].real)
                             : pypkg_mount_remove(mounts[configuration][i].path);
        if (status != 0) {
            arena_fail("mounting %s: %s", mounts[configuration][i].path, strerror(status));
        }
    }
}

static void
run(const uint8_t *data, size_t size)
{
    size_t configuration = size > 0 ? data[0] % CONFIGURATIONS : 0;
    struct world kernel = {
        .calls = &system_calls, .is_reference = true, .configuration = configuration, .log = logs[0]};
    struct world ours = {.calls = &redirected_calls, .configuration = configuration, .log = logs[1]};

    enter_root(&kernel, roots.reference[configuration]);
    run_program(&kernel, data, size);
    enter_root(&ours, roots.ours);
    arena_reset();
    set_mounts(configuration, true);
    run_program(&ours, data, size);
    set_mounts(configuration, false);
    if (getenv("FUZZ_VERBOSE") != NULL) {
        fprintf(stderr, "%s", ours.log);
    }
    compare(kernel.log, ours.log);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    const char *problem = arena_start(make_roots);
    if (problem != NULL) {
        fprintf(stderr, "cannot run: %s\n", problem);
        exit(77);
    }
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena_run(run, data, size);
    return 0;
}
