#include "leash.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THEIRS = CHILD_CONTROL + 1 };

static void close_all(const int *fds, int count) {
  int error = errno;
  for (int i = 0; i < count; i++) {
    if (fds[i] >= 0) close(fds[i]);
  }
  errno = error;
}

/// A pipe between daemon and program; only the daemon's end is non-blocking. `write` says whether that is the write end.
static bool join(struct leash *leash, int *theirs, bool write) {
  int pair[2];
  if (pipe2(pair, O_CLOEXEC) < 0) return false;
  leash->ends[leash->ends_count++] = pair[write];
  *theirs = pair[!write];
  return fcntl(pair[write], F_SETFL, O_NONBLOCK) == 0;
}

/// A stream socket between daemon and program, as `join`.
static bool join_channel(struct leash *leash, int *theirs) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) return false;
  leash->ends[leash->ends_count++] = pair[0];
  *theirs = pair[1];
  return fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0;
}

/// Makes the program's 0, 1, 2, its 3 if it has a channel, and the child's socket, in `theirs`, and the keeper's ends.
static bool make_descriptors(const struct start *start, struct leash *leash, int theirs[THEIRS]) {
  if (start->stdin_mode == STDIN_PIPE) {
    if (!join(leash, &theirs[0], true)) return false;
  } else if ((theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0) {
    return false;
  }
  if (!join(leash, &theirs[1], false) || !join(leash, &theirs[2], false)) return false;
  if (start->channel && !join_channel(leash, &theirs[3])) return false;
  // Packets, so that neither end sees half a message.
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return false;
  leash->control = pair[0];
  theirs[CHILD_CONTROL] = pair[1];
  return true;
}

/// Leaves exactly the program's and CHILD_CONTROL. All of `theirs` are above those: the keeper's own 0 to 4 are always
/// open.
static void take_descriptors(const int theirs[THEIRS]) {
  close(3);  // the daemon's
  for (int i = 0; i < CHILD_CONTROL; i++) {
    if (theirs[i] >= 0) dup2(theirs[i], i);
  }
  dup3(theirs[CHILD_CONTROL], CHILD_CONTROL, O_CLOEXEC);
  // Earlier children's sockets and the daemon's are among the rest: held here, they would never read as ended.
  close_range(CHILD_CONTROL + 1, ~0U, 0);
}

enum start_stage leash_start(const struct child *child, const struct start *start, uint64_t entity, struct leash *leash) {
  int theirs[THEIRS] = {-1, -1, -1, -1, -1};
  enum start_stage failed = 0;
  *leash = (struct leash){.control = -1};
  if (!make_descriptors(start, leash, theirs)) {
    failed = STAGE_PIPE;
  } else if ((leash->child = child->fork(entity)) == 0) {
    take_descriptors(theirs);
    child->run(start, entity);
  } else if (leash->child < 0) {
    failed = child->stage;
  }
  close_all(theirs, THEIRS);
  if (failed) {
    close_all(leash->ends, leash->ends_count);
    close_all(&leash->control, 1);
  }
  return failed;
}

void leash_close_ends(struct leash *leash) {
  while (leash->ends_count > 0) close(leash->ends[--leash->ends_count]);
}
