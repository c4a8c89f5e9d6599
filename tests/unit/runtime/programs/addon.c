/* A native addon: a library that is compiled without the runtime, in several ways (large files, checked functions), and
   makes the calls that patches/runtime/interpose redirects.

   `report` prints, for a path, what each call says: a result or the name of its errno. */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
error_text(void)
{
    return errno == ENOENT   ? "ENOENT"
        : errno == EROFS     ? "EROFS"
        : errno == EACCES    ? "EACCES"
        : errno == ENOTDIR   ? "ENOTDIR"
        : errno == EISDIR    ? "EISDIR"
        : errno == EINVAL    ? "EINVAL"
        : errno == EOVERFLOW ? "EOVERFLOW"
                             : strerror(errno);
}

static void
say_descriptor(const char *call, int fd)
{
    char text[16];

    if (fd < 0) {
        printf("%s %s\n", call, error_text());
        return;
    }
    ssize_t size = read(fd, text, sizeof(text));
    if (size < 0) {
        printf("%s %s\n", call, error_text());
    }
    else {
        printf("%s %.*s\n", call, (int)strcspn(text, "\n") < (int)size ? (int)strcspn(text, "\n") : (int)size, text);
    }
    close(fd);
}

static void
say_status(const char *call, int result, const struct stat *status)
{
    if (result != 0) {
        printf("%s %s\n", call, error_text());
        return;
    }
    printf("%s %o %lld %lld\n", call, (unsigned)status->st_mode, (long long)status->st_size,
           (long long)status->st_mtime);
}

static void
say_directory(const char *call, DIR *dir)
{
    struct dirent *entry;
    int count = 0, dots = 0, directories = 0;
    char first[256] = "";

    if (dir == NULL) {
        printf("%s %s\n", call, error_text());
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            dots++;
        }
        else if (first[0] == '\0' || strcmp(entry->d_name, first) < 0) {
            strcpy(first, entry->d_name);
        }
        directories += entry->d_type == DT_DIR;
        count += entry->d_ino != 0;
    }
    closedir(dir);
    printf("%s %d %d %d %s\n", call, count, dots, directories, first);
}

void
report(const char *path, int flags)
{
    struct stat status;
    char text[256];

    say_descriptor("open", open(path, flags));
    say_descriptor("openat", openat(AT_FDCWD, path, flags));
    FILE *file = fopen(path, "r");
    say_descriptor("fopen", file != NULL ? dup(fileno(file)) : -1);
    if (file != NULL) {
        fclose(file);
    }
    say_status("stat", stat(path, &status), &status);
    say_status("lstat", lstat(path, &status), &status);
    say_status("fstatat", fstatat(AT_FDCWD, path, &status, 0), &status);
    printf("access %s\n", access(path, W_OK) == 0 ? "0" : error_text());
    ssize_t size = readlink(path, text, sizeof(text));
    printf("readlink %.*s\n", size < 0 ? (int)sizeof(text) : (int)size, size < 0 ? error_text() : text);
    char *real = realpath(path, NULL);
    printf("realpath %s\n", real != NULL ? real : error_text());
    free(real);
    say_directory("opendir", opendir(path));
    printf("dlopen %s\n", dlopen(path, RTLD_NOW) != NULL ? "0" : "failed");
}
