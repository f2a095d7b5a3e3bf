#pragma once
#include "rung.h"

/// The keeper's side of the deadline: which trees are guarded, and that they are told to stop when it has passed, whatever
/// else there is to do. Wardens stop theirs by themselves as well.

/// Has trees told by way of `rung`, and the loop woken at a deadline, with `whose` for whose. False: it can't.
bool fence_open(const struct rung *rung, void *whose);
/// To be called before each order is carried out, so that none of a time past the deadline comes before it: if the deadline
/// has passed, tells all guarded trees to stop, and the daemon that they were told, once.
void fence_look(void);
/// Does an ARM.
void fence_arm(const struct request *request);
/// Does a GUARD.
void fence_guard(const struct request *request);
