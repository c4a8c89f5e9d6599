/* The virtual working directory. A child made by vfork has its own until it starts a program: it shares the memory of
   its parent, whose working directory must not change. */

#include "engine/cwd.h"

#include "engine/state.h"
#include "os/memory.h"

/* The child made by vfork on this thread, and its working directory. No other thread can be that child. */
static _Thread_local uint64_t child;
static _Thread_local uint32_t child_cwd;

uint32_t
pypkg_cwd(void)
{
    return child != 0 && child == pypkg_process_id() ? child_cwd : atomic_load(&pypkg_state.cwd);
}

bool
pypkg_cwd_entry(struct pypkg_found *out)
{
    uint32_t cwd = pypkg_cwd();
    out->index = cwd - 1;
    return cwd != 0 && pypkg_entry_at(&pypkg_state.image, out->index, &out->entry);
}

void
pypkg_set_cwd(uint32_t cwd)
{
    if (!pypkg_is_vforked()) {
        atomic_store(&pypkg_state.cwd, cwd);
        return;
    }
    child = pypkg_process_id();
    child_cwd = cwd;
    atomic_store(&pypkg_state.cwd_is_split, true);
}
