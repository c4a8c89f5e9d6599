/* Fuzzing paths: the input is a program of calls, which is run twice and must go the same way twice.

   First by the kernel itself, in a root directory with a real, read-only /snapshot that holds the tree of an image;
   then through the redirected calls, in a root directory that has no /snapshot. The rest of both roots is the same. What
   each call says is written down as a line of text, and the lines are compared: the kernel is the reference for links,
   `..`, slashes, directory descriptors, the working directory, mounts and the errno of everything that fails. */

#include "arena.h"
#include "path_roots.h"

#include <stdarg.h>
#include <sys/sysmacros.h>

#define MOST_CALLS 40
#define SLOTS 4
#define LOG_SIZE (1 << 18)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The calls of one world. */
struct calls {
    int (*open)(const char *, int, ...);
    int (*openat)(int, const char *, int, ...);
    int (*stat)(const char *, struct stat *);
    int (*lstat)(const char *, struct stat *);
    int (*fstat)(int, struct stat *);
    int (*fstatat)(int, const char *, struct stat *, int);
    int (*access)(const char *, int);
    int (*faccessat)(int, const char *, int, int);
    ssize_t (*readlink)(const char *, char *, size_t);
    ssize_t (*readlinkat)(int, const char *, char *, size_t);
    int (*statvfs)(const char *, struct statvfs *);
    DIR *(*opendir)(const char *);
    DIR *(*fdopendir)(int);
    struct dirent *(*readdir)(DIR *);
    void (*rewinddir)(DIR *);
    int (*closedir)(DIR *);
    int (*chdir)(const char *);
    int (*fchdir)(int);
    char *(*getcwd)(char *, size_t);
    char *(*realpath)(const char *, char *);
    int (*mkdirat)(int, const char *, mode_t);
    int (*unlinkat)(int, const char *, int);
    int (*renameat)(int, const char *, int, const char *);
    int (*fchmodat)(int, const char *, mode_t, int);
    int (*utimensat)(int, const char *, const struct timespec *, int);
    int (*truncate)(const char *, off_t);
    int (*linkat)(int, const char *, int, const char *, int);
    int (*symlinkat)(const char *, int, const char *);
    ssize_t (*getxattr)(const char *, const char *, void *, size_t);
};

static const struct calls system_calls = {
    open, openat, stat, lstat, fstat, fstatat, access, faccessat, readlink, readlinkat, statvfs, opendir, fdopendir,
    readdir, rewinddir, closedir, chdir, fchdir, getcwd, realpath, mkdirat, unlinkat, renameat, fchmodat, utimensat,
    truncate, linkat, symlinkat, getxattr,
};

static const struct calls redirected_calls = {
    pypkg_open, pypkg_openat, pypkg_stat, pypkg_lstat, pypkg_fstat, pypkg_fstatat, pypkg_access, pypkg_faccessat,
    pypkg_readlink, pypkg_readlinkat, pypkg_statvfs, pypkg_opendir, pypkg_fdopendir, pypkg_readdir, pypkg_rewinddir,
    pypkg_closedir, pypkg_chdir, pypkg_fchdir, pypkg_getcwd, pypkg_realpath, pypkg_mkdirat, pypkg_unlinkat,
    pypkg_renameat, pypkg_fchmodat, pypkg_utimensat, pypkg_truncate, pypkg_linkat, pypkg_symlinkat, pypkg_getxattr,
};

struct world {
    const struct calls *calls;
    bool is_reference;
    size_t configuration;
    int slots[SLOTS];
    char *log;
    size_t log_size;
    struct stat root;
};

/* The kernel's and ours. */
static char logs[2][LOG_SIZE];

__attribute__((format(printf, 2, 3))) static void
say(struct world *world, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t left = LOG_SIZE - world->log_size;
    int size = vsnprintf(world->log + world->log_size, left, format, arguments);
    world->log_size += size < 0 ? 0 : (size_t)size < left ? (size_t)size : left - 1;
    va_end(arguments);
}

