#include "arena.h"

#include "engine/state.h"
#include "posix/front.h"

#include <sched.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/mount.h>

static struct {
    int outer_root, outer_cwd, root;
    bool failed;
    char message[8192];
    uint8_t *last_input;
} arena;

#define LAST_INPUT_SIZE (1 << 20)

/* A crash inside cannot write its input to a file, so each input is copied to a shared mapping: its size and its
   bytes. */
static void
open_last_input(void)
{
    const char *path = getenv("FUZZ_LAST_INPUT");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd >= 0 && ftruncate(fd, LAST_INPUT_SIZE) == 0) {
        void *mapped = mmap(NULL, LAST_INPUT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        arena.last_input = mapped == MAP_FAILED ? NULL : mapped;
    }
    if (fd >= 0) {
        close(fd);
    }
}

static bool
write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

/* A user who is not root becomes root in a new user namespace, if the kernel allows it. */
static bool
become_root(void)
{
    char map[64];

    if (geteuid() == 0) {
        return true;
    }
    snprintf(map, sizeof(map), "0 %ld 1", (long)geteuid());
    return unshare(CLONE_NEWUSER) == 0 && write_text("/proc/self/setgroups", "deny")
        && write_text("/proc/self/uid_map", map);
}

static bool
go(int root, int cwd)
{
    return fchdir(root) == 0 && chroot(".") == 0 && fchdir(cwd) == 0;
}

/* The tmpfs hides what it is mounted on from this process. */
static const char *
make_root(void)
{
    static const char *const folders[] = {"/mnt", "/media", "/srv", "/tmp"};
    char proc[32];
    struct stat status;
    size_t n = 0;

    while (stat(folders[n], &status) != 0 && n < sizeof(folders) / sizeof(folders[0]) - 1) {
        n++;
    }
    snprintf(proc, sizeof(proc), "%s/proc", folders[n]);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return "mount namespaces are not allowed here";
    }
    if (mount("arena", folders[n], "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0 || mkdir(proc, 0755) != 0
        || mount("/proc", proc, NULL, MS_BIND | MS_REC, NULL) != 0) {
        return "mounting a tmpfs is not allowed here";
    }
    arena.root = open(folders[n], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return NULL;
}

static void
leave(void)
{
    if (!go(arena.outer_root, arena.outer_cwd)) {
        abort();
    }
    if (arena.failed) {
        fprintf(stderr, "FOUND: %s\n", arena.message);
        abort();
    }
}

const char *
arena_start(void (*prepare)(void))
{
    open_last_input();
    if (!become_root()) {
        return "user namespaces are not allowed here";
    }
    const char *problem = make_root();
    if (problem != NULL) {
        return problem;
    }
    arena.outer_root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    arena.outer_cwd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!go(arena.root, arena.root)) {
        return "chroot is not allowed here";
    }
    prepare();
    leave();
    return NULL;
}

void
arena_run(void (*run)(const uint8_t *data, size_t size), const uint8_t *data, size_t size)
{
    if (arena.last_input != NULL) {
        uint32_t copied = size < LAST_INPUT_SIZE - 4 ? (uint32_t)size : 0;
        memcpy(arena.last_input, &copied, 4);
        memcpy(arena.last_input + 4, data, copied);
    }
    if (!go(arena.root, arena.root)) {
        abort();
    }
    run(data, size);
    leave();
}

void
arena_fail(const char *format, ...)
{
    if (!arena.failed) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(arena.message, sizeof(arena.message), format, arguments);
        va_end(arguments);
        arena.failed = true;
    }
}

bool
arena_failed(void)
{
    return arena.failed;
}

void
arena_reset(void)
{
    atomic_store(&pypkg_state.cwd, 0);
    atomic_store(&pypkg_state.cwd_is_split, false);
    atomic_store(&pypkg_state.has_descriptors, false);
    for (int i = 0; i < PYPKG_EXTRACTED_WORDS; i++) {
        atomic_store(&pypkg_state.extracted[i], 0);
    }
}
