/* What the C code of a native addon does with paths, one line of text for each call. Compiled as it comes, without the
   redirect header: as any wheel's library. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Declared for the C libraries of before it came, with which a library is compiled that is to run everywhere. */
int statx(int folder, const char *restrict path, int flags, unsigned int mask, struct statx *restrict status)
    __attribute__((weak));

static char text[8192];

static const char *
say(const char *word, long number)
{
    snprintf(text, sizeof(text), "%s %ld", word, number);
    return text;
}

static const char *
read_all(int fd)
{
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (size < 0) {
        return strerror(errno);
    }
    text[size] = '\0';
    close(fd);
    return text;
}

const char *
by_open(const char *path)
{
    return read_all(open(path, O_RDONLY | O_CLOEXEC));
}

const char *
by_openat(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY);
    const char *result = read_all(openat(folder, "a.txt", O_RDONLY));
    close(folder);
    return result;
}

const char *
by_fopen(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return strerror(errno);
    }
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

const char *
by_writing(const char *path)
{
    return read_all(open(path, O_WRONLY | O_CREAT, 0600));
}

const char *
by_stat(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? say("size", (long)status.st_size) : strerror(errno);
}

const char *
by_lstat(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 ? say("mode", (long)status.st_mode) : strerror(errno);
}

const char *
by_statx(const char *path)
{
    struct statx status;
    return statx(AT_FDCWD, path, 0, STATX_SIZE, &status) == 0 ? say("size", (long)status.stx_size) : strerror(errno);
}

const char *
by_access(const char *path)
{
    return access(path, R_OK) == 0 ? "readable" : strerror(errno);
}

const char *
by_realpath(const char *path)
{
    return realpath(path, text) != NULL ? text : strerror(errno);
}

const char *
by_listing(const char *path)
{
    int count = 0;
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return strerror(errno);
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(dir);
    return say("entries", count);
}

const char *
by_dlopen(const char *path)
{
    void *library = dlopen(path, RTLD_NOW);
    const char *(*greet)(void) = library == NULL ? NULL : (const char *(*)(void))dlsym(library, "greet");
    return greet != NULL ? greet() : dlerror();
}

const char *
by_exec(const char *path)
{
    int pipe_ends[2];
    if (pipe(pipe_ends) < 0) {
        return strerror(errno);
    }
    pid_t child = fork();
    if (child == 0) {
        char *const arguments[] = {(char *)path, NULL};
        dup2(pipe_ends[1], 1);
        execvp(path, arguments);
        _exit(127);
    }
    close(pipe_ends[1]);
    waitpid(child, NULL, 0);
    return read_all(pipe_ends[0]);
}
