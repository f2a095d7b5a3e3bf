#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "entities.h"

/// The rung of cgroup v2: each program is the keeper's own child, in a cgroup of its own from before its first instruction
/// on, which is frozen, killed and seen empty as one. See struct rung for what each does.
///
/// A program that runs as root can leave its cgroup by writing to another's `cgroup.procs`.

const char *groups_open(const char *instance, bool asked);
const char *groups_place(void);
void group_start(const struct request *request);
void group_order(const struct request *request);
void group_ready(struct entity *entity, uint32_t events);
void groups_end(void);
bool groups_settle(bool child_died);
void groups_close(void);
