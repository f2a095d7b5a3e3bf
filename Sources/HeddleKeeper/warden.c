#include "warden.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "daemon.h"
#include "deadline.h"
#include "hold.h"
#include "leash.h"
#include "namespace.h"
#include "orders.h"
#include "report.h"
#include "start.h"
#include "tree.h"

/// Pauses between two looks at a tree that is on its way, in milliseconds. What our own children do wakes us; that a
/// grandchild stopped does not. PAUSE_MAX is also the pause where only a mishap (no descriptor left) makes one needed.
enum { PAUSE_FIRST = 1, PAUSE_MAX = 32, NO_PAUSE = -1 };

/// How often at most a tree is continued for one order: a process in it may stop itself again and again.
enum { CONTINUE_PASSES_MAX = 6 };

/// Where the tree is going. KILLED is final.
enum course { FREE, CONTINUED, STOPPING, STOPPED, KILLED };

struct straggler {
  pid_t pid;
  struct process process;
};

struct warden {
  uint64_t entity, generation;
  enum request_kind awaited;  // the course that is to be reported, of that generation; 0: none
  struct hold hold;
  int control, signals;
  int timer;    // for the deadline, if that is of concern; -1: none
  bool halted;  // the program stops by itself, and is to be seen stopped before it is continued
  pid_t program;
  bool linger;
  bool ended;  // the program was reaped: its pid and process group may be another's
  enum course course;
  uint64_t signals_due;
  int pause;
  int passes;       // CONTINUED: so many are left
  bool head_start;  // the program was signalled, and may be given time before the next pass
  bool found;       // `tree` is still the whole tree: it stands, and none of it was reaped
  struct stillness seen;
  struct tree tree;
  uint32_t straggler_count;
  struct straggler stragglers[STRAGGLERS_MAX];
};

static void say(const struct report *report) {
  // Fails only if the keeper is gone; the end of its socket then says so.
  send(CHILD_CONTROL, report->bytes, report->size, MSG_NOSIGNAL);
}

static void say_started(struct warden *warden, const struct failure *failure) {
  struct report report;
  if (failure->stage) {
    report_start_failed(&report, warden->entity, failure->error, failure->stage);
  } else {
    report_begin(&report, STARTED, warden->entity);
    report_u32(&report, (uint32_t)namespace_outer(warden->program));
    report_u32(&report, (uint32_t)namespace_outer(getpid()));
    report_u8(&report, 0);  // the keeper knows how many descriptors it adds
  }
  say(&report);
}

static void say_course(struct warden *warden, enum report_kind kind) {
  struct report report;
  report_begin(&report, kind, warden->entity);
  report_u64(&report, warden->generation);
  say(&report);
  warden->awaited = 0;
}

static void say_exited(struct warden *warden, const siginfo_t *end) {
  struct report report;
  enum end_kind kind = end->si_code == CLD_EXITED ? END_EXIT : END_SIGNAL;
  report_exited(&report, warden->entity, kind, end->si_status, end->si_code == CLD_DUMPED);
  say(&report);
}

static void say_empty(struct warden *warden) {
  uint32_t named = warden->straggler_count < STRAGGLERS_MAX ? warden->straggler_count : STRAGGLERS_MAX;
  struct report report;
  report_begin(&report, EMPTY, warden->entity);
  report_u32(&report, warden->straggler_count);
  report_u32(&report, named);
  for (uint32_t i = 0; i < named; i++) {
    const struct straggler *straggler = &warden->stragglers[i];
    report_u32(&report, (uint32_t)straggler->pid);
    report_string(&report, straggler->process.name);
    report_u8(&report, straggler->process.session != warden->program);
  }
  say(&report);
}

static void never_called(int signal) { (void)signal; }

/// Whether SIGCHLD, which is blocked, comes when a child stops or goes on, and not only when it dies. With a handler, since
/// sigaction(2) discards a pending signal whose disposition is to ignore it, as SIGCHLD's default is.
static void hear_stops(bool heard) {
  sigaction(SIGCHLD, &(struct sigaction){.sa_handler = never_called, .sa_flags = heard ? 0 : SA_NOCLDSTOP}, NULL);
}

