#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "outbox.h"
#include "requests.h"

/// The daemon, at the other end of DAEMON_FD: first it is served; then, once it is gone or at fault, no request is taken
/// any more, and all trees are to be ended.

/// To be called first. False: there is no memory.
bool daemon_inbox_open(void);
/// In a child, which has what a START said no longer: gives the memory of requests back.
void daemon_inbox_forget(void);

/// Greets it with the strings of HELLO, and watches its socket in the loop, with NULL for whose.
void daemon_open(const char *rung, const char *place, const char *reasons);
/// Tells it instead that it can't be served.
void daemon_refuse(const char *reason);

/// Puts a report in the outbox; takes ownership of `fds`.
void daemon_tell(const struct report *report, const int *fds, int fds_count);
/// Tells the daemon that it broke the protocol, and takes no request any more.
void daemon_fault(const char *reason);

/// Reads what is there, or learns that the daemon is gone. `events` are epoll's.
void daemon_hear(uint32_t events);
/// The next request; false: there is none, or none is taken any more.
bool daemon_next_request(struct request *request);
/// Sends what can be sent, and says to the loop what is of interest next.
void daemon_flush(void);

/// Whether requests are taken.
bool daemon_is_served(void);
/// Whether every report was sent, or can't be.
bool daemon_is_told(void);
/// What the keeper is to exit with when no tree is left.
enum keeper_status daemon_status(void);
