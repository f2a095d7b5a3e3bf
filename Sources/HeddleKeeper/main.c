/// heddle-keeper: starts, stops and ends process trees for one daemon, and leaves none behind. See protocol.h.
///
/// The keeper forks a warden for each entity and is the subreaper of all: if a warden is killed, its orphans fall to the
/// keeper, which kills them. If the keeper is killed, each warden sees the end of its socket and kills its tree.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "entities.h"
#include "outbox.h"
#include "start.h"
#include "tree.h"

enum { EVENTS_MAX = 64, ORPHAN_PAUSE = 5 /* ms between two looks for orphans that survive */, NO_PAUSE = -1 };

static struct {
  int epoll, signals, daemon;  // daemon: -1 once it is gone
  uint32_t interest;           // what epoll watches the daemon's socket for
  bool ending;                 // no requests any more; leaves when no entity is left
  int exit_status;
  size_t entities;
  struct entity *lost;  // their wardens were killed; linked by next_of_id
  bool orphans;         // some were left at the latest look
  struct inbox inbox;
  struct outbox outbox;
  struct tree tree;
  struct rlimit files;  // as the daemon gave it to us, for the programs
} keeper;

static void watch(int fd, uint32_t events, void *whose, int operation) {
  struct epoll_event event = {.events = events, .data.ptr = whose};
  // Fails for want of memory only, and then nothing could be promised any more.
  if (epoll_ctl(keeper.epoll, operation, fd, &event) < 0) _exit(STATUS_NO_MEMORY);
}

static void tell(const struct report *report, const int *fds, int fds_count) {
  outbox_add(&keeper.outbox, report, fds, fds_count);
}

static void tell_start_failed(uint64_t entity, int error, enum start_stage stage) {
  struct report report;
  report_about(&report, START_FAILED, entity);
  report_u32(&report, (uint32_t)error);
  report_u8(&report, (uint8_t)stage);
  tell(&report, NULL, 0);
}

static void tell_exited(struct entity *entity, enum end_kind kind, int code, bool core) {
  struct report report;
  report_about(&report, EXITED, entity->id);
  report_u8(&report, (uint8_t)kind);
  report_u32(&report, (uint32_t)code);
  report_u8(&report, core);
  tell(&report, NULL, 0);
  entity->told = TOLD_EXITED;
}

static void tell_empty(struct entity *entity) {
  struct report report;
  report_about(&report, EMPTY, entity->id);
  report_u32(&report, 0);
  report_u32(&report, 0);
  tell(&report, NULL, 0);
}

// MARK: ends

static void order_end(struct entity *entity) {
  // Half a close: the warden reads its end, and what it still says is heard.
  if (entity->control >= 0) shutdown(entity->control, SHUT_WR);
}

static void end_all(int exit_status) {
  if (keeper.ending) return;
  keeper.ending = true;
  keeper.exit_status = exit_status;
  entities_each(order_end);
}

static void daemon_gone(void) {
  if (keeper.daemon < 0) return;
  close(keeper.daemon);
  keeper.daemon = -1;
  end_all(STATUS_DONE);
}

static void fault(const char *reason) {
  struct report report;
  report_begin(&report, FAULT);
  report_string(&report, reason);
  tell(&report, NULL, 0);
  end_all(STATUS_FAULT);
}

// MARK: requests

static void close_ends(struct entity *entity) {
  while (entity->ends_count > 0) close(entity->ends[--entity->ends_count]);
}

static void start(const struct request *request) {
  struct started started;
  struct entity *entity = request->storage ? calloc(1, sizeof *entity) : NULL;
  if (!entity) return tell_start_failed(request->entity, ENOMEM, STAGE_WARDEN);
  enum start_stage failed = start_warden(&request->start, request->entity, &keeper.files, &started);
  if (failed) {
    tell_start_failed(request->entity, errno, failed);
    return free(entity);
  }
  *entity = (struct entity){.id = request->entity, .warden = started.warden, .control = started.control};
  while (entity->ends_count < started.ends_count) {
    entity->ends[entity->ends_count] = started.ends[entity->ends_count];
    entity->ends_count++;
  }
  entity_insert(entity);
  keeper.entities++;
  watch(entity->control, EPOLLIN, entity, EPOLL_CTL_ADD);
}

