#include "hold.h"
#include "deadline.h"

void hold_take(struct hold *hold, const struct orders *orders) {
  if (orders->course) hold->suspended = orders->course == SUSPEND;
  if (orders->fencing) hold->fenced = orders->fencing == FENCE;
  hold->guarded |= orders->guard;
  if (hold->guarded && deadline_has_passed()) hold->fenced = true;
}

bool hold_stands(const struct hold *hold) { return hold->suspended || hold->fenced; }
