/* Making the roots of path.c. The real files are the same in all of them: a tree with links into the snapshot, in all
   forms. */

#include "arena.h"
#include "path_roots.h"

#include "engine/start.h"
#include "engine/state.h"

#include "tree_image.h" /* written by harnesses.py: the bytes of seeds.tree_image() */

#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/syscall.h>

const struct mount_row mounts[CONFIGURATIONS][MOST_MOUNTS] = {
    {{NULL, NULL}, {NULL, NULL}},
    {{"/snapshot/m", "/real/dir"}, {NULL, NULL}},
    {{"/snapshot/d/e", "/real/dir"}, {NULL, NULL}},
    {{"/snapshot/d", "/real/dir"}, {"/snapshot/empty", "/real/other"}},
    {{"/snapshot/a", "/real/file"}, {"/snapshot/d/e/h", "/real/dir"}},
};

struct roots roots;

static void
must(bool good, const char *what)
{
    if (!good) {
        arena_fail("cannot make the roots: %s: %s", what, strerror(errno));
    }
}

static void
make_file(const char *path, const void *data, size_t size, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size && fchmod(fd, mode) == 0, path);
    close(fd);
}

/* The real files of all roots. */
static void
make_real(void)
{
    static const char *const links[][2] = {
        {"back", "/snapshot/d"},
        {"into", "../snapshot"},
        {"dir/here", "."},
        {"other/back", "../../snapshot/l"},
        {"dir/link", "/snapshot/l/file"},
        {"loop", "loop"},
        {"other/dangling", "/snapshot/nothing"},
        {"dir/slash", "/snapshot//d/"},
        {"other/top", "/"},
        {"self", "/real"},
        {"dir/root", "/snapshot/l/root"},
        {"dir/real-link", "/snapshot/l/real"},
    };
    char path[256];

    must(mkdir("/real", 0755) == 0 && mount("real", "/real", "tmpfs", 0, "mode=0755") == 0, "/real");
    must(mkdir("/real/dir", 0755) == 0 && mkdir("/real/dir/sub", 0755) == 0 && mkdir("/real/other", 0755) == 0, "real");
    make_file("/real/file", "real file", 9, 0644);
    make_file("/real/dir/in", "in the real directory", 21, 0755);
    make_file("/real/dir/a", "another a", 9, 0444);
    for (size_t i = 0; i < COUNT(links); i++) {
        snprintf(path, sizeof(path), "/real/%s", links[i][0]);
        must(symlink(links[i][1], path) == 0, path);
    }
    must(mount("real", "/real", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0, "/real read-only");
}

static void
make_entry(const char *root, uint32_t index, ino_t *inode)
{
    const struct pypkg_image *image = pypkg_image();
    struct pypkg_entry entry;
    struct pypkg_bytes bytes;
    struct stat status;
    char path[PYPKG_MAX_PATH + 64], target[PYPKG_MAX_PATH + 1];

    must(pypkg_entry_at(image, index, &entry), "entry");
    struct pypkg_text text = pypkg_entry_path(image, &entry);
    snprintf(path, sizeof(path), "%s/snapshot/%.*s", root, (int)text.size, text.data);
    if (entry.type == PYPKG_DIRECTORY) {
        must(index == 0 || mkdir(path, 0755) == 0, path);
    }
    else if (entry.type == PYPKG_LINK) {
        text = pypkg_string(image, entry.data_offset, entry.stored_size);
        snprintf(target, sizeof(target), "%.*s", (int)text.size, text.data);
        must(symlink(target, path) == 0, path);
    }
    else if (entry.flags & PYPKG_WITHHELD) {
        make_file(path, "", 0, 0);
    }
    else {
        must(pypkg_entry_contents(image, &entry, &bytes) == 0, path);
        make_file(path, bytes.data, bytes.size, entry.mode);
        pypkg_release(&bytes);
    }
    must(lstat(path, &status) == 0, path);
    *inode = status.st_ino;
}

static void
close_directories(const char *root)
{
    struct pypkg_entry entry;
    char path[PYPKG_MAX_PATH + 64];

    for (uint32_t i = 0; pypkg_entry_at(pypkg_image(), i, &entry); i++) {
        struct pypkg_text text = pypkg_entry_path(pypkg_image(), &entry);
        snprintf(path, sizeof(path), "%s/snapshot/%.*s", root, (int)text.size, text.data);
        must(entry.type != PYPKG_DIRECTORY || chmod(path, 0555) == 0, path);
    }
}

static int
make_root(const char *root, const char *const *folders)
{
    char path[64];

    must(mkdir(root, 0755) == 0 && mount("root", root, "tmpfs", 0, "mode=0755") == 0, root);
    for (size_t i = 0; folders[i] != NULL; i++) {
        snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
        must(mkdir(path, 0755) == 0, path);
    }
    snprintf(path, sizeof(path), "%s/real", root);
    must(mount("/real", path, NULL, MS_BIND | MS_REC, NULL) == 0, path);
    snprintf(path, sizeof(path), "%s/proc", root);
    must(mount("/proc", path, NULL, MS_BIND | MS_REC, NULL) == 0, path);
    return open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
seal(const char *path)
{
    must(mount("", path, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0, path);
}

static void
make_reference(size_t configuration)
{
    static const char *const folders[] = {"real", "proc", "snapshot", NULL};
    char root[32], path[PYPKG_MAX_PATH];
    struct stat status;

    snprintf(root, sizeof(root), "/root%zu", configuration);
    roots.reference[configuration] = make_root(root, folders);
    snprintf(path, sizeof(path), "%s/snapshot", root);
    must(mount("snapshot", path, "tmpfs", 0, "mode=0755") == 0, path);
    must(stat(path, &status) == 0, path);
    roots.devices[configuration] = status.st_dev;
    for (uint32_t i = 0; i < pypkg_count(pypkg_image(), PYPKG_ENTRIES) && i < MOST_ENTRIES; i++) {
        make_entry(root, i, &roots.inodes[configuration][i]);
    }
    close_directories(root);
    for (size_t i = 0; i < MOST_MOUNTS && mounts[configuration][i].path != NULL; i++) {
        snprintf(path, sizeof(path), "%s%s", root, mounts[configuration][i].path);
        (void)!mkdir(path, 0755);
        must(mount(mounts[configuration][i].real, path, NULL, MS_BIND | MS_REC, NULL) == 0, path);
    }
    snprintf(path, sizeof(path), "%s/snapshot", root);
    seal(path);
    seal(root);
}

/* Without these capabilities the modes of files apply to root. */
static void
drop_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];

    must(syscall(SYS_capget, &header, data) == 0, "capget");
    uint32_t dropped = 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH;
    data[0].effective &= ~dropped;
    data[0].permitted &= ~dropped;
    data[0].inheritable = 0;
    must(syscall(SYS_capset, &header, data) == 0, "capset");
}

void
make_roots(void)
{
    static const char *const folders[] = {"real", "proc", NULL};
    const char *problem = pypkg_start_with(tree_image, sizeof(tree_image));

    if (problem != NULL) {
        arena_fail("%s", problem);
        return;
    }
    make_real();
    for (size_t i = 0; i < CONFIGURATIONS; i++) {
        make_reference(i);
    }
    roots.ours = make_root("/ours", folders);
    seal("/ours");
    drop_capabilities();
}
