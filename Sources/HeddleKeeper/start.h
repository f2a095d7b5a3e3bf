#pragma once
#include <sys/resource.h>
#include <sys/types.h>
#include "protocol.h"
#include "requests.h"

/// A warden that was forked, and what the keeper holds of it.
struct started {
  pid_t warden;
  int control;   // our end of the socket pair to the warden; O_NONBLOCK
  int ends[3];   // the daemon's ends of the program's pipes, in the order of STARTED
  int ends_count;
};

/// Why a program did not start; as it goes through the status pipe.
struct failure {
  int32_t error;
  uint8_t stage;
};

/// Makes the descriptors and forks the warden, whose death the keeper hears as SIGUSR1 and waits for with __WCLONE.
/// Returns 0, or the stage that failed with errno set; then nothing is left open. `files` is for start_program.
enum start_stage start_warden(const struct start *start, uint64_t entity, const struct rlimit *files, struct started *out);

/// In the warden, whose descriptors 0, 1, 2 are the program's: forks the program. `*status` becomes a pipe that ends when
/// the program was executed, or gives a struct failure first. Returns its pid, or -1 with errno set.
pid_t start_program(const struct start *start, const struct rlimit *files, int *status);
