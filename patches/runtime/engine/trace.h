/* The trace: a line for each path that may lead into the snapshot. Off by default. */

#ifndef PYPKG_TRACE_H
#define PYPKG_TRACE_H

#include "engine/route.h"

/* Write the lines to this descriptor; -1 ends the trace. */
void pypkg_trace_to(int fd);
bool pypkg_is_traced(void);

/* The line of a route; `path` is as the caller gave it. */
void pypkg_trace(const struct pypkg_route *route, const char *path);

/* The line of a call that failed although its path could be resolved; `number` is the errno. */
void pypkg_trace_error(int number, const char *path);

#endif
