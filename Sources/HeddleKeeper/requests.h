#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "protocol.h"

/// What a program is started with.
struct start {
  enum stdin_mode stdin_mode;
  bool linger, allow_setuid;
  mode_t umask;
  char *directory;
  char **arguments, **environment;  // each ends with NULL, as execve(2) wants them
};

/// One request, decoded.
struct request {
  enum request_kind kind;
  uint64_t entity;
  uint64_t generation;  // SUSPEND, RESUME
  uint32_t signal;      // SIGNAL: 1...64
  struct start start;   // START
  void *storage;        // owns what `start` points to; NULL in a START for which there was no memory
};

/// The bytes from the daemon that were not decoded yet.
struct inbox {
  uint8_t *bytes;
  size_t begin, end, capacity;
};

enum inbox_answer { REQUEST_READY, REQUEST_PARTIAL, REQUEST_MALFORMED };

/// Reads once from `fd`. Room grows with the bytes received, at most to the longest request.
/// Returns what read(2) returns; -1 with ENOMEM when there is no room to be had.
ssize_t inbox_fill(struct inbox *inbox, int fd);

/// Decodes the next request. No length in it is believed before as many bytes are there, and no room is made that is not
/// paid for with bytes received. On REQUEST_READY the caller must request_free; on REQUEST_MALFORMED `reason` says why.
enum inbox_answer inbox_next(struct inbox *inbox, struct request *request, const char **reason);
void request_free(struct request *request);