/// Hands the orders on. A warden that is busy takes them later; until then newer ones replace them.
static void flush_orders(struct entity *entity) {
  if (entity->control < 0) return;
  ssize_t sent = send(entity->control, &entity->orders, sizeof entity->orders, MSG_DONTWAIT | MSG_NOSIGNAL);
  bool later = sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM);
  if (!later) entity->orders = (struct orders){0};
  if (later != entity->waiting) watch(entity->control, EPOLLIN | (later ? EPOLLOUT : 0), entity, EPOLL_CTL_MOD);
  entity->waiting = later;
}

static void order(const struct request *request) {
  struct entity *entity = entity_of_id(request->entity);
  if (!entity) return;
  struct orders *orders = &entity->orders;
  switch (request->kind) {
  case SUSPEND:
  case RESUME:
    orders->course = request->kind == SUSPEND ? ORDER_SUSPEND : ORDER_RESUME;
    orders->generation = request->generation;
    break;
  case SIGNAL: orders->signals |= UINT64_C(1) << (request->signal - 1); break;
  case KILL: orders->kill = true; break;
  case START: return fault("an entity is started twice");
  }
  flush_orders(entity);
}

static void take_requests(void) {
  struct request request;
  const char *reason;
  while (!keeper.ending) {
    switch (inbox_next(&keeper.inbox, &request, &reason)) {
    case REQUEST_PARTIAL: return;
    case REQUEST_MALFORMED: return fault(reason);
    case REQUEST_READY:
      if (request.kind == START && !entity_of_id(request.entity)) start(&request);
      else order(&request);
      request_free(&request);
    }
  }
}

static void hear_daemon(uint32_t events) {
  if (keeper.daemon < 0) return;
  if (keeper.ending) return events & (EPOLLHUP | EPOLLERR) ? daemon_gone() : (void)0;
  if (!(events & ~(uint32_t)EPOLLOUT)) return;
  ssize_t count = inbox_fill(&keeper.inbox, keeper.daemon);
  if (count > 0) return take_requests();
  if (count < 0 && errno == ENOMEM) return fault("no memory for a request");
  if (count == 0 || (errno != EAGAIN && errno != EINTR)) daemon_gone();
}

// MARK: wardens

/// Forwards one frame of a warden.
static void forward(struct entity *entity, struct report *report) {
  switch (report_kind(report)) {
  case STARTED:
    entity->told = TOLD_STARTED;
    entity->program = (pid_t)report_first_u32(report);
    report->bytes[report->size - 1] = (uint8_t)entity->ends_count;
    tell(report, entity->ends, entity->ends_count);
    entity->ends_count = 0;
    return;
  case EXITED: entity->told = TOLD_EXITED; break;
  case START_FAILED:
  case EMPTY: entity->told = TOLD_ALL; break;
  default: break;
  }
  tell(report, NULL, 0);
}

/// Closes our end of a warden's socket. A warden that is being forked may hold a copy for a moment, and while a copy lives
/// close(2) does not end epoll's interest: so that goes first.
static void hang_up(struct entity *entity) {
  if (entity->control < 0) return;
  epoll_ctl(keeper.epoll, EPOLL_CTL_DEL, entity->control, NULL);
  close(entity->control);
  entity->control = -1;
}

/// Hears all that a warden has said; hangs up at its end.
static void hear_warden(struct entity *entity) {
  struct report report;
  while (entity->control >= 0) {
    ssize_t size = recv(entity->control, report.bytes, sizeof report.bytes, MSG_DONTWAIT);
    if (size > 0) {
      report.size = (size_t)size;
      forward(entity, &report);
    } else if (size < 0 && errno == EAGAIN) {
      return;
    } else if (size == 0 || (errno != EINTR && errno != ECONNRESET)) {
      hang_up(entity);
    }  // else again: ECONNRESET comes once, before the warden's last words, if it died with orders unread
  }
}

static void forget(struct entity *entity) {
  close_ends(entity);
  keeper.entities--;
  free(entity);
}

static void reap_wardens(void) {
  for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG | (int)__WCLONE)) > 0;) {
    struct entity *entity = entity_of_warden(pid);
    if (!entity) continue;
    hear_warden(entity);
    hang_up(entity);
    entity_remove(entity);
    if (entity->told == TOLD_ALL) {
      forget(entity);
    } else {
      entity->next_of_id = keeper.lost;
      keeper.lost = entity;
    }
  }
}

// MARK: orphans

static void program_reaped(pid_t pid, int status) {
  for (struct entity *entity = keeper.lost; entity; entity = entity->next_of_id) {
    if (entity->told != TOLD_STARTED || entity->program != pid) continue;
    if (WIFEXITED(status)) tell_exited(entity, END_EXIT, WEXITSTATUS(status), false);
    else tell_exited(entity, END_SIGNAL, WTERMSIG(status), WCOREDUMP(status));
  }
}

