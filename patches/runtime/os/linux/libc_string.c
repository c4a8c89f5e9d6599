/* String functions for Linux targets.

   zig's compiler_rt, which is linked before any libc, has strlen, memcmp and bcmp that work byte by byte, even where
   glibc has fast ones: the first three functions here replace them everywhere.

   zig's libc for musl works byte by byte too, and its strchr, strstr, strpbrk, strspn and strcspn read the whole string
   before they begin: CPython's tokenizer, which calls strchr for each line of a source text, takes four times as long
   to compile a module. zig's definitions are weak, so these replace them in every link.

   Strings are read in blocks: vectors of 16 bytes, or words where the processor has no vectors (the oldest 32-bit ARM
   that bases run on), because a compiler makes 16 reads of such a vector. A block may begin before a string or extend past
   its end, but never into another page. */

#include <stddef.h>
#include <stdint.h>
#include <features.h>

/* Sanitizers have their own functions, which check reads. */
#if defined(__clang__)
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) && !__has_feature(memory_sanitizer)
#define UNSANITIZED 1
#endif
#endif

#if defined(__linux__) && defined(UNSANITIZED)

#include <string.h>

#if defined(__SSE2__) || defined(__ARM_NEON)
#define VECTORS 1
#define BLOCK 16
#else
#define BLOCK 4
#endif

/* The compiler must not replace the loop in a function with a call of the same function. */
#define PLAIN __attribute__((no_builtin))

#if defined(VECTORS)

typedef uint8_t block __attribute__((vector_size(BLOCK)));
typedef uint8_t loose_block __attribute__((vector_size(BLOCK), aligned(1), may_alias));
typedef uint64_t halves __attribute__((vector_size(BLOCK)));

static inline int
any(block found)
{
    halves parts = (halves)found;
    return (parts[0] | parts[1]) != 0;
}

static inline block
filled(int c)
{
    return (block){0} + (uint8_t)c;
}

/* The bytes that are the same, as bytes that are not zero. */
static inline block
same(block left, block right)
{
    return (block)(left == right);
}

static inline block
different(block left, block right)
{
    return (block)(left != right);
}

/* The index of the first byte found. */
static inline size_t
first_of(block found)
{
    halves parts = (halves)found;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (size_t)(parts[0] ? __builtin_ctzll(parts[0]) : 64 + __builtin_ctzll(parts[1])) / 8;
#else
    return (size_t)(parts[0] ? __builtin_clzll(parts[0]) : 64 + __builtin_clzll(parts[1])) / 8;
#endif
}

#else

typedef uint32_t block __attribute__((may_alias));
typedef uint32_t loose_block __attribute__((aligned(1), may_alias));

static inline int
any(block found)
{
    return found != 0;
}

static inline block
filled(int c)
{
    return (uint8_t)c * UINT32_C(0x01010101);
}

/* The bytes that are the same, as bytes of 0x80: the sum has no carry from one byte to the next. */
static inline block
same(block left, block right)
{
    const block bits = left ^ right, low = UINT32_C(0x7f7f7f7f);
    return ~(((bits & low) + low) | bits | low);
}

static inline block
different(block left, block right)
{
    return left ^ right;
}

/* The index of the first byte found. */
static inline size_t
first_of(block found)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (size_t)__builtin_ctz(found) / 8;
#else
    return (size_t)__builtin_clz(found) / 8;
#endif
}

#endif

static inline const block *
aligned_down(const void *p)
{
    return (const block *)((uintptr_t)p & ~(uintptr_t)(BLOCK - 1));
}

static inline int
is_aligned(const void *p)
{
    return ((uintptr_t)p & (BLOCK - 1)) == 0;
}

/* Whether a block at this address is within a page. */
static inline int
in_one_page(const void *p)
{
    return ((uintptr_t)p & 4095) <= 4096 - BLOCK;
}

PLAIN size_t
strlen(const char *s)
{
    const char *p = s;
    if (in_one_page(s)) {
        const block found = same(*(const loose_block *)s, filled(0));
        if (any(found)) {
            return first_of(found);
        }
        p += BLOCK;
    }
    else {
        for (; !is_aligned(p); p++) {
            if (*p == 0) {
                return (size_t)(p - s);
            }
        }
    }
    const block *at = aligned_down(p);
    block found = same(*at, filled(0));
    while (!any(found)) {
        found = same(*++at, filled(0));
    }
    return (size_t)((const char *)at - s) + first_of(found);
}

