/* The process that owns this memory. A child made by fork has a copy of the memory and records itself in it; a
   child made by vfork runs in the memory of its parent, where the parent is recorded. */

#include "os/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static _Atomic pid_t owner;

static void
record_owner(void)
{
    atomic_store(&owner, getpid());
}

void
pypkg_watch_forks(void)
{
    static atomic_bool watched;

    record_owner();
    if (!atomic_exchange(&watched, true)) {
        pthread_atfork(NULL, NULL, record_owner);
    }
}

bool
pypkg_is_vforked(void)
{
    return getpid() != atomic_load(&owner);
}

uint64_t
pypkg_process_id(void)
{
    return (uint64_t)getpid();
}
