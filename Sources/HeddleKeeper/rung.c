#include "rung.h"
#include <stdio.h>
#include <string.h>
#include "groups.h"
#include "namespace.h"
#include "orphans.h"
#include "wardens.h"

static const char *opened_by_fork(const char *instance, bool asked) { return (void)instance, (void)asked, NULL; }
static const char *nowhere(void) { return ""; }
static void nothing_to_close(void) {}

/// Best first.
static const struct rung rungs[] = {
    {"cgroup", groups_open, groups_place, group_start, group_order, group_ready, groups_end, groups_settle, groups_close},
    {"pidns", namespace_open, nowhere, warden_start, warden_order, warden_ready, wardens_end, orphans_settle,
     nothing_to_close},
    {"subreaper", opened_by_fork, nowhere, warden_start, warden_order, warden_ready, wardens_end, orphans_settle,
     nothing_to_close},
};

const struct rung *rung_choose(const char *name, const char *instance, char reasons[static REASONS_MAX]) {
  bool automatic = strcmp(name, "auto") == 0;
  size_t used = 0;
  reasons[0] = 0;
  for (size_t i = 0; i < sizeof rungs / sizeof *rungs; i++) {
    if (!automatic && strcmp(name, rungs[i].name) != 0) continue;
    const char *reason = rungs[i].open(instance, !automatic);
    if (!reason) return &rungs[i];
    used += (size_t)snprintf(reasons + used, REASONS_MAX - used, "%s%s: %s", used ? "; " : "", rungs[i].name, reason);
    if (used >= REASONS_MAX) used = REASONS_MAX - 1;
  }
  if (used == 0) snprintf(reasons, REASONS_MAX, "there is no containment of that name");
  return NULL;
}
