#include "start.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tree.h"

enum { SIGNAL_MAX = 64 };

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

/// Has the calling process stopped as it executes a program, before that one's first instruction. A SIGSTOP that came
/// earlier would keep the parent waiting in vfork(2); this one comes when execve(2) closes the ends of a pipe, each of
/// which tells of the other's end by that signal (fcntl(2), F_SETSIG), and is acted on when execve(2) returns.
static bool halt_at_exec(const struct start *start) {
  // Above the program's own: what is put in an end's place would close that too early.
  int ends[2], above = (start->place > 3 ? start->place : 3) + 1;
  if (pipe2(ends, O_CLOEXEC) < 0) return false;
  for (int i = 0; i < 2; i++) {
    int end = fcntl(ends[i], F_DUPFD_CLOEXEC, above);
    close(ends[i]);
    if (end < 0 || fcntl(end, F_SETSIG, SIGSTOP) < 0 || fcntl(end, F_SETOWN, getpid()) < 0) return false;
    ends[i] = end;
  }
  // Last: a failure that closes one of them must not stop us here.
  return fcntl(ends[0], F_SETFL, O_ASYNC) == 0 && fcntl(ends[1], F_SETFL, O_ASYNC) == 0;
}

static bool set_limits(const struct start *start) {
  static const __rlimit_resource_t resources[] = {
      [LIMIT_NOFILE] = RLIMIT_NOFILE, [LIMIT_NPROC] = RLIMIT_NPROC, [LIMIT_AS] = RLIMIT_AS,
      [LIMIT_CPU] = RLIMIT_CPU,       [LIMIT_CORE] = RLIMIT_CORE,
  };
  if (setrlimit(RLIMIT_NOFILE, &given) < 0) return false;
  for (enum limited what = LIMIT_NOFILE; what <= LIMIT_CORE; what++) {
    rlim_t most = start->limits[what].most;
    // A second in which the program may act on its SIGXCPU, before SIGKILL.
    rlim_t hard = what == LIMIT_CPU && most < RLIM_INFINITY - 1 ? most + 1 : most;
    if (start->limits[what].given && setrlimit(resources[what], &(struct rlimit){most, hard}) < 0) return false;
  }
  return true;
}

/// Has the calling process killed when START_SECONDS_MAX have passed, unless it executes a program before: that deletes
/// the timer, while alarm(2) would go on; timer_create(2). A file system that hangs would keep a warden waiting.
static bool set_deadline(void) {
  timer_t timer;
  struct sigevent end = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
  return timer_create(CLOCK_MONOTONIC, &end, &timer) == 0 &&
         timer_settime(timer, 0, &(struct itimerspec){.it_value.tv_sec = START_SECONDS_MAX}, NULL) == 0;
}

/// Leaves at most one descriptor above 2 to the program.
static bool keep_descriptors(const struct start *start) {
  int third = start->channel ? 3 : start->place >= PLACE_FIRST ? start->place : 0;
  if (third > 3 && dup2(3, third) < 0) return false;
  if (third > 3) close_range(3, (unsigned)third - 1, CLOSE_RANGE_CLOEXEC);
  close_range(third ? (unsigned)third + 1 : 3, ~0U, CLOSE_RANGE_CLOEXEC);
  return true;
}

/// Returns the stage that failed, with errno set.
static enum start_stage become(const struct start *start, pid_t parent) {
  if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || !set_deadline()) return STAGE_SETUP;
  // The parent may have died before the death signal was armed.
  if (getppid() != parent) return errno = EOWNERDEAD, STAGE_SETUP;
  if (!start->allow_setuid && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return STAGE_SETUP;
  if (start->halted && !halt_at_exec(start)) return STAGE_SETUP;
  if (!set_limits(start)) return STAGE_LIMITS;
  umask(start->umask);
  if (chdir(start->directory) < 0) return STAGE_CHDIR;
  if (!keep_descriptors(start)) return STAGE_SETUP;
  set_ignored(SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  environ = start->environment;  // so that execvp looks into its PATH
  execvp(start->arguments[0], start->arguments);
  return STAGE_EXEC;
}

struct failure start_become(const struct start *start, pid_t parent) {
  enum start_stage stage = become(start, parent);
  return (struct failure){stage, errno};
}

bool start_has_third(const struct start *start) { return start->channel || start->place >= PLACE_FIRST; }

bool start_was_executed(pid_t child) {
  struct process process;
  return !process_look(child, &process) || process.executed;
}

pid_t start_program(const struct start *start, struct failure *failure) {
  siginfo_t end = {0};
  *failure = (struct failure){0};
  // In the memory of its warden, which vfork(2) keeps deaf until it is executed or dead.
  pid_t warden = getpid(), program = vfork();
  if (program == 0) {
    *failure = start_become(start, warden);
    _exit(127);
  }
  if (program < 0) return *failure = (struct failure){STAGE_FORK, errno}, 0;
  waitid(P_PID, (id_t)program, &end, WEXITED | WNOHANG | WNOWAIT);
  if (end.si_pid == program && !failure->stage && !start_was_executed(program))
    *failure = (struct failure){STAGE_EXEC, ETIMEDOUT};
  if (failure->stage) waitpid(program, NULL, 0);
  return failure->stage ? 0 : program;
}
