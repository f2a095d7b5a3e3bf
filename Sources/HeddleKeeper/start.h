#pragma once
#include <sys/types.h>
#include "protocol.h"
#include "requests.h"

/// What the keeper holds of a warden.
struct leash {
  pid_t warden;
  int control;  // our end of the socket pair to it; -1: none
  int ends[4];  // the daemon's ends of the program's descriptors, in the order of STARTED
  int ends_count;
};

/// Why a program did not start.
struct failure {
  enum start_stage stage;  // 0: it did
  int error;
};

/// What the programs must not inherit from the keeper: it ignores the signals of a terminal or an init, and raises its
/// limit of descriptors, since each entity costs one. Once, before the first start.
void start_settle(void);

/// Makes the descriptors and forks the warden, whose death is silent and waited for with __WCLONE.
/// Returns 0, or the stage that failed with errno set; then nothing is left open.
enum start_stage start_warden(const struct start *start, uint64_t entity, struct leash *leash);

/// In the warden, whose descriptors 0, 1, 2 and, with a channel, 3 are the program's: forks the program and waits until it is executed, at most
/// START_SECONDS_MAX: then the warden is killed, and the program by its death signal. Returns the pid; or 0, with the
/// reason in `*failure`, and nothing is left.
pid_t start_program(const struct start *start, struct failure *failure);