/// No orphan is left: the last words that the killed wardens owe.
static void conclude_lost(void) {
  while (keeper.lost) {
    struct entity *entity = keeper.lost;
    keeper.lost = entity->next_of_id;
    if (entity->told == TOLD_NOTHING) {
      tell_start_failed(entity->id, EOWNERDEAD, STAGE_WARDEN);
    } else {
      if (entity->told == TOLD_STARTED) tell_exited(entity, END_LOST, 0, false);
      tell_empty(entity);
    }
    forget(entity);
  }
}

static bool is_warden(pid_t pid) { return entity_of_warden(pid) != NULL; }

static void reap(void) {
  int status;
  pid_t pid;
  reap_wardens();
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    reap_wardens();  // its warden is dead by now, if it was not a moment ago
    program_reaped(pid, status);
  }
  keeper.orphans = pid == 0;
  if (keeper.orphans) tree_kill_children(&keeper.tree, is_warden);
  else conclude_lost();
}

// MARK: the loop

/// Whether a child died since the latest call.
static bool hear_signals(void) {
  struct signalfd_siginfo signals[4];  // of each of the two signals one at most is pending
  return read(keeper.signals, signals, sizeof signals) > 0;
}

static void flush_reports(void) {
  if (keeper.daemon < 0) return;
  if (!outbox_flush(&keeper.outbox, keeper.daemon)) return daemon_gone();
  bool taking = !keeper.ending && keeper.outbox.count < OUTBOX_FULL;
  uint32_t interest = (taking ? EPOLLIN | EPOLLRDHUP : 0) | (keeper.outbox.count > 0 ? EPOLLOUT : 0);
  if (interest == keeper.interest) return;
  keeper.interest = interest;
  watch(keeper.daemon, interest, &keeper.daemon, EPOLL_CTL_MOD);
}

static void handle(const struct epoll_event *event) {
  if (event->data.ptr == &keeper.signals) return;
  if (event->data.ptr == &keeper.daemon) return hear_daemon(event->events);
  struct entity *entity = event->data.ptr;
  if (event->events & EPOLLOUT) flush_orders(entity);
  if (event->events & ~(uint32_t)EPOLLOUT) hear_warden(entity);
}

static int run(void) {
  struct epoll_event events[EVENTS_MAX];
  while (!keeper.ending || keeper.entities > 0) {
    int count = epoll_wait(keeper.epoll, events, EVENTS_MAX, keeper.orphans ? ORPHAN_PAUSE : NO_PAUSE);
    for (int i = 0; i < count; i++) handle(&events[i]);
    // Last, since it frees entities that an event may have named.
    if (keeper.orphans || hear_signals()) reap();
    flush_reports();
  }
  return keeper.exit_status;
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
  // Each entity costs a descriptor here; the programs get back what we were given.
  getrlimit(RLIMIT_NOFILE, &keeper.files);
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){keeper.files.rlim_max, keeper.files.rlim_max});
}

static void settle_signals(void) {
  const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
  signal(SIGCHLD, SIG_DFL);  // ignored, it would reap for us
  sigset_t watched;
  sigemptyset(&watched);
  sigaddset(&watched, SIGCHLD);
  sigaddset(&watched, SIGUSR1);
  sigprocmask(SIG_SETMASK, &watched, NULL);
  keeper.signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void greet(void) {
  struct report report;
  report_begin(&report, HELLO);
  report_u32(&report, PROTOCOL_VERSION);
  report_string(&report, BUILD_ID);
  report_string(&report, "subreaper");
  tell(&report, NULL, 0);
}

int main(void) {
  settle_descriptors();
  setsid();  // fails if we lead one already, which is as good
  if (chdir("/") < 0) refuse("can't enter /");
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) refuse("can't become a subreaper");
  if (access("/proc/thread-self/children", R_OK) < 0)
    refuse("/proc/thread-self/children can't be read: proc(5) must be mounted, with CONFIG_PROC_CHILDREN");
  settle_signals();
  keeper.epoll = epoll_create1(EPOLL_CLOEXEC);
  keeper.daemon = DAEMON_FD;
  outbox_init(&keeper.outbox);
  watch(keeper.signals, EPOLLIN, &keeper.signals, EPOLL_CTL_ADD);
  watch(keeper.daemon, 0, &keeper.daemon, EPOLL_CTL_ADD);
  greet();
  flush_reports();
  return run();
}
