#include "orders.h"

void orders_add(struct orders *orders, const struct request *request) {
  if (request->kind == KILL) {
    orders->kill = true;
  } else if (request->kind == SIGNAL) {
    orders->signals |= UINT64_C(1) << (request->signal - 1);
  } else {
    orders->course = request->kind;
    orders->generation = request->generation;
  }
}
