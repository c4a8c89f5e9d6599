/* Compares patches/runtime/os/linux/libc_string.c with simple definitions, on random strings that end at, or begin
   near, the end of mapped memory. Prints "ok", or the check that failed. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096
#define CHECK(condition)                                                     \
    do {                                                                     \
        if (!(condition)) {                                                  \
            printf("%s (line %d, round %d)\n", #condition, __LINE__, round); \
            return 1;                                                        \
        }                                                                    \
    } while (0)

static int
sign(int number)
{
    return (number > 0) - (number < 0);
}

/* Map two pages and return their end; the memory after it cannot be read. */
static char *
memory_end(void)
{
    char *start = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mprotect(start + 2 * PAGE, PAGE, PROT_NONE) != 0) {
        abort();
    }
    return start + 2 * PAGE;
}

static size_t
span(const char *s, const char *set, int expected)
{
    size_t i = 0;
    for (; s[i] != 0; i++) {
        int found = 0;
        for (const char *p = set; *p != 0; p++) {
            found |= *p == s[i];
        }
        if (found != expected) {
            break;
        }
    }
    return i;
}

int
main(void)
{
    char *first_end = memory_end(), *second_end = memory_end(), copy[512];
    for (int round = 0; round < 300000; round++) {
        int size = rand() % 70, letters = 2 + rand() % 4;
        char *s = first_end - size - 1 - (rand() % 3 ? 0 : rand() % 40), *t = second_end - size - 1;
        for (int i = 0; i < size; i++) {
            s[i] = (char)(rand() % 50 ? 'a' + rand() % letters : 200 + rand() % 3);
        }
        s[size] = 0;
        int c = rand() % 8 ? 'a' + rand() % 6 : (rand() % 2 ? 0 : 201);
        size_t length = (size_t)size, part = (size_t)(rand() % (size + 1));
        char *first = NULL, *last = NULL, *part_first = NULL, *part_last = NULL;
        for (size_t i = 0; i <= length; i++) {
            if (s[i] == (char)c) {
                first = first ? first : s + i;
                last = s + i;
                part_first = part_first || i >= part ? part_first : s + i;
                part_last = i < part ? s + i : part_last;
            }
        }
        CHECK(strlen(s) == length);
        CHECK(strnlen(s, part) == part && strnlen(s, length + 1) == length);
        CHECK(strchr(s, c) == first && strrchr(s, c) == last);
        CHECK(strchrnul(s, c) == (first ? first : s + length));
        CHECK(memchr(s, c, part) == part_first && memrchr(s, c, part) == part_last);

        char set[5];
        int members = rand() % 4;
        for (int i = 0; i < members; i++) {
            set[i] = (char)('a' + rand() % 6);
        }
        set[members] = 0;
        size_t outside = span(s, set, 0);
        CHECK(strspn(s, set) == span(s, set, 1) && strcspn(s, set) == outside);
        CHECK(strpbrk(s, set) == (s[outside] ? s + outside : NULL));
        char *found = NULL;
        for (size_t i = 0; found == NULL && i + (size_t)members <= length; i++) {
            found = strncmp(s + i, set, (size_t)members) == 0 ? s + i : NULL;
        }
        CHECK(strstr(s, set) == found);

        memcpy(t, s, length + 1);
        if (size && rand() % 2) {
            t[rand() % size] ^= (char)(rand() % 2 ? 1 : 129);
        }
        int by_bytes = 0, by_text = 0;
        for (size_t i = 0; i <= length && by_bytes == 0; i++) {
            by_bytes = (unsigned char)s[i] - (unsigned char)t[i];
            by_text = by_text || memchr(s, 0, i) ? by_text : by_bytes;
        }
        CHECK(sign(memcmp(s, t, length + 1)) == sign(by_bytes) && !bcmp(s, t, length + 1) == !by_bytes);
        CHECK(sign(strcmp(s, t)) == sign(by_text));

        size_t count = (size_t)(rand() % 300), at = (size_t)(rand() % 20);
        memset(copy, 7, sizeof(copy));
        char *source = first_end - PAGE - rand() % 1000;
        memcpy(copy + at, source, count);
        for (size_t i = 0; i < sizeof(copy); i++) {
            CHECK(copy[i] == (i >= at && i < at + count ? source[i - at] : 7));
        }
    }
    puts("ok");
    return 0;
}
