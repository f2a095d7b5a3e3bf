#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "protocol.h"

/// A bound that a program has, or has not.
struct limit {
  bool given;
  uint64_t most;
};

/// What a program is started with.
struct start {
  enum stdin_mode stdin_mode;
  bool linger, allow_setuid, channel, guarded;
  bool halted;     // it is to stop before its first instruction; which its START does not say
  int place;       // of its connection, as enum connection_place has it
  int connection;  // the connection, which is the request's; -1: there is none, or no descriptor was left to receive it
  mode_t umask;
  char *directory;
  char **arguments, **environment;  // each ends with NULL, as execve(2) wants them
  struct limit limits[LIMIT_CORE + 1];  // at the places of enum limited
};

/// One request, decoded. What `start` points to is the inbox's, until that is filled or asked again.
struct request {
  enum request_kind kind;
  uint64_t entity;      // 0 in an ARM
  uint64_t generation;  // SUSPEND, RESUME
  uint32_t signal;      // SIGNAL: 1...64
  uint64_t deadline;    // ARM
  struct start start;   // START
};

/// At most one comes with each read, and only the latest START can still be on its way in pieces.
enum { CONNECTIONS_MAX = 4 };

/// The bytes from the daemon that were not decoded yet, and the vectors of the latest START. It is meant to be zero pages
/// of its own: then it costs those that the longest request so far has filled, and no call can fail for want of memory.
struct inbox {
  size_t begin, end;
  const char *complaint;  // why the latest request was malformed; then it is to be asked no more
  size_t connections_count;
  int connections[CONNECTIONS_MAX];  // those of the next START requests, in order; -1 for one that was not received
  uint8_t bytes[4 + REQUEST_MAX];
  char *vectors[REQUEST_MAX / 4 + 2];
};

/// Reads once from `fd`, a Unix socket, and returns what read(2) would. There is always room when no request is whole.
ssize_t inbox_fill(struct inbox *inbox, int fd);
/// Decodes the next request. No length in it is believed before as many bytes are there. False: it is not whole yet, or
/// malformed.
bool inbox_next(struct inbox *inbox, struct request *request);
/// Closes what came with a request that was carried out.
void request_release(struct request *request);
