#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "entities.h"

/// One rung of the ladder of containment: a way in which process trees are started, stopped, ended and seen empty.
struct rung {
  const char *name;
  /// Makes it ready, for the daemon's `instance`. `asked`: it was asked for by its name. Returns NULL, or why it does not
  /// work here, as a sentence's end.
  const char *(*open)(const char *instance, bool asked);
  /// Where in the file system the trees can be ended when we are gone; "": nowhere.
  const char *(*place)(void);
  /// Starts the program of a START.
  void (*start)(const struct request *request);
  /// Does any other request, if its entity is there.
  void (*order)(const struct request *request);
  /// Answers epoll. May free the entity.
  void (*ready)(struct entity *entity, uint32_t events);
  /// Ends every tree.
  void (*end)(void);
  /// The last step of a turn of the loop: reaps, if a child of ours has died. True: look again soon, unasked.
  bool (*settle)(bool child_died);
  /// Removes what `open` made; no entity is left.
  void (*close)(void);
};

/// The rung named `name`, opened; for "auto" the first that works, with `reasons` saying why those before it do not.
/// NULL: none, and `reasons` says why.
const struct rung *rung_choose(const char *name, const char *instance, char reasons[static REASONS_MAX]);
