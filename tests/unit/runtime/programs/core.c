/* Calls the runtime as CPython does, with images from files; the tests compile it with sanitizers.

   walk IMAGE...                list, stat and read everything; images may be corrupt, but nothing may crash
   call IMAGE FUNCTION PATH [MOUNTED REAL]...
                                one redirected call, with mounts: print its result, or the name of its errno
   extract IMAGE PATH           extract a library: print its real path, or the error
   run IMAGE PATH               extract a program and start it
   dlopen IMAGE PATH            load a library and call its function `answer`: print the result, or dlerror's message
   needed FILE...               print DT_SONAME and DT_NEEDED of ELF files, which may be corrupt
   reentry IMAGE PROGRAM OWN... % ARGV...
                                as the executable PROGRAM, started with OWN: print what the command line starts
   requested IMAGE PROGRAM      as the executable PROGRAM: print whether the environment requests the interpreter
   search IMAGE NAME            start the program of this name in a directory of PATH, and wait for it
   exec IMAGE PROGRAM ARGV...   as the executable PROGRAM: start another; print its output, or the name of the errno */

#include "posix/route.h"
#include "engine/start.h"
#include "native/native.h"
#include "posix/fd_cache.h"
#include "posix/front.h"
#include "process/reentry.h"

#include <sys/wait.h>

#include "read_image.h"

static void
read_whole(const char *path)
{
    char buffer[4096];
    int fd = pypkg_open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    while (read(fd, buffer, sizeof(buffer)) > 0) {
    }
    close(fd);
}

static void
walk(const char *path, int depth)
{
    struct stat status;
    char child[8192], target[256];
    DIR *dir = pypkg_opendir(path);

    while (dir != NULL) {
        struct dirent *entry = pypkg_readdir(dir);
        if (entry == NULL) {
            pypkg_closedir(dir);
            return;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || depth > 8) {
            continue;
        }
        snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
        pypkg_stat(child, &status);
        pypkg_readlink(child, target, sizeof(target));
        read_whole(child);
        if (pypkg_lstat(child, &status) == 0 && S_ISDIR(status.st_mode)) {
            walk(child, depth + 1);
        }
    }
}

static void
walk_tables(void)
{
    const struct pypkg_image *image = pypkg_image();
    struct pypkg_module module, again;
    struct pypkg_bundle bundle;
    struct pypkg_bytes code;

    for (uint32_t i = 0; i < pypkg_count(image, PYPKG_MODULES) && i < 1000; i++) {
        if (pypkg_module_at(image, i, &module)) {
            struct pypkg_text name = pypkg_string(image, module.name_offset, module.name_size);
            pypkg_find_module(image, name.data, name.size, &again);
            if (pypkg_module_code(image, &module, &code) == 0) {
                pypkg_release(&code);
            }
        }
    }
    for (uint32_t i = 0; i < pypkg_count(image, PYPKG_BUNDLES) && i < 1000; i++) {
        pypkg_bundle_at(image, i, &bundle);
    }
}

static const char *
error_name(void)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {EROFS, "EROFS"},   {ENOENT, "ENOENT"}, {ENOTDIR, "ENOTDIR"},
        {EISDIR, "EISDIR"}, {EACCES, "EACCES"}, {EEXIST, "EEXIST"},
        {ELOOP, "ELOOP"},   {EINVAL, "EINVAL"}, {ENAMETOOLONG, "ENAMETOOLONG"},
        {EXDEV, "EXDEV"},   {EIO, "EIO"},       {ENOTSUP, "ENOTSUP"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].number == errno) {
            return names[i].name;
        }
    }
    return strerror(errno);
}

static int
call(const char *function, const char *path)
{
    struct stat status;
    static char buffer[8192];
    const struct {
        const char *name;
        int flags;
    } opens[] = {
        {"open", O_RDONLY},
        {"open-write", O_WRONLY},
        {"open-create", O_RDWR | O_CREAT},
        {"open-exclusive", O_WRONLY | O_CREAT | O_EXCL},
        {"open-directory", O_RDONLY | O_DIRECTORY},
        {"open-nofollow", O_RDONLY | O_NOFOLLOW},
    };
    for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]); i++) {
        if (strcmp(function, opens[i].name) == 0) {
            int fd = pypkg_open(path, opens[i].flags, 0600);
            ssize_t size = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer) - 1);
            buffer[size > 0 ? size : 0] = '\0';
            puts(fd < 0 ? error_name() : buffer);
            return 0;
        }
    }
    int result = -1;
    errno = ENOTSUP;
    if (strcmp(function, "stat") == 0 && (result = pypkg_stat(path, &status)) == 0) {
        printf("%o %lld\n", (unsigned)status.st_mode, (long long)status.st_size);
        return 0;
    }
    if (strcmp(function, "readlink") == 0 && (result = (int)pypkg_readlink(path, buffer, sizeof(buffer) - 1)) >= 0) {
        buffer[result] = '\0';
        puts(buffer);
        return 0;
    }
    if (strcmp(function, "list") == 0) {
        DIR *dir = pypkg_opendir(path);
        struct dirent *entry = NULL;
        while (dir != NULL && (entry = pypkg_readdir(dir)) != NULL) {
            puts(entry->d_name);
        }
        if (dir == NULL) {
            puts(error_name());
        }
        else {
            pypkg_closedir(dir);
        }
        return 0;
    }
    if (strcmp(function, "realpath") == 0 && pypkg_realpath(path, buffer) != NULL) {
        puts(buffer);
        return 0;
    }
    if (strcmp(function, "chdir") == 0 && (result = pypkg_chdir(path)) == 0) {
        puts(pypkg_getcwd(buffer, sizeof(buffer)));
        return 0;
    }
    result = strcmp(function, "mkdir") == 0 ? pypkg_mkdir(path, 0700)
        : strcmp(function, "unlink") == 0   ? pypkg_unlink(path)
        : strcmp(function, "rename") == 0   ? pypkg_rename(path, "/tmp/never")
        : strcmp(function, "access") == 0   ? pypkg_access(path, R_OK)
                                            : result;
    puts(result == 0 ? "0" : error_name());
    return 0;
}

