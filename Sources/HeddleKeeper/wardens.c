#include "wardens.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "daemon.h"
#include "loop.h"
#include "namespace.h"
#include "warden.h"

size_t wardens_lost;

static void fail(uint64_t entity, int error, enum start_stage stage) {
  struct report report;
  report_start_failed(&report, entity, error, stage);
  daemon_tell(&report, NULL, 0);
}

void warden_start(const struct request *request) {
  if (entity_of_id(request->entity)) return daemon_fault("an entity is started twice");
  struct entity *entity = entity_insert(request->entity);
  if (!entity) return fail(request->entity, ENOMEM, STAGE_WARDEN);
  static const struct child warden = {namespace_fork, warden_run, STAGE_WARDEN};
  entity->warded = (struct warded){0};
  entity->guarded = request->start.guarded;
  enum start_stage failed = leash_start(&warden, &request->start, request->entity, &entity->leash);
  if (!failed) return loop_watch(entity->leash.control, EPOLLIN, entity);
  fail(request->entity, errno, failed);
  entity_free(entity);
}

// MARK: orders

/// Hands the orders on. A warden that is busy takes them later; until then newer ones replace them.
static void flush_orders(struct entity *entity) {
  int control = entity->leash.control;
  if (control < 0 || entity->warded.is_exiting) return;
  ssize_t sent = send(control, &entity->orders, sizeof entity->orders, MSG_DONTWAIT | MSG_NOSIGNAL);
  bool later = sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM);
  if (!later) entity->orders = (struct orders){0};
  if (later != entity->warded.waiting) loop_change(control, EPOLLIN | (later ? EPOLLOUT : 0), entity);
  entity->warded.waiting = later;
}

void warden_order(const struct request *request) {
  struct entity *entity = entity_of_id(request->entity);
  if (!entity) return;
  orders_add(&entity->orders, request);
  flush_orders(entity);
}

static void end(struct entity *entity) {
  // Half a close: the warden reads its end, and what it still says is heard.
  if (entity->leash.control >= 0 && !entity->warded.is_exiting) shutdown(entity->leash.control, SHUT_WR);
}

void wardens_end(void) { entities_each(end); }

// MARK: what they say

static void forward(struct entity *entity, struct report *report) {
  struct leash *leash = &entity->leash;
  int fds_count = 0;
  switch (report_kind(report)) {
  case STARTED:
    entity->told = TOLD_STARTED;
    entity_set_program(entity, (pid_t)report_first_u32(report));
    report->bytes[report->size - 1] = (uint8_t)leash->ends_count;
    fds_count = leash->ends_count;
    leash->ends_count = 0;
    break;
  case EXITED:
    entity->told = TOLD_EXITED;
    entity_set_program(entity, 0);
    break;
  case START_FAILED:
  case EMPTY: entity->told = TOLD_ALL; break;
  default: break;
  }
  daemon_tell(report, leash->ends, fds_count);
}

static void forget_control(struct leash *leash) {
  // A warden that is being forked may hold a copy for a moment, and while a copy lives close(2) does not end epoll's
  // interest: so that goes first.
  loop_forget(leash->control);
  close(leash->control);
  leash->control = -1;
}

/// Reaps the warden, with `how` for waitpid(2). False: it is still exiting.
static bool reap(struct entity *entity, int how) {
  if (waitpid(entity->leash.child, NULL, (int)__WCLONE | how) == 0) return false;
  if (entity->leash.control >= 0) forget_control(&entity->leash);
  if (entity->told == TOLD_ALL) entity_free(entity);
  else wardens_lost++;
  return true;
}

/// The socket has ended, so the warden is exiting, and nobody else can say a word for it. An init waits there for the end of
/// all in its namespace, which we await in the loop.
static void socket_ended(struct entity *entity) {
  struct leash *leash = &entity->leash;
  forget_control(leash);
  leash_close_ends(leash);
  if (reap(entity, WNOHANG)) return;
  leash->control = (int)syscall(SYS_pidfd_open, leash->child, 0);
  entity->warded.is_exiting = leash->control >= 0;
  if (leash->control >= 0) loop_watch(leash->control, EPOLLIN, entity);
  else reap(entity, 0);
}

bool warden_hear(struct entity *entity) {
  struct report report;
  if (entity->leash.control < 0 || entity->warded.is_exiting) return false;
  ssize_t size = recv(entity->leash.control, report.bytes, sizeof report.bytes, MSG_DONTWAIT);
  // ECONNRESET comes once, before the warden's last words, if it died with orders unread.
  if (size < 0) return errno == EINTR || errno == ECONNRESET;
  if (size == 0) return socket_ended(entity), false;
  report.size = (size_t)size;
  forward(entity, &report);
  return true;
}

void warden_ready(struct entity *entity, uint32_t events) {
  if (entity->warded.is_exiting) return (void)reap(entity, WNOHANG);
  if (events & EPOLLOUT) flush_orders(entity);
  if (events & ~(uint32_t)EPOLLOUT) warden_hear(entity);
}
