/* A place where what is fuzzed can do no harm, and the plumbing every harness shares.

   While an input runs, the process's root directory is an empty tmpfs with /proc in it (a mount namespace of its own,
   and chroot): links that lead out of the snapshot find nothing, and what is written is gone afterwards. Between inputs it
   is the machine's, so that the fuzzer finds its files. */

#ifndef PYPKG_FUZZ_ARENA_H
#define PYPKG_FUZZ_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Make it; `prepare` is called inside. NULL, or why this machine cannot have one. */
const char *arena_start(void (*prepare)(void));

/* Run one input inside. What arena_fail() was told ends the process, outside. */
void arena_run(void (*run)(const uint8_t *data, size_t size), const uint8_t *data, size_t size);

/* The core is wrong. Only the first message counts. */
__attribute__((format(printf, 1, 2))) void arena_fail(const char *format, ...);
bool arena_failed(void);

/* Before each input: the state of a core that was just loaded. */
void arena_reset(void);

/* Bytes taken from an input, zeros when it has no more. */
struct input {
    const uint8_t *data;
    size_t size;
};

static inline unsigned
take(struct input *input)
{
    if (input->size == 0) {
        return 0;
    }
    input->size--;
    return *input->data++;
}

#endif
