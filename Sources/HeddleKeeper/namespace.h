#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// PID namespaces, pid_namespaces(7): the warden is the init of one, so that nothing in its tree outlives it. Each has a
/// mount namespace with a proc(5) of its own, in which programs and warden find the pids that they know. Mounts made
/// outside arrive inside, and not the other way.
///
/// When we may not make one, and it was asked for by name, each also has a user namespace in which only our own user and
/// group are known.

/// From now on namespace_fork makes one for each child. Returns NULL, or why that does not work here.
const char *namespace_open(const char *instance, bool asked);
/// Forks without a death signal. wait(2) sees such a child only with __WCLONE, while an orphan that falls to the keeper
/// always has SIGCHLD: so the two kinds are told apart.
pid_t namespace_fork(uint64_t entity, unsigned long also);
/// In that child, with no descriptor above 3: settles in. False: it can't, with errno set.
bool namespace_enter(void);
/// The number by which the keeper knows `pid`, a process of the caller's namespace that is not reaped; 0: it can't be told.
pid_t namespace_outer(pid_t pid);
