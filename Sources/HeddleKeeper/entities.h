#pragma once
#include <stdint.h>
#include <sys/types.h>
#include "warden.h"

/// What the daemon was told about an entity.
enum told { TOLD_NOTHING, TOLD_STARTED, TOLD_EXITED, TOLD_ALL };

/// One entity, from its START until its warden is reaped and, if that was killed, its orphans are gone.
struct entity {
  uint64_t id;
  enum told told;
  pid_t warden, program;  // program: 0 until STARTED
  int control;
  int ends[3];  // the daemon's descriptors until STARTED; then none
  int ends_count;
  struct orders orders;  // not yet taken by the warden's socket
  bool waiting;          // for that socket to take them
  struct entity *next_of_id, *next_of_warden;
};

struct entity *entity_of_id(uint64_t id);
struct entity *entity_of_warden(pid_t warden);
void entity_insert(struct entity *entity);
/// Takes it out of both tables; it is the caller's then.
void entity_remove(struct entity *entity);
void entities_each(void (*visit)(struct entity *entity));
