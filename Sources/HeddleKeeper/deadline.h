#pragma once
#include <stdbool.h>
#include <stdint.h>

/// The instant at which guarded trees have to stand still, in nanoseconds of CLOCK_BOOTTIME, clock_gettime(2). The keeper
/// sets it; it lies in memory that the keeper shares with its wardens, which look there for themselves, so that it holds
/// also when the keeper is stopped. That memory is no program's: execve(2) lets go of it.

/// That of a deadline which does not come.
#define NEVER UINT64_MAX

/// To be called first, before any child is forked; it is NEVER then. False: there is no memory.
bool deadline_open(void);
uint64_t deadline_get(void);
/// Sets it. Returns whether the one before had passed. If a warden has found that it had, so does this.
bool deadline_set(uint64_t deadline);
bool deadline_has_passed(void);

/// Makes a timer for deadline_watch: a descriptor with O_CLOEXEC; -1: it can't, with errno set.
int deadline_timer(void);
/// Has `timer` be readable when the deadline, as it is now, has passed; or, not `watched`, never.
void deadline_watch(int timer, bool watched);