static void set_course(struct warden *warden, enum course course) {
  if (warden->course == KILLED) return;
  // As the init of a namespace we mean all that is in it and all that is being forked there, and nothing else.
  bool is_init = getpid() == 1;
  bool is_moving = course == KILLED || warden->course == FREE;
  // A tree that stands still is found whole; in one that was still stopping some may stop after they were passed by.
  warden->passes = warden->course == STOPPED ? 1 : CONTINUE_PASSES_MAX;
  warden->course = course;
  warden->pause = PAUSE_FIRST;
  warden->seen = (struct stillness){0};
  hear_stops(course == STOPPING);
  // At once, since it needs neither a walk nor a descriptor; and mostly the program is all there is, so that what comes
  // of it is awaited before the first pass.
  warden->head_start = is_moving && course != CONTINUED && (is_init || !warden->ended);
  if (warden->head_start) kill(is_init ? -1 : warden->program, course == KILLED ? SIGKILL : SIGSTOP);
}

/// Stops the tree, or lets it go, as it is held. What halts by itself is let go once it was seen to.
static void steer(struct warden *warden) {
  bool stands = warden->halted || hold_stands(&warden->hold);
  set_course(warden, stands ? STOPPING : CONTINUED);
}

/// Has the deadline wake us, if it would change anything.
static void await_deadline(struct warden *warden) {
  bool awaited = warden->hold.guarded && !warden->hold.fenced;
  if (warden->timer < 0 && awaited) warden->timer = deadline_timer();
  if (warden->timer >= 0) deadline_watch(warden->timer, awaited);
}

/// Whether the deadline has to be looked at again and again, since there is no timer for it.
static bool is_untimed(const struct warden *warden) {
  return warden->timer < 0 && warden->hold.guarded && !warden->hold.fenced;
}

/// Takes orders, which may be none, and looks at the deadline.
static void obey(struct warden *warden, const struct orders *orders) {
  bool stood = hold_stands(&warden->hold);
  hold_take(&warden->hold, orders);
  warden->signals_due |= orders->signals;
  if (orders->course) {
    warden->generation = orders->generation;
    warden->awaited = orders->course;
  }
  if (orders->course || hold_stands(&warden->hold) != stood) steer(warden);
  if (warden->awaited == RESUME && warden->hold.fenced) say_course(warden, RESUMED);
  if (orders->kill) set_course(warden, KILLED);
  await_deadline(warden);
}

static void look_at_deadline(struct warden *warden) { obey(warden, &(struct orders){0}); }

static void take_orders(struct warden *warden) {
  struct orders orders;
  ssize_t size = recv(warden->control, &orders, sizeof orders, MSG_DONTWAIT);
  if (size == (ssize_t)sizeof orders) return obey(warden, &orders);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  warden->control = -1;  // the keeper is gone, or wants us gone
  set_course(warden, KILLED);
}

static void program_ended(struct warden *warden, const siginfo_t *end) {
  warden->ended = true;
  say_exited(warden, end);
  if (!warden->linger) set_course(warden, KILLED);
}

/// Notes a process, still a zombie, that died of our SIGKILL.
static void note_straggler(struct warden *warden, pid_t pid) {
  uint32_t index = warden->straggler_count++;
  if (index >= STRAGGLERS_MAX) return;
  warden->stragglers[index].pid = namespace_outer(pid);
  process_look(pid, &warden->stragglers[index].process);
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
    bool is_program = end.si_pid == warden->program && !warden->ended;
    bool killed = end.si_code == CLD_KILLED && end.si_status == SIGKILL;
    if (!is_program && killed && warden->course == KILLED) note_straggler(warden, end.si_pid);
    waitid(P_PID, (id_t)end.si_pid, &end, WEXITED | __WALL);
    warden->found = false;
    if (is_program) program_ended(warden, &end);
  }
}

