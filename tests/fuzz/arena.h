/* The arena: a root directory in which a fuzzed input can do no harm. And what all harnesses share.

   While an input runs, the root directory of the process is an empty tmpfs with /proc in it (by a mount namespace
   and chroot): links out of the snapshot lead nowhere, and written files disappear. Between inputs it is the
   machine's, where the fuzzer has its files. */

#ifndef PYPKG_FUZZ_ARENA_H
#define PYPKG_FUZZ_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Make the arena; `prepare` is called inside. Returns NULL, or why this machine does not allow it. */
const char *arena_start(void (*prepare)(void));

/* Run one input inside. After arena_fail the process then prints the message, outside, and aborts. */
void arena_run(void (*run)(const uint8_t *data, size_t size), const uint8_t *data, size_t size);

/* Report an error of the runtime. Only the first message is kept. */
__attribute__((format(printf, 1, 2))) void arena_fail(const char *format, ...);
bool arena_failed(void);

/* Reset the runtime's state to that of a new process; to be called before each input. */
void arena_reset(void);

/* An input, from which bytes are taken; zeros at its end. */
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
