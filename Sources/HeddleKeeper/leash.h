#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "requests.h"

/// A child's end of its socket to the keeper.
#define CHILD_CONTROL 4

/// What the keeper holds of a child that it forked for an entity: a warden, or the program itself.
struct leash {
  pid_t child;
  int control;  // our end of the socket pair to it, of packets; -1: none
  int ends[4];  // the daemon's ends of the program's descriptors, in the order of STARTED
  int ends_count;
};

/// A child that is to be made.
struct child {
  /// As fork(2), with further flags of clone(2).
  pid_t (*fork)(uint64_t entity, unsigned long flags);
  /// In it, whose descriptors are the program's and CHILD_CONTROL, which goes at an execve(2); it does not return.
  void (*run)(const struct start *start, uint64_t entity);
  enum start_stage stage;  // what its failure is called
};

/// Keeps what `leash_start` needs: memory to share with children, and the descriptors above CHILD_CONTROL. Once, before any
/// other is opened: the next is CHILD_CONTROL, and has to stay open. False: it can't, with errno set.
bool leash_open(void);
/// Makes the descriptors and forks. Returns 0, or the stage that failed with errno set; then nothing is left open.
enum start_stage leash_start(const struct child *child, const struct start *start, uint64_t entity, struct leash *leash);
/// Closes the pipe ends that are left.
void leash_close_ends(struct leash *leash);