/* What a file is, in words that are the same in both worlds. */
static void
say_identity(struct world *world, const struct stat *status)
{
    if (status->st_dev == world->root.st_dev && status->st_ino == world->root.st_ino) {
        say(world, " root");
        return;
    }
    if (!world->is_reference && status->st_dev == PYPKG_DEVICE) {
        say(world, " entry %lu", (unsigned long)status->st_ino - 1);
        return;
    }
    if (world->is_reference && status->st_dev == roots.devices[world->configuration]) {
        for (unsigned i = 0; i < MOST_ENTRIES; i++) {
            if (roots.inodes[world->configuration][i] == status->st_ino) {
                say(world, " entry %u", i);
                return;
            }
        }
        say(world, " entry unknown");
        return;
    }
    say(world, " real %u:%u %lu", major(status->st_dev), minor(status->st_dev), (unsigned long)status->st_ino);
}

static void
say_stat(struct world *world, int result, const struct stat *status)
{
    if (result != 0) {
        say(world, " %s", strerrorname_np(errno));
        return;
    }
    say_identity(world, status);
    say(world, " %o", (unsigned)status->st_mode);
    if (!S_ISDIR(status->st_mode)) {
        say(world, " %lld", (long long)status->st_size);
    }
}

static void
say_result(struct world *world, long result)
{
    if (result < 0) {
        say(world, " %s", strerrorname_np(errno));
    }
    else {
        say(world, " %ld", result);
    }
}

/* What a change says. With several reasons to refuse it which comes first is not compared: of two paths (`path` is NULL
   then), of one that may be made on the real file system, and for `.` and `..` in last place. */
static void
say_refused(struct world *world, const char *path, long result)
{
    size_t size = path != NULL ? strlen(path) : 0;

    while (size > 0 && path[size - 1] == '/') {
        size--;
    }
    if (path == NULL || strncmp(path, "/snapshot", 9) != 0 || (size > 0 && path[size - 1] == '.')) {
        say(world, result < 0 ? " refused" : " done");
    }
    else {
        say_result(world, result);
    }
}

/* --- what programs are made of --- */

static const char *const names[] = {
    "..",  ".",    "snapshot", "real",  "a",         "b.txt",      "d",       "e",          "f",
    "g.txt", "h",  "i",        "j",     "l",         "c",          "empty",   "withheld",   "with space",
    "file", "dir", "self",     "up",    "root",      "top",        "back",    "absolute",   "loop",
    "ping", "slash", "fileslash", "dangling", "out", "outside",    "twice",   "link",       "n39",
    "n40",  "n41",   "nothing",  "other", "in",        "snapshots",  "into",    "m",          "sub",
    "..",  "..",   "deep",     "deeper", "deepest",  "real-link",  "here",     "\xff",       "proc",
};

static void
append(char *path, size_t *size, const char *text)
{
    size_t length = strlen(text);
    if (*size + length < 2 * PYPKG_MAX_PATH) {
        memcpy(path + *size, text, length + 1);
        *size += length;
    }
}

static void
take_path(struct input *input, char *path)
{
    unsigned shape = take(input);
    size_t size = 0;

    path[0] = '\0';
    if (shape & 0x10) {
        append(path, &size, "/snapshot");
    }
    for (unsigned n = shape & 7; n > 0; n--) {
        if (size > 0 || shape & 8) {
            append(path, &size, shape & 0x20 ? "//" : "/");
        }
        append(path, &size, names[take(input) % COUNT(names)]);
    }
    if (shape & 0x40) {
        append(path, &size, "/");
    }
    if ((shape & 0x87) == 0x87) {
        static char filler[300];
        memset(filler, 'x', sizeof(filler) - 1);
        filler[253 + take(input) % 6] = '\0';
        for (unsigned n = take(input) % 18; n > 0; n--) {
            append(path, &size, take(input) & 1 ? "/.////../snapshot" : "/");
            append(path, &size, filler);
        }
    }
}

