#include "start.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "warden.h"

enum { SIGNAL_MAX = 64, THEIRS = WARDEN_CONTROL + 1 };

static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
static struct rlimit given;  // RLIMIT_NOFILE as the keeper got it

static void set_ignored(void (*disposition)(int)) {
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], disposition);
}

void start_settle(void) {
  // By the system call, since sigaction(3) refuses the two that glibc keeps for itself.
  const unsigned long by_default[4] = {0};
  for (int signal = 1; signal <= SIGNAL_MAX; signal++) syscall(SYS_rt_sigaction, signal, by_default, NULL, 8L);
  set_ignored(SIG_IGN);
  getrlimit(RLIMIT_NOFILE, &given);
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){given.rlim_max, given.rlim_max});
}

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

/// Makes the program's 0, 1, 2, its 3 if it has a channel, and the warden's socket, in `theirs`, and the keeper's ends.
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
  theirs[WARDEN_CONTROL] = pair[1];
  return true;
}

/// Forks without a death signal. wait(2) sees such a child only with __WCLONE, while an orphan that falls to the keeper
/// always has SIGCHLD: so the two kinds are told apart.
static pid_t fork_warden(void) { return (pid_t)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L); }

/// Leaves exactly the program's and WARDEN_CONTROL. All of `theirs` are above those: the keeper's own 0 to 5 are always open.
static void take_descriptors(const int theirs[THEIRS]) {
  close(3);  // the daemon's
  for (int i = 0; i < WARDEN_CONTROL; i++) {
    if (theirs[i] >= 0) dup2(theirs[i], i);
  }
  dup3(theirs[WARDEN_CONTROL], WARDEN_CONTROL, O_CLOEXEC);
  // Earlier wardens' sockets and the daemon's are among the rest: held here, they would never read as ended.
  close_range(WARDEN_CONTROL + 1, ~0U, 0);
}

enum start_stage start_warden(const struct start *start, uint64_t entity, struct leash *leash) {
  int theirs[THEIRS] = {-1, -1, -1, -1, -1};
  enum start_stage failed = 0;
  *leash = (struct leash){.control = -1};
  if (!make_descriptors(start, leash, theirs)) {
    failed = STAGE_PIPE;
  } else if ((leash->warden = fork_warden()) == 0) {
    take_descriptors(theirs);
    warden_run(start, entity);
  } else if (leash->warden < 0) {
    failed = STAGE_WARDEN;
  }
  close_all(theirs, THEIRS);
  if (failed) {
    close_all(leash->ends, leash->ends_count);
    close_all(&leash->control, 1);
  }
  return failed;
}

/// In the new process, in the memory of its warden: becomes the program. Returns the stage that failed, with errno set.
static enum start_stage become(const struct start *start, pid_t warden) {
  if (setsid() < 0 || setrlimit(RLIMIT_NOFILE, &given) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return STAGE_SETUP;
  // The warden may have died before the death signal was armed.
  if (getppid() != warden) return errno = EOWNERDEAD, STAGE_SETUP;
  if (!start->allow_setuid && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return STAGE_SETUP;
  umask(start->umask);
  if (chdir(start->directory) < 0) return STAGE_CHDIR;
  close_range(start->channel ? 4 : 3, ~0U, CLOSE_RANGE_CLOEXEC);
  set_ignored(SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  environ = start->environment;  // so that execvp looks into its PATH
  execvp(start->arguments[0], start->arguments);
  return STAGE_EXEC;
}

pid_t start_program(const struct start *start, struct failure *failure) {
  *failure = (struct failure){0};
  // While it waits in vfork(2) the warden is deaf. So its time there is bounded, lest a file system that hangs keep it.
  alarm(START_SECONDS_MAX);
  pid_t warden = getpid(), program = vfork();
  if (program == 0) {
    failure->stage = become(start, warden);
    failure->error = errno;
    _exit(127);
  }
  alarm(0);
  if (program < 0) *failure = (struct failure){STAGE_FORK, errno};
  else if (failure->stage) waitpid(program, NULL, 0);
  return failure->stage ? 0 : program;
}
