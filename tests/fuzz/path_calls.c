/* The operations that programs are made of. */

#include "path_world.h"

static const char *const names[] = {
    "..",    ".",     "snapshot",  "real",     "a",       "b.txt",     "d",     "e",        "f",
    "g.txt", "h",     "i",         "j",        "l",       "c",         "empty", "withheld", "with space",
    "file",  "dir",   "self",      "up",       "root",    "top",       "back",  "absolute", "loop",
    "ping",  "slash", "fileslash", "dangling", "out",     "outside",   "twice", "link",     "n39",
    "n40",   "n41",   "nothing",   "other",    "in",      "snapshots", "into",  "m",        "sub",
    "..",    "..",    "deep",      "deeper",   "deepest", "real-link", "here",  "\xff",     "proc",
};

static void
append(char *path, size_t *size, const char *text)
{
    size_t length = strlen(text);
    if (*size + length <= LONGEST_PATH) {
        memcpy(path + *size, text, length + 1);
        *size += length;
    }
}

void
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
    if ((shape & 0xc0) == 0xc0) {
        for (unsigned n = take(input) * 64; n > 0; n--) {
            append(path, &size, "/");
        }
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
        /* To the kernel a directory of the snapshot is an empty file. */
        say(world, " 0 ");
        return;
    }
    say(world, " %zd %.*s", size, (int)size, buffer);
}

/* Below a mount our directory is the real one, which has another parent: the worlds differ from there on. */
static bool
is_below_mount(const struct world *world, const struct stat *status)
{
    return mounts[world->configuration][0].path != NULL && status->st_dev != PYPKG_DEVICE
        && status->st_dev != roots.devices[world->configuration];
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
        O_RDONLY,
        O_RDONLY | O_DIRECTORY,
        O_RDONLY | O_NOFOLLOW,
        O_WRONLY,
        O_RDWR,
        O_WRONLY | O_CREAT,
        O_WRONLY | O_CREAT | O_EXCL,
        O_RDONLY | O_TRUNC,
        O_WRONLY | O_APPEND,
        O_RDONLY | O_CREAT,
        O_RDWR | O_CREAT | O_TRUNC,
        O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
        O_RDONLY | O_NONBLOCK,
        O_WRONLY | O_TRUNC | O_NOFOLLOW,
        O_RDONLY | O_CREAT | O_NOFOLLOW,
        O_RDONLY | O_DIRECTORY,
    };
    struct stat status;
    unsigned choice = take(input), slot = take(input) % SLOTS;
    int open_flags = flags[choice & 15] | (choice & 16 ? O_CLOEXEC : 0);
    int fd = choice & 32 ? world->calls->openat(take_directory(world, input), path, open_flags, 0600)
                         : world->calls->open(path, open_flags, 0600);

    if (fd < 0) {
        say(world, " %o: %s", (unsigned)open_flags, strerror(errno));
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
            /* Duplicates share one position, so each listing starts at the beginning. */
            world->calls->rewinddir(dir);
        }
    }
    else {
        dir = world->calls->opendir(path);
    }
    if (dir == NULL) {
        say(world, " %s", strerror(errno));
        return;
    }
    say_listing(world, dir, choice & 1);
}

/* A path with the kernel's mounts undone: ours gives the real path. */
static void
say_path(struct world *world, const char *path)
{
    const char *real = "";
    size_t longest = 0;

    for (size_t i = 0; world->is_reference && i < MOST_MOUNTS && mounts[world->configuration][i].path != NULL; i++) {
        size_t size = strlen(mounts[world->configuration][i].path);
        if (strncmp(path, mounts[world->configuration][i].path, size) == 0 && (path[size] == '/' || path[size] == '\0')
            && size > longest) {
            longest = size;
            real = mounts[world->configuration][i].real;
        }
    }
    say(world, " %s%s", real, path + longest);
}

static void
do_realpath(struct world *world, struct input *input, const char *path)
{
    (void)input;
    char *real = world->calls->realpath(path, NULL);
    /* The C library resolves paths itself, with other limits than the kernel. */
    if (strlen(path) > 255) {
        free(real);
        return;
    }
    if (real == NULL) {
        say(world, " %s", strerror(errno));
        return;
    }
    /* POSIX leaves two slashes at the beginning to the system: musl keeps them. */
    say_path(world, real[0] == '/' && real[1] == '/' ? real + 1 : real);
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
    char *cwd = take(input) & 1 ? world->calls->getcwd(buffer, sizeof(buffer)) : world->calls->getcwd(NULL, 0);

    (void)path;
    if (cwd == NULL) {
        say(world, " %s", strerror(errno));
        return;
    }
    say_path(world, cwd);
    if (cwd != buffer) {
        free(cwd);
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
    char other[LONGEST_PATH + 1];
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
    {"stat", do_stat},       {"access", do_access},     {"readlink", do_readlink}, {"open", do_open},
    {"list", do_list},       {"realpath", do_realpath}, {"chdir", do_chdir},       {"getcwd", do_getcwd},
    {"statvfs", do_statvfs}, {"dup", do_dup},           {"close", do_close},       {"write", do_write},
    {"open", do_open},       {"chdir", do_chdir},       {"stat", do_stat},         {"write", do_write},
};

void
run_operation(struct world *world, struct input *input, int number)
{
    char path[LONGEST_PATH + 1];
    unsigned operation = take(input) % COUNT(operations);

    take_path(input, path);
    say(world, "%d %s %.600s%s:", number, operations[operation].name, path, strlen(path) > 600 ? "..." : "");
    operations[operation].run(world, input, path);
    say(world, "\n");
}
