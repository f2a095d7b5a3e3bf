#pragma once
#include <sys/types.h>
#include "protocol.h"
#include "requests.h"

/// What the keeper holds of a warden.
struct leash {
  pid_t warden;
  int control;  // our end of the socket pair to it; -1: none
  int ends[3];  // the daemon's ends of the program's pipes, in the order of STARTED
  int ends_count;
};

/// Why a program did not start; as it goes through the status pipe.
struct failure {
  int32_t error;
  uint8_t stage;
};

/// What the programs must not inherit from the keeper: it ignores the signals of a terminal or an init, and raises its
/// limit of descriptors, since each entity costs one. Once, before the first start.
void start_settle(void);

/// Makes the descriptors and forks the warden, whose death is silent and waited for with __WCLONE.
/// Returns 0, or the stage that failed with errno set; then nothing is left open.
enum start_stage start_warden(const struct start *start, uint64_t entity, struct leash *leash);

/// In the warden, whose descriptors 0, 1, 2 are the program's: forks the program. `*status` becomes a pipe that ends when
/// the program was executed, or gives a struct failure first. Returns its pid, or -1 with errno set.
pid_t start_program(const struct start *start, int *status);
