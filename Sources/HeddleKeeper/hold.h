#pragma once
#include <stdbool.h>
#include "orders.h"

/// Why a tree has to stand still: for either of two reasons, which do not know of each other.
struct hold {
  bool suspended;  // SUSPEND was the latest course
  bool fenced;     // by FENCE, or at the deadline
  bool guarded;    // the deadline is of concern
};

/// Takes orders, which may be none, and looks at the deadline: past it no order lets a guarded tree go.
void hold_take(struct hold *hold, const struct orders *orders);
/// Whether the tree has to stand still.
bool hold_stands(const struct hold *hold);
