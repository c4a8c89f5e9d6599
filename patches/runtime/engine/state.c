/* The state of the process. */

#include "engine/state.h"

struct pypkg_state pypkg_state;
