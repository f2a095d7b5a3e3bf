/// heddle-keeper: starts, stops and ends process trees for one daemon, and leaves none behind. See protocol.h.
///
///     heddle-keeper auto|cgroup|pidns|subreaper INSTANCE, with the daemon's socket as descriptor 3
///
/// How trees are held together is a rung's business; see rung.h. The keeper is the subreaper of all: what loses its parent
/// falls to the keeper. With wardens, if one is killed, its orphans fall to the keeper, which kills them; if the keeper is
/// killed, each warden sees the end of its socket and kills its tree. With cgroups, if the keeper is killed, the programs
/// get their death signal, and the daemon, or else the next one, ends the rest.
///
/// INSTANCE is the same for all daemons of one socket, and no other's: letters, digits and dashes, 64 at most.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon.h"
#include "deadline.h"
#include "fence.h"
#include "leash.h"
#include "loop.h"
#include "rung.h"

enum { EVENTS_MAX = 64, RESTLESS_PAUSE = 5 /* ms to the next look, if the rung wants one unasked */, NO_PAUSE = -1 };

static int epoll, signals;
static const struct rung *rung;
static char deadline_mark;  // whose the deadline's timer is, in the loop

// MARK: the loop

static void control(int operation, int fd, uint32_t events, void *whose) {
  struct epoll_event event = {.events = events, .data.ptr = whose};
  if (epoll_ctl(epoll, operation, fd, &event) < 0) _exit(STATUS_NO_MEMORY);
}

void loop_watch(int fd, uint32_t events, void *whose) { control(EPOLL_CTL_ADD, fd, events, whose); }
void loop_change(int fd, uint32_t events, void *whose) { control(EPOLL_CTL_MOD, fd, events, whose); }
void loop_forget(int fd) { control(EPOLL_CTL_DEL, fd, 0, NULL); }

/// Whether a child of ours has died; a warden does so in silence.
static bool hear_signal(void) {
  struct signalfd_siginfo signal;  // one at most is pending
  return read(signals, &signal, sizeof signal) > 0;
}

static void take(struct request *request) {
  // Decided here once, for us and for the child.
  request->start.halted = request->start.guarded && deadline_has_passed();
  fence_look();
  switch (request->kind) {
  case START: return rung->start(request);
  case ARM: return fence_arm(request);
  case GUARD: return fence_guard(request);
  default: return rung->order(request);
  }
}

static void run(void) {
  struct epoll_event events[EVENTS_MAX];
  struct request request;
  for (bool ending = false, restless = false;;) {
    bool child_died = false;
    // The daemon's end may show while it is told something, so that is looked at here, right before the wait.
    daemon_flush();
    if (!ending && !daemon_is_served()) ending = true, rung->end();
    if (ending && entities_count == 0 && daemon_is_told()) return;
    int count = epoll_wait(epoll, events, EVENTS_MAX, restless ? RESTLESS_PAUSE : NO_PAUSE);
    fence_look();
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr == &deadline_mark) continue;
      if (events[i].data.ptr == NULL) daemon_hear(events[i].events);
      else if (events[i].data.ptr == &signals) child_died = hear_signal();
      else rung->ready(events[i].data.ptr, events[i].events);
    }
    while (daemon_next_request(&request)) {
      take(&request);
      request_release(&request);
    }
    // Last, since it frees entities that an event may have named.
    restless = rung->settle(child_died);
  }
}

// MARK: the start

_Noreturn static void refuse(const char *why) {
  fprintf(stderr, "heddle-keeper: %s\n", why);
  exit(STATUS_UNUSABLE);
}

static void settle_descriptors(void) {
  int fd, type;
  socklen_t size = sizeof type;
  if (getsockopt(DAEMON_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_STREAM)
    refuse("descriptor 3 is not a stream socket; this program is started by `heddle daemon`");
  // From here on no descriptor of ours is 0, 1 or 2, which start.c relies on.
  while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= 2) continue;
  if (close_range(DAEMON_FD + 1, ~0U, 0) < 0) refuse("close_range(2) is missing: Linux 5.11 is needed");
  fcntl(DAEMON_FD, F_SETFD, FD_CLOEXEC);
  fcntl(DAEMON_FD, F_SETFL, O_NONBLOCK);
}

static void open_loop(void) {
  sigset_t watched;
  sigemptyset(&watched);
  sigaddset(&watched, SIGCHLD);
  sigprocmask(SIG_SETMASK, &watched, NULL);
  signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  loop_watch(signals, EPOLLIN, &signals);
}

static void choose_rung(const char *name, const char *instance) {
  static char reasons[REASONS_MAX];
  rung = rung_choose(name, instance, reasons);
  if (rung && !fence_open(rung, &deadline_mark)) refuse("no timer can be made");
  if (rung) return daemon_open(rung->name, rung->place(), reasons);
  daemon_refuse(reasons);
  exit(STATUS_UNUSABLE);
}

int main(int count, char **arguments) {
  if (count != 3 || strlen(arguments[2]) > 64) refuse("this program is started by `heddle daemon`");
  settle_descriptors();
  if (!entities_open() || !daemon_inbox_open() || !deadline_open() || !leash_open())
    refuse("no memory, or no descriptors, to start programs with");
  setsid();  // fails if we lead one already, which is as good
  if (chdir("/") < 0) refuse("can't enter /");
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) refuse("can't become a subreaper");
  if (access("/proc/thread-self/children", R_OK) < 0)
    refuse("/proc/thread-self/children can't be read: proc(5) must be mounted, with CONFIG_PROC_CHILDREN");
  start_settle();
  open_loop();
  choose_rung(arguments[1], arguments[2]);
  run();
  rung->close();
  return (int)daemon_status();
}
