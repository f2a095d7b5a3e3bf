#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// cgroup v2 as cgroups(7) has it: a directory for this keeper, below the cgroup that the keeper is in, and in that one for
/// each entity.

/// What `cgroup.events` says.
struct cgroup_state {
  bool populated, frozen;
};

/// Ends what dead keepers of the same instance left, makes this keeper's directory, and tries it. Returns NULL, or why it
/// can't be had.
const char *cgroup_open(const char *instance);
/// The path of this keeper's directory.
const char *cgroup_path(void);
/// Removes it.
void cgroup_close(void);

/// Makes an entity's cgroup. Returns a descriptor of its `cgroup.events`, which has EPOLLPRI when that has changed since it
/// was read; -1: it can't, with errno set, and nothing is left.
int cgroup_make(uint64_t entity);
/// Forks into it; the child has SIGCHLD for its death signal. Returns what fork(2) returns.
pid_t cgroup_fork(uint64_t entity, unsigned long flags);
/// SIGKILL to all that is in it, and that is being forked. False: that could not be done now, for want of a descriptor.
bool cgroup_kill(uint64_t entity);
/// Stops or continues all that is in it; `cgroup.events` says when. False: as above.
bool cgroup_freeze(uint64_t entity, bool frozen);
/// Reads a descriptor of cgroup_make.
struct cgroup_state cgroup_look(int events);
/// The first processes in it, at most `max`, into `pids`, but not those in cgroups below it. Returns how many there are;
/// 0 also for want of a descriptor.
size_t cgroup_list(uint64_t entity, pid_t *pids, size_t max);
/// Removes it, which is empty, with those that its programs made in it.
void cgroup_remove(uint64_t entity);
