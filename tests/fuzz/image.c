/* Fuzzing images: the input is an image, which is used in every way that a program can.

   The image is a heap block of exactly its size, so that a sanitizer finds reads outside it. More is asserted than "no
   crash": listed names are found, lookups return the right row, sizes are those of `stat`, and the path that realpath
   returns leads to the same entry. */

#include "arena.h"

#include "posix/route.h"
#include "engine/start.h"
#include "native/native.h"
#include "posix/fd_cache.h"
#include "posix/front.h"

#include <ftw.h>

#define MOST_ROWS 200
#define MOST_PATHS 60
#define MOST_DECODED (1 << 24)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool in_arena;

static bool
is_equal(struct pypkg_text text, struct pypkg_text other)
{
    return text.size == other.size && (text.size == 0 || memcmp(text.data, other.data, text.size) == 0);
}

/* --- tables --- */

static void
check_contents(const struct pypkg_image *image, const struct pypkg_entry *entry)
{
    struct pypkg_bytes bytes;
    volatile uint8_t sink = 0;

    if (entry->size > MOST_DECODED || pypkg_entry_contents(image, entry, &bytes) != 0) {
        return;
    }
    for (size_t i = 0; i < bytes.size; i++) {
        sink = (uint8_t)(sink + bytes.data[i]);
    }
    if (bytes.size != entry->size) {
        arena_fail("contents of %zu bytes, the entry says %llu", bytes.size, (unsigned long long)entry->size);
    }
    pypkg_release(&bytes);
}

/* Compare as the image does; by the folded bytes, which the lookup does not make. */
static bool
is_same_path(const struct pypkg_image *image, struct pypkg_text path, struct pypkg_text other)
{
    static char folded[PYPKG_MAX_FOLDED], other_folded[PYPKG_MAX_FOLDED];

    if ((image->flags & PYPKG_FOLDED) == 0) {
        return is_equal(path, other);
    }
    return is_equal((struct pypkg_text){folded, pypkg_fold(path.data, path.size, folded)},
                    (struct pypkg_text){other_folded, pypkg_fold(other.data, other.size, other_folded)});
}

static void
check_entries(const struct pypkg_image *image)
{
    struct pypkg_entry entry, again;

    for (uint32_t i = 0; i < pypkg_count(image, PYPKG_ENTRIES) && i < MOST_ROWS; i++) {
        if (!pypkg_entry_at(image, i, &entry)) {
            continue;
        }
        struct pypkg_text path = pypkg_entry_path(image, &entry), name = pypkg_entry_name(image, &entry);
        if (path.data == NULL || name.data == NULL) {
            arena_fail("entry %u is valid and has no path", i);
            return;
        }
        int64_t found = pypkg_find_path(image, path.data, path.size, &again);
        if (found >= 0 && !is_same_path(image, path, pypkg_entry_path(image, &again))) {
            arena_fail("the lookup of entry %u returns entry %lld", i, (long long)found);
        }
        for (uint64_t n = 0; entry.type == PYPKG_DIRECTORY && n <= entry.size && n < MOST_ROWS; n++) {
            int64_t child = pypkg_child_at(image, entry.data_offset, entry.size, n);
            if (child >= pypkg_count(image, PYPKG_ENTRIES) || (n == entry.size && child >= 0)) {
                arena_fail("child %llu of entry %u is entry %lld", (unsigned long long)n, i, (long long)child);
            }
        }
        check_contents(image, &entry);
    }
    if (pypkg_entry_at(image, pypkg_count(image, PYPKG_ENTRIES), &entry)) {
        arena_fail("an entry beyond the last one is valid");
    }
}

static void
check_modules(const struct pypkg_image *image)
{
    struct pypkg_module module, again;
    struct pypkg_bytes code;

    for (uint32_t i = 0; i < pypkg_count(image, PYPKG_MODULES) && i < MOST_ROWS; i++) {
        if (!pypkg_module_at(image, i, &module)) {
            continue;
        }
        struct pypkg_text name = pypkg_string(image, module.name_offset, module.name_size);
        if (name.data == NULL || module.entry >= pypkg_count(image, PYPKG_ENTRIES)) {
            arena_fail("module %u is valid and has no name or entry", i);
            return;
        }
        int64_t found = pypkg_find_module(image, name.data, name.size, &again);
        if (found >= 0 && !is_equal(name, pypkg_string(image, again.name_offset, again.name_size))) {
            arena_fail("the lookup of module %u returns module %lld", i, (long long)found);
        }
        if (module.code_size <= MOST_DECODED && pypkg_module_code(image, &module, &code) == 0) {
            if (code.size != module.code_size) {
                arena_fail("code of %zu bytes, the module says %llu", code.size, (unsigned long long)module.code_size);
            }
            pypkg_release(&code);
        }
    }
}

