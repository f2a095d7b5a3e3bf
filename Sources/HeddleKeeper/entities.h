#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "start.h"
#include "warden.h"

/// What the daemon was told about an entity.
enum told { TOLD_NOTHING, TOLD_STARTED, TOLD_EXITED, TOLD_ALL };

/// One entity, from its START until the daemon was told all and its warden is reaped.
struct entity {
  uint64_t id;
  enum told told;
  pid_t program;        // 0 until STARTED
  struct leash leash;   // `ends` until STARTED; without a control socket once the warden is lost
  struct orders orders;  // not yet taken by the warden's socket
  bool waiting;          // for that socket to take them
  struct entity *next;
};

/// So many there are.
extern size_t entities_count;

/// A new one in the table; NULL: there is no memory.
struct entity *entity_insert(uint64_t id);
void entity_free(struct entity *entity);
/// NULL: there is none.
struct entity *entity_of_id(uint64_t id);
/// The entity of a program that was not told to have ended; a linear search. NULL: there is none.
struct entity *entity_of_program(pid_t program);
/// `visit` may free the entity that it is given.
void entities_each(void (*visit)(struct entity *entity));
