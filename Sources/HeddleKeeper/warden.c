#include "warden.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "report.h"
#include "start.h"
#include "tree.h"

/// Pauses between two looks at a tree that is on its way, in milliseconds. What our own children do wakes us; that a
/// grandchild stopped does not. PAUSE_MAX is also the pause where only a mishap (no descriptor left) makes one needed.
enum { PAUSE_FIRST = 1, PAUSE_MAX = 32, NO_PAUSE = -1 };

/// How often at most a tree is continued for one order: a process in it may stop itself again and again.
enum { CONTINUE_PASSES_MAX = 6 };

enum phase {
  STARTING,  // forked, perhaps not executed yet
  RUNNING,   // executed and unreaped: its pid and process group are its own
  FAILED,    // reported as not started
  ENDED,     // reaped
};

/// Where the tree is going. KILLED is final.
enum course { FREE, CONTINUED, STOPPING, STOPPED, KILLED };

struct straggler {
  uint32_t pid;
  char name[16];
  bool other_session;
};

struct warden {
  uint64_t entity, generation;
  int control, signals, status;
  pid_t program;
  bool linger;
  enum phase phase;
  enum course course;
  uint64_t signals_due;
  int pause;
  int passes;  // CONTINUED: so many are left
  struct stillness seen;
  struct tree tree;
  uint32_t straggler_count;
  struct straggler stragglers[STRAGGLERS_MAX];
};

static void say(const struct report *report) {
  // Fails only if the keeper is gone; the end of its socket then says so.
  send(WARDEN_CONTROL, report->bytes, report->size, MSG_NOSIGNAL);
}

static void say_start_failed(struct warden *warden, struct failure failure) {
  struct report report;
  report_about(&report, START_FAILED, warden->entity);
  report_u32(&report, (uint32_t)failure.error);
  report_u8(&report, failure.stage);
  say(&report);
}

static void say_started(struct warden *warden) {
  struct report report;
  report_about(&report, STARTED, warden->entity);
  report_u32(&report, (uint32_t)warden->program);
  report_u8(&report, 0);  // the keeper knows how many descriptors it adds
  say(&report);
}

static void say_course(struct warden *warden, enum report_kind kind) {
  struct report report;
  report_about(&report, kind, warden->entity);
  report_u64(&report, warden->generation);
  say(&report);
}

static void say_exited(struct warden *warden, const siginfo_t *end) {
  struct report report;
  report_about(&report, EXITED, warden->entity);
  report_u8(&report, end->si_code == CLD_EXITED ? END_EXIT : END_SIGNAL);
  report_u32(&report, (uint32_t)end->si_status);
  report_u8(&report, end->si_code == CLD_DUMPED);
  say(&report);
}

static void say_empty(struct warden *warden) {
  uint32_t named = warden->straggler_count < STRAGGLERS_MAX ? warden->straggler_count : STRAGGLERS_MAX;
  struct report report;
  report_about(&report, EMPTY, warden->entity);
  report_u32(&report, warden->straggler_count);
  report_u32(&report, named);
  for (uint32_t i = 0; i < named; i++) {
    report_u32(&report, warden->stragglers[i].pid);
    report_string(&report, warden->stragglers[i].name);
    report_u8(&report, warden->stragglers[i].other_session);
  }
  say(&report);
}

static void set_course(struct warden *warden, enum course course) {
  if (warden->course == KILLED) return;
  // A tree that stands still is found whole; in one that was still stopping some may stop after they were passed by.
  warden->passes = warden->course == STOPPED ? 1 : CONTINUE_PASSES_MAX;
  warden->course = course;
  warden->pause = PAUSE_FIRST;
  warden->seen = (struct stillness){0};
  // At once, since it needs neither a walk nor a descriptor.
  if (course == KILLED && warden->phase != ENDED) kill(warden->program, SIGKILL);
}

static void obey(struct warden *warden, const struct orders *orders) {
  warden->signals_due |= orders->signals;
  if (orders->course != ORDER_NONE) {
    warden->generation = orders->generation;
    set_course(warden, orders->course == ORDER_SUSPEND ? STOPPING : CONTINUED);
  }
  if (orders->kill) set_course(warden, KILLED);
}

static void take_orders(struct warden *warden) {
  struct orders orders;
  ssize_t size = recv(warden->control, &orders, sizeof orders, MSG_DONTWAIT);
  if (size == (ssize_t)sizeof orders) return obey(warden, &orders);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  warden->control = -1;  // the keeper is gone, or wants us gone
  set_course(warden, KILLED);
}

/// Learns whether the program was executed. Waits if the status pipe has nothing yet.
static void conclude_start(struct warden *warden) {
  struct failure failure;
  ssize_t size;
  while ((size = read(warden->status, &failure, sizeof failure)) < 0 && errno == EINTR) continue;
  close(warden->status);
  warden->status = -1;
  if (size == (ssize_t)sizeof failure) {
    say_start_failed(warden, failure);
    warden->phase = FAILED;
  } else {
    say_started(warden);
    warden->phase = RUNNING;
  }
}

static void program_ended(struct warden *warden, const siginfo_t *end) {
  // One that was not executed has no children either, and was reported.
  if (warden->phase == FAILED) _exit(0);
  warden->phase = ENDED;
  say_exited(warden, end);
  if (!warden->linger) set_course(warden, KILLED);
}

