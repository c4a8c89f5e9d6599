/* SQLite's file access, redirected through SQLite's own replaceable table of system calls
   (sqlite.org/c3ref/vfs.html, xSetSystemCall). The redirect header makes SQLite call pypkg_sqlite_init at the end of
   sqlite3_initialize(). A program without SQLite does not refer to this file. */

#include "posix/front.h"

typedef void (*syscall_pointer)(void);

/* struct sqlite3_vfs, version 3, as documented. */
struct vfs {
    int version;
    int file_size;
    int max_pathname;
    struct vfs *next;
    const char *name;
    void *app_data;
    void (*methods[13])(void);
    int (*set_system_call)(struct vfs *, const char *name, syscall_pointer);
};

extern struct vfs *sqlite3_vfs_find(const char *name);

int pypkg_sqlite_init(const char *unused);

static int
call_open(const char *path, int flags, int mode)
{
    return pypkg_open(path, flags, mode);
}

int
pypkg_sqlite_init(const char *unused)
{
    static const struct {
        const char *name;
        syscall_pointer replacement;
    } calls[] = {
        {"open", (syscall_pointer)call_open},      {"access", (syscall_pointer)pypkg_access},
        {"getcwd", (syscall_pointer)pypkg_getcwd}, {"stat", (syscall_pointer)pypkg_stat},
        {"fstat", (syscall_pointer)pypkg_fstat},   {"lstat", (syscall_pointer)pypkg_lstat},
        {"unlink", (syscall_pointer)pypkg_unlink}, {"mkdir", (syscall_pointer)pypkg_mkdir},
        {"rmdir", (syscall_pointer)pypkg_rmdir},   {"readlink", (syscall_pointer)pypkg_readlink},
    };
    (void)unused;
    struct vfs *vfs = sqlite3_vfs_find("unix");
    if (vfs == NULL || vfs->version < 3) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        /* SQLITE_NOTFOUND means that this build of SQLite does not make the call. */
        vfs->set_system_call(vfs, calls[i].name, calls[i].replacement);
    }
    return 0;
}
