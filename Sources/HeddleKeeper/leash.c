#include "leash.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

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

/// Makes the child's 0, 1, 2 and its socket, in `theirs`, and the keeper's ends.
static bool make_descriptors(const struct start *start, struct leash *leash, int theirs[4]) {
  if (start->stdin_mode == STDIN_PIPE) {
    if (!join(leash, &theirs[0], true)) return false;
  } else if ((theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0) {
    return false;
  }
  if (!join(leash, &theirs[1], false) || !join(leash, &theirs[2], false)) return false;
  // Packets, so that neither end sees half a message.
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return false;
  leash->control = pair[0];
  theirs[3] = pair[1];
  return true;
}

/// Leaves exactly 0, 1, 2 and CHILD_CONTROL. All of `theirs` are above those: the keeper's own 0 to 3 are always open.
static void take_descriptors(const int theirs[4]) {
  for (int i = 0; i < 3; i++) dup2(theirs[i], i);
  dup3(theirs[3], CHILD_CONTROL, O_CLOEXEC);
  // Earlier children's sockets and the daemon's are among the rest: held here, they would never read as ended.
  close_range(CHILD_CONTROL + 1, ~0U, 0);
}

enum start_stage leash_start(const struct child *child, const struct start *start, uint64_t entity, struct leash *leash) {
  int theirs[4] = {-1, -1, -1, -1};
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
  close_all(theirs, 4);
  if (failed) {
    close_all(leash->ends, leash->ends_count);
    close_all(&leash->control, 1);
  }
  return failed;
}

void leash_close_ends(struct leash *leash) {
  while (leash->ends_count > 0) close(leash->ends[--leash->ends_count]);
}