static int
extract(const char *path)
{
    struct pypkg_route route;
    char error[768];

    if (pypkg_route(&route, "extract", AT_FDCWD, path, true) != PYPKG_VIRTUAL) {
        puts(error_name());
        return 1;
    }
    char *real = pypkg_extract_program(&route.found, error, sizeof(error));
    puts(real != NULL ? real : error);
    free(real);
    return real == NULL;
}

static int
run(const char *path)
{
    struct pypkg_route route;
    char error[768];

    if (pypkg_route(&route, "run", AT_FDCWD, path, true) != PYPKG_VIRTUAL) {
        puts(error_name());
        return 1;
    }
    char *real = pypkg_extract_program(&route.found, error, sizeof(error));
    if (real != NULL) {
        execl(real, real, (char *)NULL);
    }
    puts(real != NULL ? error_name() : error);
    return 1;
}

static int
load(const char *path)
{
    void *library = pypkg_dlopen(path, RTLD_NOW);
    int (*answer)(void) = library != NULL ? (int (*)(void))(uintptr_t)dlsym(library, "answer") : NULL;

    if (answer == NULL) {
        puts(pypkg_dlerror());
        return 1;
    }
    printf("%d\n", answer());
    return 0;
}

static int
list_needed(int count, char **files)
{
    struct pypkg_elf elf;
    uint64_t size;

    for (int i = 0; i < count; i++) {
        const void *data = read_image(files[i], &size);
        if (pypkg_elf_open(&elf, data, size)) {
            const char *name = pypkg_elf_soname(&elf);
            printf("%s:", name != NULL ? name : "");
            for (uint64_t n = 0; (name = pypkg_elf_needed(&elf, n)) != NULL; n++) {
                printf(" %s", name);
            }
        }
        puts("");
        free((void *)(uintptr_t)data);
    }
    return 0;
}

static int
ask_reentry(char **arguments)
{
    char **line = arguments + 1;

    while (strcmp(*line, "%") != 0) {
        line++;
    }
    *line++ = NULL;
    if (!pypkg_set_program(arguments[0], arguments + 1)) {
        return 1;
    }
    puts(pypkg_is_interpreter_call(&pypkg_state.program, line) ? "interpreter" : "program");
    return 0;
}

static int
take_reentry(const char *path)
{
    static const char *const answers[] = {
        [PYPKG_REENTRY_NONE] = "none",
        [PYPKG_REENTRY_REQUESTED] = "requested",
        [PYPKG_REENTRY_REFUSED] = "refused",
    };
    puts(answers[pypkg_take_reentry(path)]);
    return 0;
}

static int
search(char *name)
{
    char *line[] = {name, NULL};
    pid_t child;
    int error = pypkg_posix_spawnp(&child, name, NULL, NULL, line, environ);

    if (error != 0) {
        errno = error;
        puts(error_name());
        return 1;
    }
    return waitpid(child, NULL, 0) != child;
}

static int
execute(char **arguments)
{
    static char *none[] = {NULL};

    if (pypkg_set_program(arguments[0], none)) {
        pypkg_execv(arguments[1], arguments + 1);
        puts(error_name());
    }
    return 1;
}

int
main(int argc, char **argv)
{
    uint64_t size;

    if (argc > 1 && strcmp(argv[1], "needed") == 0) {
        return list_needed(argc - 2, argv + 2);
    }

    for (int i = 2; i < argc; i++) {
        const void *image = read_image(argv[i], &size);
        pypkg_fd_cache_clear();
        const char *problem = pypkg_start_with(image, size);
        if (problem != NULL) {
            puts(problem);
        }
        else if (strcmp(argv[1], "reentry") == 0 && argc > 4) {
            return ask_reentry(argv + 3);
        }
        else if (strcmp(argv[1], "requested") == 0 && argc == 4) {
            return take_reentry(argv[3]);
        }
        else if (strcmp(argv[1], "search") == 0 && argc == 4) {
            return search(argv[3]);
        }
        else if (strcmp(argv[1], "exec") == 0 && argc > 4) {
            return execute(argv + 3);
        }
        else if (strcmp(argv[1], "call") == 0 && argc >= 5) {
            for (int j = 5; j + 1 < argc; j += 2) {
                int status = pypkg_mount_add(argv[j], argv[j + 1]);
                if (status != 0) {
                    errno = status;
                    puts(error_name());
                    return 0;
                }
            }
            return call(argv[3], argv[4]);
        }
        else if (strcmp(argv[1], "extract") == 0 && argc == 4) {
            return extract(argv[3]);
        }
        else if (strcmp(argv[1], "run") == 0 && argc == 4) {
            return run(argv[3]);
        }
        else if (strcmp(argv[1], "dlopen") == 0 && argc == 4) {
            return load(argv[3]);
        }
        else {
            walk(PYPKG_ROOT, 0);
            walk_tables();
            puts("walked");
        }
        free((void *)(uintptr_t)image);
    }
    return 0;
}
