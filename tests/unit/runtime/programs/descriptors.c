/* The descriptors of packaged files: descriptors IMAGE, or descriptors IMAGE DIRECTORY without memory files. Ends with 0
   and "done", or names what is wrong. */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/start.h"
#include "engine/state.h"
#include "os/os.h"
#include "posix/front.h"
#include "posix/fd_table.h"

#define LARGE "/snapshot/app/large"

static void
check(bool good, const char *what)
{
    if (!good) {
        printf("%s\n", what);
        exit(1);
    }
}

static void
check_sharing(void)
{
    struct stat first, second, third;
    char byte;
    int a = pypkg_open(LARGE, O_RDONLY), b = pypkg_open(LARGE, O_RDONLY);

    check(fstat(a, &first) == 0 && fstat(b, &second) == 0, "open");
    check(first.st_ino == second.st_ino && first.st_dev == second.st_dev, "two readers have two files");
    check(read(a, &byte, 1) == 1 && lseek(a, 0, SEEK_CUR) == 1 && lseek(b, 0, SEEK_CUR) == 0, "one offset for both");
    close(b);
    int c = pypkg_open(LARGE, O_RDONLY);
    check(fstat(c, &third) == 0 && third.st_ino == first.st_ino, "the file of another reader is not found");
    close(a);
    close(c);
    errno = 0;
    int d = pypkg_open(LARGE, O_RDONLY);
    check(errno == 0, "errno was changed by a success");
    check(fstat(d, &third) == 0 && third.st_ino != first.st_ino, "a file is kept without a reader");
    close(d);
}

static void
check_marks(void)
{
    struct stat status;
    const struct timespec mark[2] = {{.tv_sec = 1, .tv_nsec = 688215143}, {.tv_sec = 1, .tv_nsec = 688215143}};
    char name[32];
    struct pypkg_found found;
    int fd = pypkg_open(LARGE, O_RDONLY);

    check(pypkg_fd_entry(fd, &found), "a file is not recognised");
    snprintf(name, sizeof(name), "pypkg-%u", found.index);
    int forged = memfd_create(name, 0);
    check(ftruncate(forged, (off_t)found.entry.size) == 0 && !pypkg_fd_entry(forged, &found), "a forged name");
    int marked = memfd_create("other", 0);
    check(futimens(marked, mark) == 0 && !pypkg_fd_entry(marked, &found), "a forged time");
    int copy = dup(fd);
    close(fd);
    /* The first reader's number is above that of the file it was made from, which is free again for the second. */
    int other = pypkg_open("/snapshot/app/data/a.txt", O_RDONLY);
    check(pypkg_open("/snapshot/app/data/a.txt", O_RDONLY) == fd, "the number of the original is not used again");
    check(pypkg_fd_entry(copy, &found), "a duplicate whose original was replaced");
    check(pypkg_fstat(copy, &status) == 0 && status.st_size == (off_t)found.entry.size, "fstat of a duplicate");
    close(forged);
    close(marked);
    close(copy);
    close(other);
    close(fd);
}

static atomic_bool finished;

static void *
write_messages(void *unused)
{
    while (!atomic_load(&finished)) {
        if (write(2, "message", 7) < 0) {
            continue;
        }
    }
    return unused;
}

/* Another thread writes a message whenever standard error is a file, however shortly. */
static void
check_messages(void)
{
    int saved = fcntl(2, F_DUPFD_CLOEXEC, 10), with_message = 0;
    pthread_t writer;
    struct stat status;

    close(2);
    check(pthread_create(&writer, NULL, write_messages, NULL) == 0, "a thread");
    for (int i = 0; i < 50000; i++) {
        int fd = pypkg_memory_file(0, false);
        with_message += fstat(fd, &status) != 0 || status.st_size != 0 || lseek(fd, 0, SEEK_CUR) != 0;
        close(fd);
    }
    atomic_store(&finished, true);
    pthread_join(writer, NULL);
    dup2(saved, 2);
    close(saved);
    check(with_message == 0, "a message is in a file of the runtime");
}

static void
check_low_numbers(void)
{
    int saved = fcntl(2, F_DUPFD_CLOEXEC, 10);

    close(2);
    int memory = pypkg_memory_file(0, false), code = pypkg_memory_file(0, true);
    int opened = pypkg_open("/snapshot/app/data/a.txt", O_RDONLY);
    bool low = opened == 2, sealed = write(opened, "x", 1) < 0 && pypkg_is_sealed(opened);
    dup2(saved, 2);
    check(memory > 2 && code > 2, "a file of the runtime has a standard number");
    check(low && sealed, "the program's own file is not the lowest and sealed");
    close(memory);
    close(code);
}

static void
refuse_memory_files(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(steps) / sizeof(steps[0]), .filter = steps};

    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl");
    check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "a filter of calls");
    check(memfd_create("", 0) < 0 && errno == EPERM, "the filter does nothing");
}

/* A file system gives the inode of an unlinked file to the next one. */
static void
check_reused_inodes(const char *directory)
{
    struct stat status;
    struct pypkg_found found;
    char path[4096];

    snprintf(path, sizeof(path), "%s/next", directory);
    for (int i = 0; i < 20; i++) {
        int fd = pypkg_open(LARGE, O_RDONLY), copy = dup(fd);
        check(fd >= 0 && fstat(fd, &status) == 0 && status.st_nlink == 0, "an unlinked file");
        check(pypkg_fd_entry(fd, &found) && pypkg_fd_entry(copy, &found), "a temporary file is not recognised");
        close(copy);
        close(fd);
        /* The number that the packaged file had is the second. */
        int next[2];
        for (int n = 0; n < 2; n++) {
            next[n] = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
            unlink(path);
        }
        check(!pypkg_fd_entry(next[0], &found) && !pypkg_fd_entry(next[1], &found), "the next file of an inode");
        close(next[0]);
        close(next[1]);
    }
    /* On any file system: the inode was used again, at another time. */
    int fd = pypkg_open(LARGE, O_RDONLY);
    check(fstat(fd, &status) == 0 && pypkg_fd_entry_of(fd, &status, &found), "a temporary file");
    status.st_mtim.tv_sec = 1000000000;
    check(!pypkg_fd_entry_of(fd, &status, &found), "a later file with the inode");
    close(fd);
}

int
main(int argc, char *argv[])
{
    int fd = argc >= 2 ? open(argv[1], O_RDONLY) : -1;
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    void *image = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;

    check(image != MAP_FAILED, "no image");
    const char *problem = pypkg_start_with(image, (uint64_t)size);
    check(problem == NULL, problem);
    if (argc == 3) {
        refuse_memory_files();
        check_messages();
        check_reused_inodes(argv[2]);
    }
    else {
        check_messages();
        check_low_numbers();
        check_marks();
        check_sharing();
    }
    puts("done");
    return 0;
}