static int
take_directory(struct world *world, struct input *input)
{
    unsigned choice = take(input);
    return choice & 1 ? world->slots[choice / 2 % SLOTS] : AT_FDCWD;
}

/* --- calls --- */

static void
do_stat(struct world *world, struct input *input, const char *path)
{
    static const int flags[] = {0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW};
    struct stat status;
    unsigned choice = take(input) % 4;

    if (choice == 0) {
        say_stat(world, world->calls->stat(path, &status), &status);
    }
    else if (choice == 1) {
        say_stat(world, world->calls->lstat(path, &status), &status);
    }
    else {
        int directory = take_directory(world, input);
        say_stat(world, world->calls->fstatat(directory, path, &status, flags[take(input) % 4]), &status);
    }
}

static void
do_access(struct world *world, struct input *input, const char *path)
{
    unsigned choice = take(input);
    int mode = choice & 7;

    if (choice & 8) {
        int directory = take_directory(world, input);
        say_result(world, world->calls->faccessat(directory, path, mode, choice & 16 ? AT_EACCESS : 0));
    }
    else {
        say_result(world, world->calls->access(path, mode));
    }
}

static void
do_readlink(struct world *world, struct input *input, const char *path)
{
    char target[128];
    unsigned choice = take(input);
    size_t size = choice & 2 ? sizeof(target) : (choice >> 4) + 1;
    ssize_t result = choice & 1 ? world->calls->readlinkat(take_directory(world, input), path, target, size)
                                : world->calls->readlink(path, target, size);

    say_result(world, result);
    if (result > 0) {
        say(world, " %.*s", (int)result, target);
    }
}

static void
say_contents(struct world *world, int fd)
{
    char buffer[64];
    ssize_t size = read(fd, buffer, sizeof(buffer));

    if (size < 0) {
        /* A directory of the snapshot is an empty file to the kernel. */
        say(world, " 0 ");
        return;
    }
    say(world, " %zd %.*s", size, (int)size, buffer);
}

/* Below a mount ours is in the real directory, whose parent is another: nothing can be compared from there. */
static bool
is_below_mount(const struct world *world, const struct stat *place)
{
    return mounts[world->configuration][0].path != NULL && place->st_dev != PYPKG_DEVICE
        && place->st_dev != roots.devices[world->configuration];
}

static void
leave_mounts(struct world *world)
{
    struct stat here;

    if (world->calls->stat(".", &here) == 0 && is_below_mount(world, &here)) {
        say(world, " back");
        (void)!world->calls->chdir("/");
    }
}

static void
do_open(struct world *world, struct input *input, const char *path)
{
    static const int flags[] = {
        O_RDONLY, O_RDONLY | O_DIRECTORY, O_RDONLY | O_NOFOLLOW, O_WRONLY, O_RDWR, O_WRONLY | O_CREAT,
        O_WRONLY | O_CREAT | O_EXCL, O_RDONLY | O_TRUNC, O_WRONLY | O_APPEND, O_RDONLY | O_CREAT,
        O_RDWR | O_CREAT | O_TRUNC, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, O_RDONLY | O_NONBLOCK,
        O_WRONLY | O_TRUNC | O_NOFOLLOW, O_RDONLY | O_CREAT | O_NOFOLLOW, O_RDONLY | O_DIRECTORY,
    };
    struct stat status;
    unsigned choice = take(input), slot = take(input) % SLOTS;
    int wanted = flags[choice & 15] | (choice & 16 ? O_CLOEXEC : 0);
    int fd = choice & 32 ? world->calls->openat(take_directory(world, input), path, wanted, 0600)
                         : world->calls->open(path, wanted, 0600);

    if (fd < 0) {
        say(world, " %o: %s", (unsigned)wanted, strerrorname_np(errno));
        return;
    }
    int result = world->calls->fstat(fd, &status);
    say_stat(world, result, &status);
    say_contents(world, fd);
    say(world, " cloexec %d", fcntl(fd, F_GETFD) & FD_CLOEXEC);
    if (result == 0 && S_ISDIR(status.st_mode) && is_below_mount(world, &status)) {
        close(fd);
        return;
    }
    if (world->slots[slot] >= 0) {
        close(world->slots[slot]);
    }
    world->slots[slot] = fd;
}

