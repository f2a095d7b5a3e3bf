#include "leash.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { THEIRS = CHILD_CONTROL + 1 };

// MARK: children without our descriptors

// A child that got a copy of all our descriptors, some of each entity, and closed them again, would take the longer the
// more entities there are. So it shares them at first, and then takes with it only the lowest, where its own are.

enum { SLOTS = CHILD_CONTROL + 1, SLOTS_END = SLOTS + THEIRS };
enum { LOOK_NANOSECONDS = 10000000, LOOKS_MAX = 100 };

static atomic_uint *apart;  // in memory that children share: whether the last one has descriptors of its own

bool leash_open(void) {
  apart = mmap(NULL, sizeof *apart, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (apart == MAP_FAILED) return false;
  for (int slot = SLOTS; slot < SLOTS_END; slot++) {
    if (dup3(0, slot, O_CLOEXEC) < 0) return false;
  }
  return true;
}

/// Puts the child's descriptors where it finds them; or, of those that are -1, nothing of any use.
static bool fill_slots(const int theirs[THEIRS]) {
  for (int i = 0; i < THEIRS; i++) {
    if (dup3(theirs[i] >= 0 ? theirs[i] : 0, SLOTS + i, O_CLOEXEC) < 0) return false;
  }
  return true;
}

static void empty_slots(void) {
  for (int i = 0; i < THEIRS; i++) dup3(0, SLOTS + i, O_CLOEXEC);
}

/// In the child.
static void part(void) {
  if (close_range(SLOTS_END, ~0U, CLOSE_RANGE_UNSHARE) < 0) _exit(127);
  atomic_store(apart, 1);
  syscall(SYS_futex, apart, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/// Waits until the child has descriptors of its own, which is the first that it does, or is dead. One that is held up, such
/// as by a SIGSTOP, does not hold us up: it is killed.
static void await_parting(pid_t child) {
  for (int looks = 0; !atomic_load(apart); looks++) {
    struct timespec patience = {.tv_nsec = LOOK_NANOSECONDS};
    syscall(SYS_futex, apart, FUTEX_WAIT, 0, &patience, NULL, 0);
    siginfo_t end = {0};
    if (!atomic_load(apart)) waitid(P_PID, (id_t)child, &end, WEXITED | WNOHANG | WNOWAIT | __WALL);
    if (end.si_pid == child) return;
    if (looks == LOOKS_MAX) kill(child, SIGKILL);
  }
}

// MARK: the start

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

/// The program's connection, as one of its descriptors. Blocking, as programs expect it: nobody else uses it any more.
static bool join_connection(const struct start *start, int *theirs) {
  if (start->connection < 0) return errno = EMFILE, false;
  int flags = fcntl(start->connection, F_GETFL);
  if (flags < 0 || fcntl(start->connection, F_SETFL, flags & ~O_NONBLOCK) < 0) return false;
  return (*theirs = fcntl(start->connection, F_DUPFD_CLOEXEC, 0)) >= 0;
}

static bool make_input(const struct start *start, struct leash *leash, int *theirs) {
  if (start->place == STANDARD_STREAMS) return join_connection(start, theirs);
  if (start->stdin_mode == STDIN_PIPE) return join(leash, theirs, true);
  return (*theirs = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;
}

static bool make_output(const struct start *start, struct leash *leash, int *theirs) {
  return start->place == STANDARD_STREAMS ? join_connection(start, theirs) : join(leash, theirs, false);
}

/// The program's 3: its channel, or a connection on its way to another number.
static bool make_third(const struct start *start, struct leash *leash, int *theirs) {
  if (start->channel) return join_channel(leash, theirs);
  return start->place < PLACE_FIRST || join_connection(start, theirs);
}

/// Makes the program's 0, 1, 2, its 3 if it has one, and the child's socket, in `theirs`, and the keeper's ends.
static bool make_descriptors(const struct start *start, struct leash *leash, int theirs[THEIRS]) {
  if (!make_input(start, leash, &theirs[0]) || !make_output(start, leash, &theirs[1])) return false;
  if (!join(leash, &theirs[2], false) || !make_third(start, leash, &theirs[3])) return false;
  // Packets, so that neither end sees half a message.
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return false;
  leash->control = pair[0];
  theirs[CHILD_CONTROL] = pair[1];
  return true;
}

/// Leaves exactly the program's and CHILD_CONTROL. All of `theirs` are above the slots: what is below is always open.
static void take_descriptors(const int theirs[THEIRS]) {
  part();
  close(3);  // the daemon's
  for (int i = 0; i < CHILD_CONTROL; i++) {
    if (theirs[i] >= 0) dup2(SLOTS + i, i);
  }
  dup3(SLOTS + CHILD_CONTROL, CHILD_CONTROL, O_CLOEXEC);
  close_range(SLOTS, ~0U, 0);
}

enum start_stage leash_start(const struct child *child, const struct start *start, uint64_t entity, struct leash *leash) {
  int theirs[THEIRS] = {-1, -1, -1, -1, -1};
  enum start_stage failed = 0;
  *leash = (struct leash){.control = -1};
  if (!make_descriptors(start, leash, theirs) || !fill_slots(theirs)) {
    failed = STAGE_PIPE;
  } else {
    atomic_store(apart, 0);
    pid_t pid = child->fork(entity, CLONE_FILES);
    if (pid == 0) {  // without the leash, which is an entity's
      take_descriptors(theirs);
      child->run(start, entity);
    }
    leash->child = pid;
    if (pid < 0) failed = child->stage;
    else await_parting(pid);
  }
  int error = errno;
  empty_slots();
  errno = error;
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
