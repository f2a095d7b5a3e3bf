#include "groups.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cgroup.h"
#include "daemon.h"
#include "loop.h"
#include "tree.h"

static pid_t keeper;
static bool unsettled;  // an order could not be done, and is to be tried again

const char *groups_open(const char *instance, bool asked) {
  (void)asked;
  keeper = getpid();
  return cgroup_open(instance);
}

const char *groups_place(void) { return cgroup_path(); }
void groups_close(void) { cgroup_close(); }

// MARK: the start

static void fail(uint64_t entity, struct failure failure) {
  struct report report;
  report_start_failed(&report, entity, failure.error, failure.stage);
  daemon_tell(&report, NULL, 0);
}

/// In the new process: becomes the program, or says why it can't.
static void run(const struct start *start, uint64_t entity) {
  (void)entity;
  // The program's connection may want our number.
  int control = start->place == CHILD_CONTROL ? fcntl(CHILD_CONTROL, F_DUPFD_CLOEXEC, CHILD_CONTROL + 1) : CHILD_CONTROL;
  struct failure failure = start_become(start, keeper);
  send(control, &failure, sizeof failure, MSG_NOSIGNAL);
  _exit(127);
}

/// Makes the cgroup and forks the program into it. Returns why it can't, and then nothing is left.
static struct failure begin(struct entity *entity, const struct start *start) {
  static const struct child program = {cgroup_fork, run, STAGE_FORK};
  struct grouped *group = &entity->grouped;
  *group = (struct grouped){.linger = start->linger, .halted = start->halted, .events = cgroup_make(entity->id)};
  group->hold.guarded = entity->guarded = start->guarded;
  if (group->events < 0) return (struct failure){STAGE_FORK, errno};
  struct failure failure = {.stage = leash_start(&program, start, entity->id, &entity->leash)};
  failure.error = errno;
  if (failure.stage) {
    close(group->events);
    cgroup_remove(entity->id);
  }
  return failure;
}

void group_start(const struct request *request) {
  if (entity_of_id(request->entity)) return daemon_fault("an entity is started twice");
  struct entity *entity = entity_insert(request->entity);
  if (!entity) return fail(request->entity, (struct failure){STAGE_FORK, ENOMEM});
  struct failure failure = begin(entity, &request->start);
  if (failure.stage) {
    entity_free(entity);
    return fail(request->entity, failure);
  }
  entity_set_program(entity, entity->leash.child);
  loop_watch(entity->leash.control, EPOLLIN, entity);
}

// MARK: orders

/// The report that will name those of `pids` who are not the program.
static struct report *name_stragglers(const struct entity *entity, const pid_t *pids, size_t listed, size_t others) {
  struct report *report = malloc(sizeof *report);
  size_t room = others < STRAGGLERS_MAX ? others : STRAGGLERS_MAX;
  if (!report) return NULL;
  report_begin(report, EMPTY, entity->id);
  report_u32(report, (uint32_t)others);
  report_u32(report, (uint32_t)room);
  for (size_t i = 0; i < listed && room > 0; i++) {
    struct process process = {0};
    if (pids[i] == entity->leash.child) continue;
    process_look(pids[i], &process);
    report_u32(report, (uint32_t)pids[i]);
    report_string(report, process.name);
    report_u8(report, process.session != entity->leash.child);
    room--;
  }
  return report;
}

/// Kills all, after noting who is there besides the program. False: that could not be done now.
static bool end(struct entity *entity) {
  enum { LISTED_MAX = STRAGGLERS_MAX + 1 };
  struct grouped *group = &entity->grouped;
  pid_t pids[LISTED_MAX];
  size_t count = cgroup_list(entity->id, pids, LISTED_MAX), others = count;
  for (size_t i = 0; i < count && i < LISTED_MAX; i++) others -= pids[i] == entity->leash.child;
  if (others > 0 && !group->stragglers) {
    group->stragglers = name_stragglers(entity, pids, count < LISTED_MAX ? count : LISTED_MAX, others);
  }
  // Not reaped, its pid can't be another's. It is not in its cgroup yet if that has to be entered after the fork.
  bool is_killed = entity->program && kill(entity->program, SIGKILL) == 0;
  // Of a program that is alone that is all there is to kill; a child that it was just making is found when it is reaped.
  bool is_alone = count == 1 && others == 0;
  return group->ended = (is_killed && is_alone) || cgroup_kill(entity->id);
}

