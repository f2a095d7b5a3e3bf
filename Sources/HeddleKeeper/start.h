#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "protocol.h"
#include "requests.h"

/// Why a program did not start.
struct failure {
  enum start_stage stage;  // 0: it did
  int error;
};

/// What the programs must not inherit from the keeper: it ignores the signals of a terminal or an init, and raises its
/// limit of descriptors, since each entity costs some. Once, before the first start.
void start_settle(void);

/// Whether a program's descriptor 3 is made: its channel, or its connection, which may go on to another number.
bool start_has_third(const struct start *start);

/// In a child of `parent` whose descriptors 0, 1, 2 and, if it has one, 3 are the program's: becomes the program. Returns
/// only a failure. A start that takes longer than START_SECONDS_MAX ends in SIGKILL.
struct failure start_become(const struct start *start, pid_t parent);

/// In a warden, which has the program's descriptors likewise: forks the program and waits until it is executed. Returns the
/// pid; or 0, with the reason in `*failure`, and nothing is left.
pid_t start_program(const struct start *start, struct failure *failure);

/// Whether a child that is not reaped, but may be a zombie, has executed its program, as far as can be seen.
bool start_was_executed(pid_t child);
