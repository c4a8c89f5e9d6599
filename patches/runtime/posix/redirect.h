/* The redirect header: force-included (`-include`) into every C file of CPython, OpenSSL and SQLite.

   It includes the system's headers first, so that their declarations do not change, and then replaces calls by name
   with calls of the runtime. The macros are function-like: `struct stat`, fields called `open` and pointers to
   functions are not affected. Each pypkg_ function behaves as the function it replaces, also for paths below /snapshot;
   it passes every other path to the system unchanged.

   SQLite also takes pointers to these functions, in a table that can be replaced: libraries/sqlite.c. Do not compile
   with it what only links the system's functions by name, such as autoconf's probes. */

#ifndef PYPKG_REDIRECT_H
#define PYPKG_REDIRECT_H

#if !defined(__ASSEMBLER__)

/* CPython's pyconfig.h, which is included later, defines these in the same way. OpenSSL has its own settings. */
#if !defined(OPENSSL_BUILDING_OPENSSL)
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif
#endif

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>
/* Extended attributes, where they have Linux's functions: CPython has them nowhere else. macOS has functions of the same
   names with more parameters, and this flag. */
#if __has_include(<sys/xattr.h>)
#include <sys/xattr.h>
#if !defined(XATTR_NOFOLLOW)
#define PYPKG_HAS_XATTR 1
#endif
#endif

/* posix/open.c */
int pypkg_open(const char *path, int flags, ...);
int pypkg_openat(int dirfd, const char *path, int flags, ...);
int pypkg_creat(const char *path, mode_t mode);
FILE *pypkg_fopen(const char *path, const char *mode);

/* posix/stat.c */
int pypkg_stat(const char *path, struct stat *status);
int pypkg_lstat(const char *path, struct stat *status);
int pypkg_fstat(int fd, struct stat *status);
int pypkg_fstatat(int dirfd, const char *path, struct stat *status, int flags);
int pypkg_access(const char *path, int mode);
int pypkg_faccessat(int dirfd, const char *path, int mode, int flags);
ssize_t pypkg_readlink(const char *path, char *buffer, size_t size);
ssize_t pypkg_readlinkat(int dirfd, const char *path, char *buffer, size_t size);
int pypkg_statvfs(const char *path, struct statvfs *status);
int pypkg_fstatvfs(int fd, struct statvfs *status);
long pypkg_pathconf(const char *path, int name);

/* posix/directory.c */
DIR *pypkg_opendir(const char *path);
DIR *pypkg_fdopendir(int fd);
struct dirent *pypkg_readdir(DIR *dir);
int pypkg_closedir(DIR *dir);
void pypkg_rewinddir(DIR *dir);
int pypkg_dirfd(DIR *dir);

/* posix/cwd.c */
int pypkg_chdir(const char *path);
int pypkg_fchdir(int fd);
char *pypkg_getcwd(char *buffer, size_t size);
char *pypkg_realpath(const char *path, char *resolved);

/* posix/write.c: all of these fail with EROFS below /snapshot */
int pypkg_mkdir(const char *path, mode_t mode);
int pypkg_mkdirat(int dirfd, const char *path, mode_t mode);
int pypkg_rename(const char *from, const char *to);
int pypkg_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to);
int pypkg_unlink(const char *path);
int pypkg_unlinkat(int dirfd, const char *path, int flags);
int pypkg_rmdir(const char *path);
int pypkg_remove(const char *path);
int pypkg_chmod(const char *path, mode_t mode);
int pypkg_fchmodat(int dirfd, const char *path, mode_t mode, int flags);
int pypkg_chown(const char *path, uid_t owner, gid_t group);
int pypkg_lchown(const char *path, uid_t owner, gid_t group);
int pypkg_fchownat(int dirfd, const char *path, uid_t owner, gid_t group, int flags);
int pypkg_utimensat(int dirfd, const char *path, const struct timespec times[2], int flags);
int pypkg_utimes(const char *path, const struct timeval times[2]);
int pypkg_lutimes(const char *path, const struct timeval times[2]);
int pypkg_utime(const char *path, const struct utimbuf *times);
int pypkg_truncate(const char *path, off_t size);
int pypkg_link(const char *from, const char *to);
int pypkg_linkat(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags);
int pypkg_symlink(const char *target, const char *path);
int pypkg_symlinkat(const char *target, int dirfd, const char *path);
int pypkg_mknod(const char *path, mode_t mode, dev_t device);
int pypkg_mknodat(int dirfd, const char *path, mode_t mode, dev_t device);
int pypkg_mkfifo(const char *path, mode_t mode);
int pypkg_mkfifoat(int dirfd, const char *path, mode_t mode);
int pypkg_fchmod(int fd, mode_t mode);
int pypkg_fchown(int fd, uid_t owner, gid_t group);
int pypkg_futimens(int fd, const struct timespec times[2]);
int pypkg_futimes(int fd, const struct timeval times[2]);

