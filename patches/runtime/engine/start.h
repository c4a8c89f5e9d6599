/* Making the image of this process known to the redirected calls. */

#ifndef PYPKG_START_H
#define PYPKG_START_H

#include <stdint.h>

/* Open the attached image. Returns NULL, also if none is attached, or a message. Call it once, before any thread is
   started. */
const char *pypkg_start(void);

/* The same with an image from elsewhere, which must stay mapped: for tests, which may call it again. */
const char *pypkg_start_with(const void *data, uint64_t size);

#endif