typedef uint64_t loose_word __attribute__((aligned(1), may_alias));
typedef uint32_t loose_half __attribute__((aligned(1), may_alias));

/* Whether `size` bytes, 4 to 15, differ: two reads, which may overlap. */
static inline int
few_differ(const unsigned char *a, const unsigned char *b, size_t size)
{
    if (size >= 8) {
        return ((*(const loose_word *)a ^ *(const loose_word *)b)
                | (*(const loose_word *)(a + size - 8) ^ *(const loose_word *)(b + size - 8)))
            != 0;
    }
    return ((*(const loose_half *)a ^ *(const loose_half *)b)
            | (*(const loose_half *)(a + size - 4) ^ *(const loose_half *)(b + size - 4)))
        != 0;
}

PLAIN int
memcmp(const void *left, const void *right, size_t size)
{
    const unsigned char *a = left, *b = right;
    for (; size >= BLOCK; a += BLOCK, b += BLOCK, size -= BLOCK) {
        const block found = different(*(const loose_block *)a, *(const loose_block *)b);
        if (any(found)) {
            const size_t at = first_of(found);
            return a[at] - b[at];
        }
    }
    if (size >= 4 && !few_differ(a, b, size)) {
        return 0;
    }
    for (; size; a++, b++, size--) {
        if (*a != *b) {
            return *a - *b;
        }
    }
    return 0;
}

PLAIN int
bcmp(const void *left, const void *right, size_t size)
{
    const unsigned char *a = left, *b = right;
    if (size < 4) {
        for (; size; a++, b++, size--) {
            if (*a != *b) {
                return 1;
            }
        }
        return 0;
    }
    if (size < BLOCK) {
        return few_differ(a, b, size);
    }
    /* The last block may overlap the one before it. */
    const unsigned char *const last = a + size - BLOCK;
    for (; a < last; a += BLOCK, b += BLOCK) {
        if (any(different(*(const loose_block *)a, *(const loose_block *)b))) {
            return 1;
        }
    }
    b -= a - last;
    return any(different(*(const loose_block *)last, *(const loose_block *)b));
}

#if !defined(__GLIBC__)

PLAIN char *
strchrnul(const char *s, int c)
{
    const char sought = (char)c;
    for (; !is_aligned(s); s++) {
        if (*s == sought || *s == 0) {
            return (char *)s;
        }
    }
    const block *at = aligned_down(s);
    const block pattern = filled(c);
    while (!any(same(*at, pattern) | same(*at, filled(0)))) {
        at++;
    }
    for (s = (const char *)at; *s != sought && *s != 0; s++) {
    }
    return (char *)s;
}

PLAIN char *
strchr(const char *s, int c)
{
    char *found = strchrnul(s, c);
    return *found == (char)c ? found : NULL;
}

PLAIN void *
memchr(const void *memory, int c, size_t size)
{
    const unsigned char *p = memory, sought = (unsigned char)c;
    for (; size && !is_aligned(p); p++, size--) {
        if (*p == sought) {
            return (void *)p;
        }
    }
    const block pattern = filled(c);
    for (; size >= BLOCK && !any(same(*(const block *)p, pattern)); p += BLOCK, size -= BLOCK) {
    }
    for (; size; p++, size--) {
        if (*p == sought) {
            return (void *)p;
        }
    }
    return NULL;
}

PLAIN void *
memrchr(const void *memory, int c, size_t size)
{
    const unsigned char *p = (const unsigned char *)memory + size, sought = (unsigned char)c;
    const block pattern = filled(c);
    for (; size >= BLOCK && !any(same(*(const loose_block *)(p - BLOCK), pattern)); p -= BLOCK, size -= BLOCK) {
    }
    for (; size; size--) {
        if (*--p == sought) {
            return (void *)p;
        }
    }
    return NULL;
}

PLAIN size_t
strnlen(const char *s, size_t size)
{
    const char *end = memchr(s, 0, size);
    return end ? (size_t)(end - s) : size;
}