static void send_signals(const struct entity *entity) {
  for (int signal = 1; signal <= 64; signal++) {
    // As long as the program is not reaped its process group can't be another's.
    if (entity->orders.signals >> (signal - 1) & 1 && entity->told == TOLD_STARTED) kill(-entity->program, signal);
  }
}

/// Says what `cgroup.events` shows; may free the entity.
static void look(struct entity *entity);

/// Freezes the tree, or lets it go, as it is held. What halts by itself is let go once it was seen to.
static void steer(struct entity *entity) {
  struct grouped *group = &entity->grouped;
  bool frozen = group->halted || hold_stands(&group->hold);
  if (frozen == group->frozen) return;
  if (cgroup_freeze(entity->id, frozen)) group->frozen = frozen;
  else unsettled = true;
}

/// Takes the orders that a tree which began, and is not ended, can have.
static void take_orders(struct entity *entity) {
  struct orders *orders = &entity->orders;
  struct grouped *group = &entity->grouped;
  if (orders->course) {
    group->awaited = orders->course;
    group->generation = orders->generation;
  }
  hold_take(&group->hold, orders);
  send_signals(entity);
  *orders = (struct orders){.kill = orders->kill};
  steer(entity);
}

/// Does what was ordered. Before the program is executed that is only its end: a frozen start would come to none.
static void obey(struct entity *entity) {
  struct orders *orders = &entity->orders;
  struct grouped *group = &entity->grouped;
  if (orders->kill) orders->kill = !end(entity);
  if (orders->kill) unsettled = true;
  if (group->ended) group->awaited = 0;
  else if (entity->told != TOLD_NOTHING) take_orders(entity);
  if (group->awaited) look(entity);
}

void group_order(const struct request *request) {
  struct entity *entity = entity_of_id(request->entity);
  if (!entity) return;
  orders_add(&entity->orders, request);
  obey(entity);
}

static void order_end(struct entity *entity) {
  entity->orders.kill = true;
  obey(entity);
}

void groups_end(void) { entities_each(order_end); }

// MARK: what is seen

static void say_course(struct entity *entity, enum report_kind kind) {
  struct report report;
  report_begin(&report, kind, entity->id);
  report_u64(&report, entity->grouped.generation);
  daemon_tell(&report, NULL, 0);
  entity->grouped.awaited = 0;
}

enum { UNREMOVED_MAX = 1024, REMOVED_MAX = 64 };

static uint64_t unremoved[UNREMOVED_MAX];  // entities that are over; their cgroups are still to be removed
static size_t unremoved_count;

/// Has an empty cgroup removed when there is time: that takes the kernel longer than all the rest of a death.
static void remove_later(uint64_t entity) {
  if (unremoved_count == UNREMOVED_MAX) return cgroup_remove(entity);
  unremoved[unremoved_count++] = entity;
}

static void remove_some(void) {
  for (int i = 0; i < REMOVED_MAX && unremoved_count > 0; i++) cgroup_remove(unremoved[--unremoved_count]);
}

/// Nothing is left: the last word, and the end of the entity.
static void conclude(struct entity *entity) {
  struct grouped *group = &entity->grouped;
  struct report plain;
  report_begin(&plain, EMPTY, entity->id);
  report_u32(&plain, 0);
  report_u32(&plain, 0);
  loop_forget(group->events);
  close(group->events);
  leash_close_ends(&entity->leash);
  remove_later(entity->id);
  if (group->failure.stage) fail(entity->id, group->failure);
  else daemon_tell(group->stragglers ? group->stragglers : &plain, NULL, 0);
  free(group->stragglers);
  entity_free(entity);
}

