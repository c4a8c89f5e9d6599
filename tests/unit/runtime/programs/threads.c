/* The snapshot used by many threads at once, and by processes that they fork; the tests compile it with
   ThreadSanitizer.

   threads IMAGE CACHE REAL    CACHE: for native libraries; REAL: a directory with a file `in`, to be mounted

   Each thread makes calls in an order of its own and checks their results. Prints "done", or what was wrong. */

#include "posix/route.h"
#include "engine/start.h"
#include "native/native.h"
#include "posix/front.h"

#include <pthread.h>
#include <sys/wait.h>

#define THREADS 64
#define ROUNDS 400
#define FORKS 8 /* each 8th thread forks, twice */

static const char *real_folder;
static atomic_int problems;

static void
check(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "wrong: %s: %s\n", what, strerror(errno));
        atomic_fetch_add(&problems, 1);
    }
}

static void
check_contents(int fd, const char *expected, const char *what)
{
    char buffer[64] = "";
    ssize_t size = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer) - 1);
    check(size == (ssize_t)strlen(expected) && strcmp(buffer, expected) == 0, what);
    if (fd >= 0) {
        close(fd);
    }
}

/* Encoded contents: the decoder is passed from thread to thread. */
static void
use_encoded(void)
{
#if !defined(PYPKG_WITHOUT_CODECS)
    static const char *const paths[] = {"/snapshot/app/gzip", "/snapshot/app/brotli", "/snapshot/app/zstd"};
    char buffer[4096];

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int fd = pypkg_open(paths[i], O_RDONLY | O_CLOEXEC);
        check(fd >= 0 && read(fd, buffer, sizeof(buffer)) == 2000 && buffer[1999] == 'x', "encoded contents");
        close(fd);
    }
#endif
}

static void
use_file(void)
{
    struct stat status;
    char target[64];

    check_contents(pypkg_open("/snapshot/app/link", O_RDONLY | O_CLOEXEC), "text\n", "open");
    check(pypkg_stat("/snapshot/app/data/sub/../a.txt", &status) == 0 && status.st_size == 5, "stat");
    use_encoded();
    check(pypkg_stat("/snapshot/app/none", &status) < 0 && errno == ENOENT, "stat of nothing");
    check(pypkg_readlink("/snapshot/app/link", target, sizeof(target)) == 10, "readlink");
    char *real = pypkg_realpath("/snapshot/app/up/sub/b.txt", NULL);
    check(real != NULL && strcmp(real, "/snapshot/app/data/sub/b.txt") == 0, "realpath");
    free(real);
}

static void
use_listing(void)
{
    int count = 0;
    DIR *dir = pypkg_opendir("/snapshot/app/data");

    while (dir != NULL && pypkg_readdir(dir) != NULL) {
        count++;
    }
    check(count == 4, "readdir");
    if (dir != NULL) {
        pypkg_closedir(dir);
    }
}

static void
use_descriptors(void)
{
    struct stat status;
    int fd = pypkg_open("/snapshot/app/data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 100);

    close(fd);
    check(pypkg_fstat(copy, &status) == 0 && S_ISDIR(status.st_mode), "fstat of a duplicate");
    check_contents(pypkg_openat(copy, "sub/b.txt", O_RDONLY | O_CLOEXEC), "deeper\n", "openat");
    check(pypkg_fstatat(copy, "..", &status, 0) == 0 && S_ISDIR(status.st_mode), "fstatat");
    close(copy);
}

/* All threads share the working directory and change it: check only that each result is a possible one. */
static void
use_cwd(unsigned n)
{
    char buffer[4096];
    static const char *const folders[] = {"/snapshot/app", "/snapshot/app/data", "/"};

    check(pypkg_chdir(folders[n % 3]) == 0, "chdir");
    char *cwd = pypkg_getcwd(buffer, sizeof(buffer));
    check(cwd != NULL && (strncmp(cwd, "/snapshot", 9) == 0 || strcmp(cwd, "/") == 0), "getcwd");
    pypkg_access("data/a.txt", R_OK);
}

static void
use_modules(void)
{
    const struct pypkg_image *image = pypkg_image();
    struct pypkg_module module;
    struct pypkg_bytes code;

    check(pypkg_find_module(image, "secret", 6, &module) >= 0, "find_module");
    check(pypkg_module_code(image, &module, &code) == 0 && code.size == 14, "module_code");
    pypkg_release(&code);
    check(pypkg_find_module(image, "none", 4, &module) < 0, "find_module of nothing");
}

static void
use_mount(unsigned n)
{
    char path[64], file[80];

    snprintf(path, sizeof(path), "/snapshot/mounted/%u", n);
    snprintf(file, sizeof(file), "%s/in", path);
    check(pypkg_mount_add(path, real_folder) == 0, "mount");
    check_contents(pypkg_open(file, O_RDONLY | O_CLOEXEC), "real\n", "open in a mount");
    check(pypkg_mount_remove(path) == 0, "unmount");
    check(pypkg_open(file, O_RDONLY | O_CLOEXEC) < 0 && errno == ENOENT, "open after unmounting");
}

static void
use_library(void)
{
    struct pypkg_route route;
    char error[768] = "";

    check(pypkg_route(&route, "test", AT_FDCWD, "/snapshot/site-packages/lib/one.so", true) == PYPKG_VIRTUAL, "route");
    char *real = pypkg_extract_program(&route.found, error, sizeof(error));
    check(real != NULL, error);
    if (real != NULL) {
        check_contents(open(real, O_RDONLY | O_CLOEXEC), "ELF one", "extract");
    }
    free(real);
}

static void
use_child(void)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        atomic_store(&problems, 0);
        use_cwd(1);
#if !defined(__SANITIZE_THREAD__)
        /* These allocate. The sanitizer's allocator, unlike the C library's, may be locked in the child of a process of
           several threads: who held it is not there any more. */
        use_file();
        use_listing();
        use_descriptors();
        use_modules();
#endif
        _exit(atomic_load(&problems) != 0);
    }
    check(child > 0 && waitpid(child, &status, 0) == child && status == 0, "a forked child");
}

static void *
work(void *argument)
{
    unsigned number = (unsigned)(uintptr_t)argument;

    for (unsigned n = 0; n < ROUNDS; n++) {
        switch ((n + number) % 7) {
        case 0:
            use_file();
            break;
        case 1:
            use_listing();
            break;
        case 2:
            use_descriptors();
            break;
        case 3:
            use_cwd(n + number);
            break;
        case 4:
            use_modules();
            break;
        case 5:
            use_mount(number);
            break;
        default:
            use_library();
            break;
        }
        if (number % FORKS == 0 && n % (ROUNDS / 2) == ROUNDS / 4) {
            use_child();
        }
    }
    return NULL;
}

static const void *
read_image(const char *path, uint64_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) < 0) {
        exit(2);
    }
    *size = (uint64_t)status.st_size;
    void *data = malloc(*size);
    if (data == NULL || read(fd, data, *size) != (ssize_t)*size) {
        exit(2);
    }
    close(fd);
    return data;
}

int
main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    uint64_t size;

    if (argc != 4) {
        return 2;
    }
    const void *image = read_image(argv[1], &size);
    const char *problem = pypkg_start_with(image, size);
    if (problem != NULL) {
        puts(problem);
        return 1;
    }
    setenv("PYPKG_NATIVE_CACHE_PATH", argv[2], 1);
    real_folder = argv[3];
    for (unsigned i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i) != 0) {
            return 2;
        }
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    puts(atomic_load(&problems) == 0 ? "done" : "failed");
    return atomic_load(&problems) != 0;
}