/// Notes a process, still a zombie, that died of our SIGKILL.
static void note_straggler(struct warden *warden, pid_t pid) {
  struct process process;
  uint32_t index = warden->straggler_count++;
  if (index >= STRAGGLERS_MAX || !process_look(pid, &process)) return;
  struct straggler *straggler = &warden->stragglers[index];
  straggler->pid = (uint32_t)pid;
  straggler->other_session = process.session != warden->program;
  memcpy(straggler->name, process.name, sizeof straggler->name);
}

/// Reaps all that can be reaped: the program and what it left to us. Leaves when nothing remains.
static void reap(struct warden *warden) {
  for (;;) {
    siginfo_t end = {0};
    if (waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 && errno == ECHILD) {
      say_empty(warden);
      _exit(0);
    }
    if (end.si_pid == 0) return;
    bool is_program = end.si_pid == warden->program && warden->phase != ENDED;
    if (is_program && warden->phase == STARTING) conclude_start(warden);
    bool killed = end.si_code == CLD_KILLED && end.si_status == SIGKILL;
    if (!is_program && killed && warden->course == KILLED) note_straggler(warden, end.si_pid);
    waitid(P_PID, (id_t)end.si_pid, &end, WEXITED | __WALL);
    if (is_program) program_ended(warden, &end);
  }
}

static void deliver_signals(struct warden *warden) {
  for (int signal = 1; warden->signals_due; signal++, warden->signals_due >>= 1) {
    // As long as the program is not reaped its process group can't be another's.
    if (warden->signals_due & 1 && warden->phase == RUNNING) kill(-warden->program, signal);
  }
}

static int lengthen_pause(struct warden *warden) {
  int pause = warden->pause;
  if (warden->pause < PAUSE_MAX) warden->pause *= 2;
  return pause;
}

/// One pass. Returns the pause before the next.
static int resume(struct warden *warden) {
  bool is_first = warden->passes == CONTINUE_PASSES_MAX;
  size_t stopped = tree_continue(&warden->tree);
  if (--warden->passes > 0 && (is_first || stopped > 0)) return lengthen_pause(warden);
  warden->course = FREE;
  say_course(warden, RESUMED);
  return NO_PAUSE;
}

/// One pass. Returns the pause before the next.
static int stop(struct warden *warden) {
  struct stillness before = warden->seen;
  warden->seen = tree_stop(&warden->tree);
  if (warden->seen.moving == 0 && warden->seen.doubt == before.doubt) {
    warden->course = STOPPED;
    say_course(warden, SUSPENDED);
    return NO_PAUSE;
  }
  bool only_children = warden->tree.count == warden->tree.direct;
  if (only_children && warden->seen.moving > 0) return PAUSE_MAX;
  return lengthen_pause(warden);
}

/// One pass. Returns the pause before the next, which the death of a child of ours cuts short.
static int end(struct warden *warden) {
  // The program was killed when the order came. Mostly it is all there is, so its death is awaited before any walk.
  if (warden->phase == ENDED || warden->pause == PAUSE_MAX) tree_kill(&warden->tree);
  warden->pause = PAUSE_MAX;
  return PAUSE_MAX;
}

/// One step towards where the tree is going. Returns how long to wait for an event before the next one.
static int pursue(struct warden *warden) {
  // Before its exec the program has no process group of its own, and must get as far as to say what became of it.
  if (warden->phase == STARTING && warden->course != KILLED) return NO_PAUSE;
  int wait = warden->course == CONTINUED ? resume(warden) : NO_PAUSE;
  deliver_signals(warden);
  if (warden->course == STOPPING) return stop(warden);
  if (warden->course == KILLED) return end(warden);
  return wait;
}

static void drain_signals(struct warden *warden) {
  struct signalfd_siginfo signals[8];
  while (read(warden->signals, signals, sizeof signals) == (ssize_t)sizeof signals) continue;
}

_Noreturn static void watch(struct warden *warden) {
  for (int wait = NO_PAUSE;; wait = pursue(warden)) {
    struct pollfd watched[] = {
        {warden->control, POLLIN, 0}, {warden->signals, POLLIN, 0}, {warden->status, POLLIN, 0}};
    poll(watched, 3, wait);
    if (watched[0].revents) take_orders(warden);
    if (watched[2].revents) conclude_start(warden);
    if (watched[1].revents) drain_signals(warden);
    reap(warden);
  }
}

/// The program has its 0, 1, 2; held here as well, they would keep its pipes from ending.
static void release_stdio(void) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= 2; fd++) {
    if (null < 0) close(fd);
    else dup2(null, fd);
  }
  if (null > 2) close(null);
}

_Noreturn void warden_run(const struct start *start, uint64_t entity, const struct rlimit *files) {
  static struct warden warden;
  sigset_t watched;
  prctl(PR_SET_NAME, "heddle-warden");
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigemptyset(&watched);
  sigaddset(&watched, SIGCHLD);  // blocked since the keeper's start
  warden = (struct warden){.entity = entity, .control = WARDEN_CONTROL, .status = -1, .linger = start->linger};
  fcntl(WARDEN_CONTROL, F_SETFD, FD_CLOEXEC);
  warden.signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  if (warden.signals >= 0) warden.program = start_program(start, files, &warden.status);
  if (warden.signals < 0 || warden.program < 0) {
    say_start_failed(&warden, (struct failure){errno, STAGE_FORK});
    _exit(0);
  }
  release_stdio();
  watch(&warden);
}
