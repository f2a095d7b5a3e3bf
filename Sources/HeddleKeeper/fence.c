#include "fence.h"
#include <sys/epoll.h>
#include "daemon.h"
#include "deadline.h"
#include "loop.h"

static const struct rung *rung;
static int timer;
static bool armed;  // a deadline of which the daemon was not told that it passed

bool fence_open(const struct rung *chosen, void *whose) {
  rung = chosen;
  timer = deadline_timer();
  if (timer >= 0) loop_watch(timer, EPOLLIN, whose);
  return timer >= 0;
}

static void order_guarded(const struct entity *entity, enum request_kind kind) {
  if (entity->guarded) rung->order(&(struct request){.kind = kind, .entity = entity->id});
}

static void stop(struct entity *entity) { order_guarded(entity, FENCE); }
static void remind(struct entity *entity) { order_guarded(entity, GUARD); }

/// The armed deadline has passed: all are told first, and stop at the same time.
static void fire(void) {
  struct report report;
  armed = false;
  entities_each(stop);
  report_begin(&report, FENCED, 0);
  daemon_tell(&report, NULL, 0);
}

void fence_look(void) {
  if (!armed || !deadline_has_passed()) return;
  fire();
  deadline_watch(timer, false);
}

void fence_arm(const struct request *request) {
  uint64_t before = deadline_get();
  bool passed = deadline_set(request->deadline);
  // A warden may have seen it, and waits to be told to go on: so the daemon has to hear of it, though the next is armed.
  if (armed && passed) fire();
  armed = request->deadline != NEVER;
  deadline_watch(timer, armed);
  // Wardens look again when the one passes that they know of: of an earlier one they have to be told.
  if (request->deadline < before) entities_each(remind);
}

void fence_guard(const struct request *request) {
  struct entity *entity = entity_of_id(request->entity);
  if (entity) entity->guarded = true;
  rung->order(request);
}