static void
check_strings(const struct pypkg_image *image)
{
    uint64_t size = image->sections[PYPKG_STRINGS].count;
    struct pypkg_entry_point point;
    struct pypkg_dictionary dictionary;
    const struct pypkg_text texts[] = {
        pypkg_section_text(image, PYPKG_MANIFEST),
        pypkg_section_text(image, PYPKG_SEARCH_PATH),
        pypkg_image_options(image),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].data == NULL || memchr(texts[i].data, 0xff, texts[i].size) == texts[i].data + texts[i].size) {
            arena_fail("section %zu of text is out of range", i);
        }
    }
    if (pypkg_string(image, size, 1).data != NULL || pypkg_string(image, UINT64_MAX, 2).data != NULL) {
        arena_fail("a string beyond the last one is valid");
    }
    for (uint32_t i = 0; i < MOST_ROWS && pypkg_entry_point_at(image, i, &point); i++) {
        if (point.module >= pypkg_count(image, PYPKG_MODULES)
            || pypkg_string(image, point.name_offset, point.name_size).data == NULL) {
            arena_fail("entry point %u is valid and has no module or name", i);
        }
    }
    for (uint32_t i = 0; i < MOST_ROWS && pypkg_dictionary_at(image, i, &dictionary); i++) {
        if (dictionary.size > 0 && pypkg_xxh64(image->base + dictionary.data_offset, dictionary.size) == 0) {
            arena_fail("dictionary %u cannot be read", i);
        }
    }
}

/* --- the redirected calls --- */

static void
check_file(const char *path, const struct stat *expected)
{
    char buffer[4096];
    struct stat status;
    off_t total = 0;
    ssize_t size;
    int fd = expected->st_size > MOST_DECODED ? -1 : pypkg_open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return;
    }
    if (pypkg_fstat(fd, &status) != 0 || status.st_ino != expected->st_ino || status.st_size != expected->st_size) {
        arena_fail("%s: fstat and stat differ", path);
    }
    while (S_ISREG(status.st_mode) && (size = read(fd, buffer, sizeof(buffer))) > 0) {
        total += size;
    }
    if (S_ISREG(status.st_mode) && total != status.st_size) {
        arena_fail("%s: %lld bytes read, stat says %lld", path, (long long)total, (long long)status.st_size);
    }
    if (S_ISDIR(status.st_mode)) {
        pypkg_fstatat(fd, "..", &status, 0);
        pypkg_faccessat(fd, ".", R_OK, 0);
        int dir = pypkg_openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir >= 0) {
            close(dir);
        }
    }
    close(fd);
}

static void
check_listing(const char *path)
{
    char child[2 * PYPKG_MAX_PATH];
    struct stat status;
    DIR *dir = pypkg_opendir(path);
    struct dirent *entry;

    if (dir == NULL) {
        return;
    }
    for (int n = 0; n < MOST_PATHS && (entry = pypkg_readdir(dir)) != NULL; n++) {
        if (strchr(entry->d_name, '/') != NULL || entry->d_name[0] == '\0') {
            arena_fail("%s: an invalid name is listed: %s", path, entry->d_name);
        }
        if (n >= 2 && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)) {
            arena_fail("%s: %s is listed twice", path, entry->d_name);
        }
        snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
        pypkg_lstat(child, &status);
    }
    pypkg_rewinddir(dir);
    if (pypkg_readdir(dir) == NULL) {
        arena_fail("%s: nothing is listed after rewinddir", path);
    }
    pypkg_closedir(dir);
}

static void
check_realpath(const char *path, const struct stat *expected)
{
    struct stat status;
    char *real = pypkg_realpath(path, NULL);

    if (real != NULL && pypkg_may_be_virtual(AT_FDCWD, real)) {
        if (pypkg_lstat(real, &status) != 0 || status.st_ino != expected->st_ino || S_ISLNK(status.st_mode)) {
            arena_fail("%s: realpath returns %s, which is another file", path, real);
        }
    }
    free(real);
}

static void
check_directory(const char *path)
{
    char buffer[64];
    struct stat status, here;

    check_listing(path);
    if (pypkg_chdir(path) != 0 || pypkg_stat(path, &status) != 0) {
        return;
    }
    if (pypkg_stat(".", &here) != 0 || here.st_ino != status.st_ino) {
        arena_fail("%s: is not the working directory after chdir", path);
    }
    char *cwd = pypkg_getcwd(NULL, 0);
    if (cwd == NULL || pypkg_stat(cwd, &here) != 0 || here.st_ino != status.st_ino) {
        arena_fail("%s: getcwd returns %s", path, cwd != NULL ? cwd : strerror(errno));
    }
    free(cwd);
    pypkg_getcwd(buffer, sizeof(buffer));
    pypkg_stat("..", &here);
    pypkg_chdir("..");
    pypkg_chdir("/");
}

