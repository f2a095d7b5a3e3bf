#pragma once
#include <stdint.h>
#include "requests.h"

/// Runs the warden of one entity: starts the program, as its parent and the subreaper of its tree, or as the init of its
/// namespace, obeys, and leaves when the tree is empty. The way in which a tree is stopped, continued, killed and seen
/// empty is this file's business only.
///
/// Up CHILD_CONTROL go reports as whole frames, one a packet; struct orders come down. When it ends, the warden ends its
/// tree.
void warden_run(const struct start *start, uint64_t entity);