/* process/exec.c: this executable started again, and programs of the snapshot */
int pypkg_execv(const char *path, char *const argv[]);
int pypkg_execve(const char *path, char *const argv[], char *const envp[]);
int pypkg_fexecve(int fd, char *const argv[], char *const envp[]);
int pypkg_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                      const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
int pypkg_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);

/* posix/xattr.c: files below /snapshot have no extended attributes */
#if defined(PYPKG_HAS_XATTR)
ssize_t pypkg_getxattr(const char *path, const char *name, void *value, size_t size);
ssize_t pypkg_lgetxattr(const char *path, const char *name, void *value, size_t size);
ssize_t pypkg_listxattr(const char *path, char *list, size_t size);
ssize_t pypkg_llistxattr(const char *path, char *list, size_t size);
int pypkg_setxattr(const char *path, const char *name, const void *value, size_t size, int flags);
int pypkg_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags);
int pypkg_removexattr(const char *path, const char *name);
int pypkg_lremovexattr(const char *path, const char *name);
int pypkg_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
int pypkg_fremovexattr(int fd, const char *name);
#endif

/* native/dlopen.c */
void *pypkg_dlopen(const char *path, int flags);
char *pypkg_dlerror(void);

#if !defined(PYPKG_NO_REDIRECT)

#undef open
#undef open64
#undef openat
#undef creat
#undef fopen
#undef fopen64
#undef stat
#undef lstat
#undef fstat
#undef fstatat
#undef readdir
#undef dirfd

/* OpenSSL has a field called `open`: there the name is replaced everywhere, the field included. */
#if defined(OPENSSL_BUILDING_OPENSSL)
#define open pypkg_open
#else
#define open(...) pypkg_open(__VA_ARGS__)
#endif
#define open64(...) pypkg_open(__VA_ARGS__)
#define openat(...) pypkg_openat(__VA_ARGS__)
#define creat(path, mode) pypkg_creat(path, mode)
#define fopen(path, mode) pypkg_fopen(path, mode)
#define fopen64(path, mode) pypkg_fopen(path, mode)

#define stat(path, status) pypkg_stat(path, status)
#define lstat(path, status) pypkg_lstat(path, status)
#define fstat(fd, status) pypkg_fstat(fd, status)
#define fstatat(dirfd, path, status, flags) pypkg_fstatat(dirfd, path, status, flags)
#define access(path, mode) pypkg_access(path, mode)
#define faccessat(dirfd, path, mode, flags) pypkg_faccessat(dirfd, path, mode, flags)
#define readlink(path, buffer, size) pypkg_readlink(path, buffer, size)
#define readlinkat(dirfd, path, buffer, size) pypkg_readlinkat(dirfd, path, buffer, size)
#define statvfs(path, status) pypkg_statvfs(path, status)
#define fstatvfs(fd, status) pypkg_fstatvfs(fd, status)
#define pathconf(path, name) pypkg_pathconf(path, name)

#define opendir(path) pypkg_opendir(path)
#define fdopendir(fd) pypkg_fdopendir(fd)
#define readdir(dir) pypkg_readdir(dir)
#define closedir(dir) pypkg_closedir(dir)
#define rewinddir(dir) pypkg_rewinddir(dir)
#define dirfd(dir) pypkg_dirfd(dir)

#define chdir(path) pypkg_chdir(path)
#define fchdir pypkg_fchdir /* CPython passes a pointer to it */
#define getcwd(buffer, size) pypkg_getcwd(buffer, size)
#define realpath(path, resolved) pypkg_realpath(path, resolved)

