#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "hold.h"
#include "leash.h"
#include "orders.h"
#include "report.h"
#include "start.h"

/// What the daemon was told about an entity.
enum told { TOLD_NOTHING, TOLD_STARTED, TOLD_EXITED, TOLD_ALL };

/// What the keeper knows of an entity that has a warden.
struct warded {
  bool waiting;   // for the socket to take orders
  bool is_exiting;  // `leash.control` is a pidfd of the warden, whose socket has ended
};

/// What the keeper knows of an entity that has a cgroup.
struct grouped {
  bool linger;
  bool ended;                 // by cgroup.kill: what it does till it is empty is of no interest
  int events;                 // its `cgroup.events`; in the loop once `leash.control` is closed
  struct hold hold;
  bool frozen;                // so it was told to be
  bool halted;                // the program stops by itself, and is to be continued once it is seen frozen
  enum request_kind awaited;  // the course that is to be seen there; 0: none
  uint64_t generation;
  struct failure failure;     // the program is none, and is awaited to be reaped
  struct report *stragglers;  // the EMPTY that names them; NULL: there were none
};

/// One entity, from its START until the daemon was told all and the child that was forked for it is reaped. Memory that
/// children do not get.
struct entity {
  uint64_t id;
  enum told told;
  bool guarded;          // it is to be told of the deadline
  pid_t program;         // 0 until STARTED, and once it is reaped
  struct leash leash;    // `ends` until STARTED; without a control socket once the warden is lost
  struct orders orders;  // not yet taken by the warden's socket, or done
  union {
    struct warded warded;
    struct grouped grouped;
  };
  struct entity *next, *next_program;
};

/// To be called first. False: there is no memory.
bool entities_open(void);

/// So many there are.
extern size_t entities_count;

/// A new one in the table; NULL: there is no memory.
struct entity *entity_insert(uint64_t id);
void entity_free(struct entity *entity);
/// NULL: there is none.
struct entity *entity_of_id(uint64_t id);
/// Says which process is its program, so that entity_of_program finds it; 0: none any more.
void entity_set_program(struct entity *entity, pid_t program);
/// NULL: there is none.
struct entity *entity_of_program(pid_t program);
/// `visit` may free the entity that it is given.
void entities_each(void (*visit)(struct entity *entity));
