#define PYPKG_NO_REDIRECT
#include "pypkg_redirect.h"

#include "arena.h"
#include "vfs.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/mount.h>

static struct {
    sem_t wanted, done;
    void (*prepare)(void);
    void (*run)(const uint8_t *data, size_t size);
    const uint8_t *data;
    size_t size;
    const char *problem;
    bool running;
    bool failed;
    char message[8192];
    uint8_t *last_input;
} arena;

#define LAST_INPUT_SIZE (1 << 20)

/* A crash in the thread cannot write its input anywhere, so each is left in a shared file: $FUZZ_LAST_INPUT. */
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

/* A user who is not root is root in a namespace of its own, if the kernel lets it. */
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

static const char *
enter(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return "no mount namespace may be made here";
    }
    if (mount("arena", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0 || mkdir("/tmp/proc", 0755) != 0
        || mount("/proc", "/tmp/proc", NULL, MS_BIND | MS_REC, NULL) != 0) {
        return "no tmpfs may be mounted here";
    }
    return chroot("/tmp") == 0 && chdir("/") == 0 ? NULL : "chroot is not allowed here";
}

static void *
work(void *unused)
{
    sigset_t all;

    (void)unused;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGABRT);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    arena.problem = enter();
    if (arena.problem == NULL) {
        arena.prepare();
    }
    sem_post(&arena.done);
    while (arena.problem == NULL) {
        while (sem_wait(&arena.wanted) != 0) {
        }
        arena.run(arena.data, arena.size);
        sem_post(&arena.done);
    }
    return NULL;
}

static void
wait_until_done(void)
{
    while (sem_wait(&arena.done) != 0) {
    }
    if (arena.failed) {
        fprintf(stderr, "FOUND: %s\n", arena.message);
        abort();
    }
}

const char *
arena_start(void (*prepare)(void))
{
    pthread_t thread;

    open_last_input();
    if (!become_root()) {
        return "this user may not make a user namespace";
    }
    arena.prepare = prepare;
    sem_init(&arena.wanted, 0, 0);
    sem_init(&arena.done, 0, 0);
    if (pthread_create(&thread, NULL, work, NULL) != 0) {
        return "no thread can be started";
    }
    pthread_detach(thread);
    wait_until_done();
    arena.running = arena.problem == NULL;
    return arena.problem;
}

void
arena_run(void (*run)(const uint8_t *data, size_t size), const uint8_t *data, size_t size)
{
    if (arena.last_input != NULL) {
        uint32_t kept = size < LAST_INPUT_SIZE - 4 ? (uint32_t)size : 0;
        memcpy(arena.last_input, &kept, 4);
        memcpy(arena.last_input + 4, data, kept);
    }
    arena.run = run;
    arena.data = data;
    arena.size = size;
    sem_post(&arena.wanted);
    wait_until_done();
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
