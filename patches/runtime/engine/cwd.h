/* The virtual working directory. */

#ifndef PYPKG_CWD_H
#define PYPKG_CWD_H

#include "paths/paths.h"

/* The entry number of the virtual working directory plus one; 0 if the working directory is a real one. */
uint32_t pypkg_cwd(void);

/* Its entry; false if the working directory is a real one. */
bool pypkg_cwd_entry(struct pypkg_found *out);

void pypkg_set_cwd(uint32_t cwd);

#endif