static void deliver_signals(struct warden *warden) {
  // A stopped process would go on; and when the tree does, it gets one anyway.
  bool stands = warden->course == STOPPING || warden->course == STOPPED;
  if (stands) warden->signals_due &= ~(UINT64_C(1) << (SIGCONT - 1));
  for (int signal = 1; warden->signals_due; signal++, warden->signals_due >>= 1) {
    // As long as the program is not reaped its process group can't be another's.
    if (warden->signals_due & 1 && !warden->ended) kill(-warden->program, signal);
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
  // All are found before one is woken: a parent that woke first could exit and take its children out of the walk's sight.
  size_t stopped = warden->found ? 0 : tree_find(&warden->tree);
  warden->found = false;
  tree_continue(&warden->tree);
  if (--warden->passes > 0 && (is_first || stopped > 0)) return lengthen_pause(warden);
  warden->course = FREE;
  if (warden->awaited == RESUME) say_course(warden, RESUMED);
  return NO_PAUSE;
}

/// All stand still. Returns the pause before the next pass.
static int conclude_stop(struct warden *warden) {
  warden->course = STOPPED;
  warden->found = true;
  if (warden->awaited == SUSPEND) say_course(warden, SUSPENDED);
  if (!warden->halted) return NO_PAUSE;
  warden->halted = false;
  if (hold_stands(&warden->hold)) return NO_PAUSE;
  return set_course(warden, CONTINUED), 0;
}

/// One pass. Returns the pause before the next.
static int stop(struct warden *warden) {
  struct stillness before = warden->seen;
  warden->seen = tree_stop(&warden->tree);
  if (warden->seen.moving == 0 && warden->seen.doubt == before.doubt) return conclude_stop(warden);
  bool wakes_us = warden->tree.count == warden->tree.direct && warden->seen.moving > 0;
  return wakes_us ? PAUSE_MAX : lengthen_pause(warden);
}

/// One step towards where the tree is going. Returns how long to wait for an event before the next one.
static int pursue(struct warden *warden) {
  int wait = warden->course == CONTINUED ? resume(warden) : NO_PAUSE;
  deliver_signals(warden);
  if (warden->head_start) return warden->head_start = false, PAUSE_MAX;
  if (warden->course == STOPPING) return stop(warden);
  if (warden->course != KILLED) return wait;
  tree_kill(&warden->tree);
  return PAUSE_MAX;  // cut short by the death of a child of ours
}

static void hear_children(struct warden *warden) {
  struct signalfd_siginfo signal;  // one at most is pending
  if (read(warden->signals, &signal, sizeof signal) > 0) reap(warden);
}

_Noreturn static void watch(struct warden *warden) {
  for (int wait = pursue(warden);; wait = pursue(warden)) {
    struct pollfd watched[] = {
        {warden->control, POLLIN, 0}, {warden->signals, POLLIN, 0}, {warden->timer, POLLIN, 0}};
    bool untimed = is_untimed(warden);
    poll(watched, 3, untimed && (wait == NO_PAUSE || wait > PAUSE_MAX) ? PAUSE_MAX : wait);
    if (untimed || watched[2].revents) look_at_deadline(warden);
    if (watched[0].revents) take_orders(warden);
    if (watched[1].revents) hear_children(warden);
  }
}

/// Gives back what was needed to start the program: the request, and the stack below ours, of which execvp(3) takes much.
static void give_back_memory(void) {
  enum { PAGE = 4096, BELOW = 16 * PAGE };
  uint8_t here;
  // But for a page, in which the call is made.
  uintptr_t end = ((uintptr_t)&here & ~(uintptr_t)(PAGE - 1)) - PAGE;
  madvise((void *)(end - BELOW), BELOW, MADV_DONTNEED);
  daemon_inbox_forget();
}

void warden_run(const struct start *start, uint64_t entity) {
  static struct warden warden;
  struct failure failure;
  sigset_t watched;
  prctl(PR_SET_NAME, "heddle-warden");
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigemptyset(&watched);
  sigaddset(&watched, SIGCHLD);  // blocked since the keeper's start
  // It is zero, and the most of it is better left untouched: there may be ten thousand of us.
  warden.entity = entity;
  warden.control = CHILD_CONTROL;
  warden.linger = start->linger;
  warden.hold.guarded = start->guarded;
  warden.halted = start->halted;
  warden.timer = -1;
  warden.signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  hear_stops(false);
  if (warden.signals < 0) failure = (struct failure){STAGE_FORK, errno};
  else if (!namespace_enter()) failure = (struct failure){STAGE_WARDEN, errno};
  else warden.program = start_program(start, &failure);
  close_range(0, start_has_third(start) ? 3 : 2, 0);  // the program's: held here as well, they would not end
  give_back_memory();
  say_started(&warden, &failure);
  if (failure.stage) _exit(0);
  look_at_deadline(&warden);
  if (warden.halted) steer(&warden);
  watch(&warden);
}
