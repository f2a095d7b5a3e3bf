#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "requests.h"

/// What is wanted of an entity; all zero: nothing. Orders that waited together are one.
struct orders {
  bool kill;
  enum request_kind course;  // the latest SUSPEND or RESUME; 0: none
  uint64_t generation;       // of that
  uint64_t signals;          // bit n-1 for signal n
  bool guard;
  enum request_kind fencing;  // the latest FENCE or UNFENCE; 0: none
};

/// Adds a request, of an entity, which is no START.
void orders_add(struct orders *orders, const struct request *request);