static int
compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void
say_listing(struct world *world, DIR *dir, bool again)
{
    char *found[64];
    size_t count = 0;
    struct dirent *entry;

    if (again) {
        world->calls->readdir(dir);
        world->calls->rewinddir(dir);
    }
    while (count < COUNT(found) && (entry = world->calls->readdir(dir)) != NULL) {
        if (asprintf(&found[count], "%s:%d", entry->d_name, entry->d_type) > 0) {
            count++;
        }
    }
    qsort(found, count, sizeof(found[0]), compare_names);
    for (size_t i = 0; i < count; i++) {
        say(world, " %s", found[i]);
        free(found[i]);
    }
    world->calls->closedir(dir);
}

static void
do_list(struct world *world, struct input *input, const char *path)
{
    unsigned choice = take(input);
    DIR *dir;

    if (choice & 2) {
        int *slot = &world->slots[choice / 4 % SLOTS];
        dir = world->calls->fdopendir(*slot);
        if (dir != NULL) {
            *slot = -1;
            /* Duplicates share one position; who lists a descriptor goes to its beginning first. */
            world->calls->rewinddir(dir);
        }
    }
    else {
        dir = world->calls->opendir(path);
    }
    if (dir == NULL) {
        say(world, " %s", strerrorname_np(errno));
        return;
    }
    say_listing(world, dir, choice & 1);
}

/* A path as the kernel names it, with mounts undone: through them ours shows the real place. */
static void
say_place(struct world *world, const char *place)
{
    const char *real = "";
    size_t longest = 0;

    for (size_t i = 0; world->is_reference && i < MOST_MOUNTS && mounts[world->configuration][i].path != NULL; i++) {
        size_t size = strlen(mounts[world->configuration][i].path);
        if (strncmp(place, mounts[world->configuration][i].path, size) == 0 && (place[size] == '/' || place[size] == '\0')
            && size > longest) {
            longest = size;
            real = mounts[world->configuration][i].real;
        }
    }
    say(world, " %s%s", real, place + longest);
}

static void
do_realpath(struct world *world, struct input *input, const char *path)
{
    (void)input;
    /* The C library's own walk has other limits than the kernel's. */
    char *real = strlen(path) > 255 ? NULL : world->calls->realpath(path, NULL);
    if (strlen(path) > 255) {
        return;
    }
    if (real == NULL) {
        say(world, " %s", strerrorname_np(errno));
        return;
    }
    say_place(world, real);
    free(real);
}

static void
do_chdir(struct world *world, struct input *input, const char *path)
{
    unsigned choice = take(input);
    int result = choice & 1 ? world->calls->fchdir(world->slots[choice / 2 % SLOTS]) : world->calls->chdir(path);

    say_result(world, result);
    leave_mounts(world);
}

static void
do_getcwd(struct world *world, struct input *input, const char *path)
{
    char buffer[64];
    char *place = take(input) & 1 ? world->calls->getcwd(buffer, sizeof(buffer)) : world->calls->getcwd(NULL, 0);

    (void)path;
    if (place == NULL) {
        say(world, " %s", strerrorname_np(errno));
        return;
    }
    say_place(world, place);
    if (place != buffer) {
        free(place);
    }
}

static void
do_statvfs(struct world *world, struct input *input, const char *path)
{
    struct statvfs status;
    int result = world->calls->statvfs(path, &status);

    (void)input;
    say_result(world, result);
    if (result == 0) {
        say(world, " %lu", status.f_flag & ST_RDONLY);
    }
}

