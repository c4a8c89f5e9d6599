/* A place where what is fuzzed can do no harm, and the plumbing every harness shares.

   Inputs run in a thread of their own, whose root directory is an empty tmpfs with /proc in it (its own mount
   namespace and chroot): links that lead out of the snapshot find nothing, and what is written is gone afterwards. The
   fuzzer's own thread keeps the machine's files. */

#ifndef PYPKG_FUZZ_ARENA_H
#define PYPKG_FUZZ_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Start it; `prepare` is run in the thread, inside. NULL, or why this machine cannot have one. */
const char *arena_start(void (*prepare)(void));

/* Run one input and wait. What arena_fail() was told ends the process, here, in the fuzzer's thread. */
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