PLAIN char *
strrchr(const char *s, int c)
{
    return memrchr(s, c, strlen(s) + 1);
}

PLAIN void *
memcpy(void *restrict target, const void *restrict source, size_t size)
{
    unsigned char *to = target;
    const unsigned char *from = source;
    if (size < BLOCK) {
        if (size >= 8) {
            const uint64_t tail = *(const loose_word *)(from + size - 8);
            *(loose_word *)to = *(const loose_word *)from;
            *(loose_word *)(to + size - 8) = tail;
        }
        else if (size >= 4) {
            const uint32_t tail = *(const loose_half *)(from + size - 4);
            *(loose_half *)to = *(const loose_half *)from;
            *(loose_half *)(to + size - 4) = tail;
        }
        else {
            for (; size; size--) {
                *to++ = *from++;
            }
        }
        return target;
    }
    /* The last block may overlap the one before it: the overlapping bytes are written twice. */
    const loose_block last = *(const loose_block *)(from + size - BLOCK);
    loose_block *const end = (loose_block *)(to + size - BLOCK);
    for (; size >= 4 * BLOCK; to += 4 * BLOCK, from += 4 * BLOCK, size -= 4 * BLOCK) {
        const loose_block *in = (const loose_block *)from;
        loose_block *out = (loose_block *)to;
        loose_block a = in[0], b = in[1], c = in[2], d = in[3];
        out[0] = a, out[1] = b, out[2] = c, out[3] = d;
    }
    for (; size > BLOCK; to += BLOCK, from += BLOCK, size -= BLOCK) {
        *(loose_block *)to = *(const loose_block *)from;
    }
    *end = last;
    return target;
}

PLAIN int
strcmp(const char *left, const char *right)
{
    const unsigned char *a = (const unsigned char *)left, *b = (const unsigned char *)right;
    for (;;) {
        if (in_one_page(a) && in_one_page(b)) {
            const block x = *(const loose_block *)a, y = *(const loose_block *)b;
            if (!any(different(x, y) | same(x, filled(0)))) {
                a += BLOCK, b += BLOCK;
                continue;
            }
        }
        for (int i = 0; i < BLOCK; i++, a++, b++) {
            if (*a != *b || *a == 0) {
                return *a - *b;
            }
        }
    }
}

/* A set of bytes. */
typedef struct {
    uint32_t bits[8];
} byte_set;

PLAIN static byte_set
set_of(const char *members)
{
    byte_set set = {{0}};
    for (const unsigned char *p = (const unsigned char *)members; *p; p++) {
        set.bits[*p >> 5] |= UINT32_C(1) << (*p & 31);
    }
    return set;
}

static inline int
contains(const byte_set *set, unsigned char c)
{
    return set->bits[c >> 5] >> (c & 31) & 1;
}

PLAIN size_t
strspn(const char *s, const char *accept)
{
    const byte_set set = set_of(accept); /* NUL is not a member */
    const unsigned char *p = (const unsigned char *)s;
    for (; contains(&set, *p); p++) {
    }
    return (size_t)((const char *)p - s);
}

PLAIN size_t
strcspn(const char *s, const char *reject)
{
    if (reject[0] == 0 || reject[1] == 0) {
        return (size_t)(strchrnul(s, reject[0]) - s);
    }
    byte_set set = set_of(reject);
    set.bits[0] |= 1; /* NUL ends the string */
    const unsigned char *p = (const unsigned char *)s;
    for (; !contains(&set, *p); p++) {
    }
    return (size_t)((const char *)p - s);
}

PLAIN char *
strpbrk(const char *s, const char *accept)
{
    s += strcspn(s, accept);
    return *s ? (char *)s : NULL;
}

PLAIN char *
strstr(const char *s, const char *sought)
{
    if (sought[0] == 0) {
        return (char *)s;
    }
    for (; (s = strchr(s, sought[0])) != NULL; s++) {
        size_t i = 1;
        for (; sought[i] != 0 && s[i] == sought[i]; i++) {
        }
        if (sought[i] == 0) {
            return (char *)s;
        }
        if (s[i] == 0) {
            break;
        }
    }
    return NULL;
}

#endif

#else

/* Other systems and other compilers use those of the libc. */
typedef int pypkg_libc_strings;

#endif