/// The program is frozen, so its stop at the start has come, and nothing but that keeps it from going on with the others.
static void undo_halt(struct entity *entity) {
  // Not reaped, its pid can't be another's.
  if (entity->program) kill(entity->program, SIGCONT);
  entity->grouped.halted = false;
  steer(entity);
}

static void look(struct entity *entity) {
  struct grouped *group = &entity->grouped;
  struct cgroup_state state = cgroup_look(group->events);
  if (group->awaited == SUSPEND && state.frozen) say_course(entity, SUSPENDED);
  if (group->awaited == RESUME && (group->hold.fenced || !state.frozen)) say_course(entity, RESUMED);
  if (group->halted && state.frozen) undo_halt(entity);
  bool reaped = entity->program == 0;
  if (reaped && !state.populated) conclude(entity);
}

static void say_started(struct entity *entity) {
  struct leash *leash = &entity->leash;
  struct report report;
  report_begin(&report, STARTED, entity->id);
  report_u32(&report, (uint32_t)entity->program);
  report_u32(&report, 0);
  report_u8(&report, (uint8_t)leash->ends_count);
  daemon_tell(&report, leash->ends, leash->ends_count);
  leash->ends_count = 0;
  entity->told = TOLD_STARTED;
}

/// The start has come to its end, which shows as that of the child's socket; the child may be dead, but is not reaped.
static void conclude_start(struct entity *entity) {
  struct leash *leash = &entity->leash;
  struct failure *failure = &entity->grouped.failure;
  // The end alone, or, if a child that is being forked holds a copy for a moment, not even that: it said nothing.
  if (recv(leash->control, failure, sizeof *failure, MSG_DONTWAIT) != sizeof *failure)
    *failure = (struct failure){start_was_executed(leash->child) ? 0 : STAGE_EXEC, ETIMEDOUT};
  loop_forget(leash->control);
  close(leash->control);
  leash->control = -1;
  loop_watch(entity->grouped.events, EPOLLPRI, entity);
  if (failure->stage) return;
  say_started(entity);
  obey(entity);
}

void group_ready(struct entity *entity, uint32_t events) {
  (void)events;
  if (entity->leash.control >= 0) conclude_start(entity);
  else look(entity);
}

static void say_exited(struct entity *entity, const siginfo_t *end) {
  struct report report;
  enum end_kind kind = end->si_code == CLD_EXITED ? END_EXIT : END_SIGNAL;
  report_exited(&report, entity->id, kind, end->si_status, end->si_code == CLD_DUMPED);
  daemon_tell(&report, NULL, 0);
  entity->told = TOLD_EXITED;
}

static void program_died(struct entity *entity, const siginfo_t *end) {
  if (entity->leash.control >= 0) conclude_start(entity);
  waitpid(entity->program, NULL, 0);
  entity_set_program(entity, 0);
  bool started = !entity->grouped.failure.stage;
  if (started) say_exited(entity, end);
  bool lives_on = cgroup_look(entity->grouped.events).populated;
  if (lives_on && !(started && entity->grouped.linger)) order_end(entity);
  if (!lives_on) look(entity);
}

bool groups_settle(bool child_died) {
  bool again = unsettled;
  unsettled = false;
  if (again) entities_each(obey);
  for (siginfo_t end = {0}; child_died; end = (siginfo_t){0}) {
    if (waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT) < 0 || end.si_pid == 0) break;
    struct entity *entity = entity_of_program(end.si_pid);
    if (entity) program_died(entity, &end);
    else waitpid(end.si_pid, NULL, 0);  // an orphan of some tree
  }
  if (!child_died) remove_some();
  return unsettled || unremoved_count > 0;
}
