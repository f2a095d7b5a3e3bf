#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "entities.h"

/// The keeper's side of the wardens: makes them, hands orders on to them, and hears them until their ends.

/// So many entities have lost their wardens, which were killed before their last words: who they were is in the table,
/// without a control socket, and what they left are orphans.
extern size_t wardens_lost;

/// Starts the program of a START.
void warden_start(const struct request *request);
/// Hands any other request on to the warden of its entity, if there is one.
void warden_order(const struct request *request);
/// Ends every tree.
void wardens_end(void);

/// Answers epoll: tries the orders again that wait, and hears what the warden says. May free the entity.
void warden_ready(struct entity *entity, uint32_t events);
/// Forwards one frame, or learns that the warden is dead and may free the entity. False: there is nothing more to hear.
bool warden_hear(struct entity *entity);