#define mkdir(path, mode) pypkg_mkdir(path, mode)
#define mkdirat(dirfd, path, mode) pypkg_mkdirat(dirfd, path, mode)
#define rename(from, to) pypkg_rename(from, to)
#define renameat(from_dirfd, from, to_dirfd, to) pypkg_renameat(from_dirfd, from, to_dirfd, to)
#define unlink(path) pypkg_unlink(path)
#define unlinkat(dirfd, path, flags) pypkg_unlinkat(dirfd, path, flags)
#define rmdir(path) pypkg_rmdir(path)
#define remove(path) pypkg_remove(path)
#define chmod(path, mode) pypkg_chmod(path, mode)
#define fchmodat(dirfd, path, mode, flags) pypkg_fchmodat(dirfd, path, mode, flags)
#define chown(path, owner, group) pypkg_chown(path, owner, group)
#define lchown(path, owner, group) pypkg_lchown(path, owner, group)
#define fchownat(dirfd, path, owner, group, flags) pypkg_fchownat(dirfd, path, owner, group, flags)
#define utimensat(dirfd, path, times, flags) pypkg_utimensat(dirfd, path, times, flags)
#define utimes(path, times) pypkg_utimes(path, times)
#define lutimes(path, times) pypkg_lutimes(path, times)
#define utime(path, times) pypkg_utime(path, times)
#define truncate(path, size) pypkg_truncate(path, size)
#define link(from, to) pypkg_link(from, to)
#define linkat(from_dirfd, from, to_dirfd, to, flags) pypkg_linkat(from_dirfd, from, to_dirfd, to, flags)
#define symlink(target, path) pypkg_symlink(target, path)
#define symlinkat(target, dirfd, path) pypkg_symlinkat(target, dirfd, path)
#define mknod(path, mode, device) pypkg_mknod(path, mode, device)
#define mknodat(dirfd, path, mode, device) pypkg_mknodat(dirfd, path, mode, device)
#define mkfifo(path, mode) pypkg_mkfifo(path, mode)
#define mkfifoat(dirfd, path, mode) pypkg_mkfifoat(dirfd, path, mode)
#define fchmod(fd, mode) pypkg_fchmod(fd, mode)
#define fchown(fd, owner, group) pypkg_fchown(fd, owner, group)
#define futimens(fd, times) pypkg_futimens(fd, times)
#define futimes(fd, times) pypkg_futimes(fd, times)

#define execv(path, argv) pypkg_execv(path, argv)
#define execve(path, argv, envp) pypkg_execve(path, argv, envp)
#define fexecve(fd, argv, envp) pypkg_fexecve(fd, argv, envp)
#define posix_spawn(pid, path, actions, attributes, argv, envp) \
    pypkg_posix_spawn(pid, path, actions, attributes, argv, envp)
#define posix_spawnp(pid, file, actions, attributes, argv, envp) \
    pypkg_posix_spawnp(pid, file, actions, attributes, argv, envp)

#if defined(PYPKG_HAS_XATTR)
#define getxattr(path, name, value, size) pypkg_getxattr(path, name, value, size)
#define lgetxattr(path, name, value, size) pypkg_lgetxattr(path, name, value, size)
#define listxattr(path, list, size) pypkg_listxattr(path, list, size)
#define llistxattr(path, list, size) pypkg_llistxattr(path, list, size)
#define setxattr(path, name, value, size, flags) pypkg_setxattr(path, name, value, size, flags)
#define lsetxattr(path, name, value, size, flags) pypkg_lsetxattr(path, name, value, size, flags)
#define removexattr(path, name) pypkg_removexattr(path, name)
#define lremovexattr(path, name) pypkg_lremovexattr(path, name)
#define fsetxattr(fd, name, value, size, flags) pypkg_fsetxattr(fd, name, value, size, flags)
#define fremovexattr(fd, name) pypkg_fremovexattr(fd, name)
#endif

#define dlopen(path, flags) pypkg_dlopen(path, flags)
#define dlerror() pypkg_dlerror()

/* SQLite calls this function at the end of its initialization: libraries/sqlite.c. */
#define SQLITE_EXTRA_INIT pypkg_sqlite_init

#endif /* PYPKG_NO_REDIRECT */

#endif /* __ASSEMBLER__ */

#endif