static void
do_dup(struct world *world, struct input *input, const char *path)
{
    unsigned choice = take(input);
    int from = world->slots[choice % SLOTS], *to = &world->slots[choice / SLOTS % SLOTS];

    (void)path;
    if (from >= 0 && to != &world->slots[choice % SLOTS]) {
        if (*to >= 0) {
            close(*to);
        }
        *to = choice & 64 ? fcntl(from, F_DUPFD_CLOEXEC, 20) : dup(from);
    }
}

static void
do_close(struct world *world, struct input *input, const char *path)
{
    int *slot = &world->slots[take(input) % SLOTS];

    (void)path;
    if (*slot >= 0) {
        close(*slot);
        *slot = -1;
    }
}

static void
do_write(struct world *world, struct input *input, const char *path)
{
    char other[2 * PYPKG_MAX_PATH + 1];
    const struct calls *calls = world->calls;
    unsigned choice = take(input) % 10;
    int directory = take_directory(world, input);

    switch (choice) {
    case 0:
        say_refused(world, path, calls->mkdirat(directory, path, 0700));
        break;
    case 1:
        say_refused(world, path, calls->unlinkat(directory, path, 0));
        break;
    case 2:
        say_refused(world, path, calls->unlinkat(directory, path, AT_REMOVEDIR));
        break;
    case 3:
        say_refused(world, path, calls->fchmodat(directory, path, 0700, 0));
        break;
    case 4:
        say_refused(world, path, calls->utimensat(directory, path, NULL, 0));
        break;
    case 5:
        say_refused(world, path, calls->truncate(path, 0));
        break;
    case 6:
        say_refused(world, path, calls->symlinkat("target", directory, path));
        break;
    case 7:
        take_path(input, other);
        say_refused(world, NULL, calls->renameat(directory, path, AT_FDCWD, other));
        break;
    case 8:
        take_path(input, other);
        say_refused(world, NULL, calls->linkat(directory, path, AT_FDCWD, other, 0));
        break;
    default:
        say_refused(world, path, calls->utimensat(directory, path, NULL, AT_SYMLINK_NOFOLLOW));
        break;
    }
}

static const struct {
    const char *name;
    void (*run)(struct world *world, struct input *input, const char *path);
} operations[] = {
    {"stat", do_stat},         {"access", do_access}, {"readlink", do_readlink}, {"open", do_open},
    {"list", do_list},         {"realpath", do_realpath}, {"chdir", do_chdir},   {"getcwd", do_getcwd},
    {"statvfs", do_statvfs},   {"dup", do_dup},       {"close", do_close},       {"write", do_write},
    {"open", do_open},         {"chdir", do_chdir},   {"stat", do_stat},         {"write", do_write},
};

static void
run_program(struct world *world, const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    char path[2 * PYPKG_MAX_PATH + 1];

    take(&input);
    for (int n = 0; n < MOST_CALLS && input.size > 0; n++) {
        unsigned operation = take(&input) % COUNT(operations);
        take_path(&input, path);
        say(world, "%d %s %.600s%s:", n, operations[operation].name, path, strlen(path) > 600 ? "..." : "");
        operations[operation].run(world, &input, path);
        say(world, "\n");
    }
    for (int i = 0; i < SLOTS; i++) {
        if (world->slots[i] >= 0) {
            close(world->slots[i]);
        }
    }
}

/* --- both worlds --- */

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
            arena_fail("the kernel and the core differ\n  kernel: %.*s\n  core:   %.*s", (int)kernel_size, kernel,
                       (int)ours_size, ours);
            return;
        }
        kernel += kernel_size + (kernel[kernel_size] == '\n');
        ours += ours_size + (ours[ours_size] == '\n');
    }
}

static void
set_mounts(size_t configuration, bool there)
{
    for (size_t i = 0; i < MOST_MOUNTS && mounts[configuration][i].path != NULL; i++) {
        int status = there ? pypkg_mount_add(mounts[configuration][i].path, mounts[configuration][i].real)
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
    struct world kernel = {.calls = &system_calls, .is_reference = true, .configuration = configuration, .log = logs[0]};
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