/* Make all calls on a path. */
static void
check_path(const char *path)
{
    struct stat status, link;
    struct statvfs system;
    char target[64];

    pypkg_access(path, R_OK);
    pypkg_access(path, X_OK);
    pypkg_readlink(path, target, sizeof(target));
    pypkg_statvfs(path, &system);
    pypkg_pathconf(path, _PC_NAME_MAX);
    bool exists = pypkg_lstat(path, &link) == 0;
    if (pypkg_stat(path, &status) != 0 || status.st_dev != PYPKG_DEVICE) {
        return;
    }
    if (!exists || S_ISLNK(status.st_mode)) {
        arena_fail("%s: stat finds a file that lstat does not find, or a link", path);
    }
    check_realpath(path, &status);
    check_file(path, &status);
    if (S_ISDIR(status.st_mode)) {
        check_directory(path);
    }
    if (pypkg_unlink(path) == 0 || pypkg_mkdir(path, 0700) == 0 || pypkg_rename(path, path) == 0
        || pypkg_chmod(path, 0700) == 0 || pypkg_truncate(path, 0) == 0 || pypkg_symlink("x", path) == 0) {
        arena_fail("%s: was changed", path);
    }
}

/* Check the path of an entry in one of several forms. */
static void
check_variant(struct pypkg_text text, uint32_t turn)
{
    static const char *const formats[] = {
        PYPKG_ROOT "/%s", PYPKG_ROOT "//%s/", PYPKG_ROOT "/./%s/.", PYPKG_ROOT "/%s/..", "//snapshot/../snapshot/%s",
    };
    char terminated[PYPKG_MAX_PATH + 1], path[PYPKG_MAX_PATH + 64];

    memcpy(terminated, text.data, text.size);
    terminated[text.size] = '\0';
    snprintf(path, sizeof(path), formats[turn % (sizeof(formats) / sizeof(formats[0]))], terminated);
    check_path(path);
}

static void
check_paths(const struct pypkg_image *image)
{
    struct pypkg_entry entry;

    check_path(PYPKG_ROOT);
    for (uint32_t i = 0; i < pypkg_count(image, PYPKG_ENTRIES) && i < MOST_PATHS && !arena_failed(); i++) {
        if (pypkg_entry_at(image, i, &entry)) {
            check_variant(pypkg_entry_path(image, &entry), i);
        }
    }
}

/* Extract some files: of a bundle, or single ones. */
static void
check_extraction(const struct pypkg_image *image)
{
    struct pypkg_found found;
    char error[768];
    int extracted = 0;

    for (found.index = 0; found.index < pypkg_count(image, PYPKG_ENTRIES) && extracted < 2; found.index++) {
        if (!pypkg_entry_at(image, found.index, &found.entry) || found.entry.type != PYPKG_FILE
            || (found.entry.bundle == 0 && found.index % 4 != 0)) {
            continue;
        }
        char *real = pypkg_extract_program(&found, error, sizeof(error));
        int memory = -1;
        if (real != NULL && sscanf(real, "/proc/self/fd/%d", &memory) == 1) {
            close(memory);
        }
        else if (real != NULL && strncmp(real, "/cache/pypkg/", 13) != 0) {
            arena_fail("extracted to %s", real);
        }
        free(real);
        extracted++;
    }
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type;
    return where->level == 0 ? 0 : remove(path);
}

/* The cache is in memory: empty it from time to time. */
static void
clear_cache(void)
{
    static unsigned count;
    if (++count % 256 == 0) {
        nftw("/cache", remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
}

/* --- the harness --- */

static void
run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size);

    if (copy == NULL) {
        return;
    }
    memcpy(copy, data, size);
    arena_reset();
    if (pypkg_start_with(copy, size) == NULL) {
        const struct pypkg_image *image = pypkg_image();
        check_entries(image);
        check_modules(image);
        check_strings(image);
        if (in_arena) {
            check_paths(image);
            check_extraction(image);
            clear_cache();
        }
    }
    pypkg_fd_cache_clear();
    pypkg_state.ready = false;
    free(copy);
}

static void
prepare(void)
{
    mkdir("/cache", 0700);
    setenv("PYPKG_NATIVE_CACHE_PATH", "/cache", 1);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    const char *problem = arena_start(prepare);
    in_arena = problem == NULL;
    if (!in_arena) {
        fprintf(stderr, "tables only: %s\n", problem);
    }
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (in_arena) {
        arena_run(run, data, size);
    }
    else {
        run(data, size);
    }
    return 0;
}
