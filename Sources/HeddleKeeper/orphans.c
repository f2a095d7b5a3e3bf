#include "orphans.h"
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include "daemon.h"
#include "tree.h"
#include "wardens.h"

static void tell_exited(struct entity *entity, enum end_kind end, int code, bool core) {
  struct report report;
  report_exited(&report, entity->id, end, code, core);
  daemon_tell(&report, NULL, 0);
  entity->told = TOLD_EXITED;
  entity_set_program(entity, 0);
}

static void reaped(pid_t pid, int status) {
  struct entity *entity;
  // Its warden is dead, and has not reaped it; what that said before comes first.
  while ((entity = entity_of_program(pid)) && warden_hear(entity)) continue;
  if (!entity) return;
  if (WIFEXITED(status)) tell_exited(entity, END_EXIT, WEXITSTATUS(status), false);
  else tell_exited(entity, END_SIGNAL, WTERMSIG(status), WCOREDUMP(status));
}

static void conclude_lost(struct entity *entity) {
  if (entity->leash.control >= 0) return;
  struct report report;
  if (entity->told == TOLD_STARTED) tell_exited(entity, END_LOST, 0, false);
  if (entity->told == TOLD_NOTHING) {
    report_start_failed(&report, entity->id, EOWNERDEAD, STAGE_WARDEN);
  } else {
    report_begin(&report, EMPTY, entity->id);
    report_u32(&report, 0);
    report_u32(&report, 0);
  }
  daemon_tell(&report, NULL, 0);
  entity_free(entity);
  wardens_lost--;
}

/// Without __WCLONE a warden is no child of ours.
static bool is_orphan(pid_t child) {
  siginfo_t info;
  return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/// With all that they have forked: if those alone were killed that are children of ours already, who forks without end
/// would always have forked once more.
static void kill_orphans(void) {
  static struct tree tree = {.owns = is_orphan};
  tree_kill(&tree);
}

bool orphans_settle(bool died) {
  int status;
  pid_t pid;
  if (!died && wardens_lost == 0) return false;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) reaped(pid, status);
  if (pid == 0) kill_orphans();
  else if (wardens_lost > 0) entities_each(conclude_lost);
  return wardens_lost > 0;
}
