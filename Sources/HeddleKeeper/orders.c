#include "orders.h"

void orders_add(struct orders *orders, const struct request *request) {
  switch (request->kind) {
  case KILL: orders->kill = true; break;
  case SIGNAL: orders->signals |= UINT64_C(1) << (request->signal - 1); break;
  case SUSPEND:
  case RESUME:
    orders->course = request->kind;
    orders->generation = request->generation;
    break;
  case GUARD: orders->guard = true; break;
  case FENCE:
  case UNFENCE: orders->fencing = request->kind; break;
  case START:
  case ARM: break;  // no orders of an entity
  }
}
