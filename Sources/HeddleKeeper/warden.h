#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "requests.h"

/// The warden's end of its socket to the keeper. Reports go up it as whole frames, one a packet; struct orders come down.
/// When it ends, the warden ends its tree.
#define WARDEN_CONTROL 4

/// What the keeper wants of a warden: orders that waited together are one, the latest course with its generation.
struct orders {
  bool kill;
  enum request_kind course;  // SUSPEND or RESUME; 0: none
  uint64_t generation;
  uint64_t signals;  // bit n-1 for signal n
};

/// Runs the warden of one entity: starts the program, as its parent and the subreaper of its tree, obeys, and leaves when
/// the tree is empty. The way in which a tree is stopped, continued, killed and seen empty is this file's business only.
_Noreturn void warden_run(const struct start *start, uint64_t entity);
