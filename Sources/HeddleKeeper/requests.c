#include "requests.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LENGTH_SIZE = 4, SMALL_ROOM = 4096, SIGNAL_MAX = 64 };

/// A request's bytes as they are taken, front to back. The first complaint stays; after it everything reads as zero.
struct cursor {
  const uint8_t *at, *end;
  const char *complaint;
};

static void complain(struct cursor *cursor, const char *reason) {
  if (!cursor->complaint) cursor->complaint = reason;
  cursor->at = cursor->end;
}

static size_t left(const struct cursor *cursor) { return (size_t)(cursor->end - cursor->at); }

static uint64_t take_integer(struct cursor *cursor, size_t width) {
  if (left(cursor) < width) return complain(cursor, "a field goes beyond its frame"), 0;
  uint64_t value = 0;
  for (size_t i = width; i-- > 0;) value = value << 8 | cursor->at[i];
  cursor->at += width;
  return value;
}

/// Copies a string to `*room` with a NUL behind it, and moves `*room` on: by at most what the string took in the frame.
static char *take_string(struct cursor *cursor, char **room) {
  size_t length = take_integer(cursor, 4);
  if (length > left(cursor)) complain(cursor, "a string goes beyond its frame");
  else if (memchr(cursor->at, 0, length)) complain(cursor, "a string holds a zero byte");
  if (cursor->complaint) return NULL;
  char *copy = memcpy(*room, cursor->at, length);
  copy[length] = 0;
  *room += length + 1;
  cursor->at += length;
  return copy;
}

/// Takes a list of strings; the NULL-ended vector goes to `*vectors`, which moves on behind it.
static char **take_list(struct cursor *cursor, char ***vectors, char **room) {
  size_t count = take_integer(cursor, 4);
  // Each item has a length field, so this bounds the vector by the bytes received.
  if (count > left(cursor) / 4) complain(cursor, "a list goes beyond its frame");
  if (cursor->complaint) return NULL;
  char **list = *vectors;
  for (size_t i = 0; i < count; i++) list[i] = take_string(cursor, room);
  list[count] = NULL;
  *vectors += count + 1;
  return list;
}

static void take_start(struct cursor *cursor, struct request *request) {
  struct start *start = &request->start;
  uint64_t mode = take_integer(cursor, 1), flags = take_integer(cursor, 1), mask = take_integer(cursor, 4);
  if (mode > STDIN_PIPE) return complain(cursor, "an unknown mode of standard input");
  if (flags & ~(uint64_t)(LINGER | ALLOW_SETUID)) return complain(cursor, "an unknown flag of a start");
  if (mask > 0777) return complain(cursor, "a umask beyond 0777");
  // Strings and vectors in one piece: a string needs no more room than it has in the frame, a vector a pointer for every
  // four bytes, and there are two final NULLs.
  size_t pointers = left(cursor) / 4 + 2;
  request->storage = malloc(pointers * sizeof(char *) + left(cursor));
  if (!request->storage) return (void)(cursor->at = cursor->end);
  char **vectors = request->storage, *room = (char *)(vectors + pointers);
  start->stdin_mode = (enum stdin_mode)mode;
  start->linger = flags & LINGER;
  start->allow_setuid = flags & ALLOW_SETUID;
  start->umask = (mode_t)mask;
  start->directory = take_string(cursor, &room);
  start->arguments = take_list(cursor, &vectors, &room);
  start->environment = take_list(cursor, &vectors, &room);
  if (!cursor->complaint && !start->arguments[0]) complain(cursor, "a start without arguments");
}

static void take_request(struct cursor *cursor, struct request *request) {
  request->kind = (enum request_kind)take_integer(cursor, 1);
  request->entity = take_integer(cursor, 8);
  switch (request->kind) {
  case START: take_start(cursor, request); break;
  case SUSPEND:
  case RESUME: request->generation = take_integer(cursor, 8); break;
  case SIGNAL:
    request->signal = (uint32_t)take_integer(cursor, 4);
    if (request->signal < 1 || request->signal > SIGNAL_MAX) complain(cursor, "a signal that does not exist");
    break;
  case KILL: break;
  default: complain(cursor, "an unknown kind of request");
  }
  if (left(cursor) > 0) complain(cursor, "a frame is longer than its fields");
  if (!cursor->complaint && request->entity == 0) complain(cursor, "an order for entity 0");
}

enum inbox_answer inbox_next(struct inbox *inbox, struct request *request, const char **reason) {
  struct cursor cursor = {inbox->bytes + inbox->begin, inbox->bytes + inbox->end, NULL};
  *request = (struct request){0};
  if (left(&cursor) < LENGTH_SIZE) return REQUEST_PARTIAL;
  size_t length = take_integer(&cursor, LENGTH_SIZE);
  if (length > REQUEST_MAX) return *reason = "a request beyond 2 MiB", REQUEST_MALFORMED;
  if (length > left(&cursor)) return REQUEST_PARTIAL;
  cursor.end = cursor.at + length;
  inbox->begin += LENGTH_SIZE + length;
  take_request(&cursor, request);
  if (!cursor.complaint) return REQUEST_READY;
  request_free(request);
  *reason = cursor.complaint;
  return REQUEST_MALFORMED;
}

void request_free(struct request *request) {
  free(request->storage);
  request->storage = NULL;
}

/// Moves what is left to the front, and changes the room when it is full, or far too large for nothing.
static bool make_room(struct inbox *inbox) {
  size_t held = inbox->end - inbox->begin, room = inbox->capacity;
  if (held > 0) memmove(inbox->bytes, inbox->bytes + inbox->begin, held);
  inbox->begin = 0;
  inbox->end = held;
  if (held == room) room = room ? 2 * room : SMALL_ROOM;
  else if (held == 0) room = SMALL_ROOM;
  if (room == inbox->capacity) return true;
  uint8_t *bytes = realloc(inbox->bytes, room);
  if (!bytes) return false;
  inbox->bytes = bytes;
  inbox->capacity = room;
  return true;
}

ssize_t inbox_fill(struct inbox *inbox, int fd) {
  if (!make_room(inbox)) return -1;
  ssize_t count = read(fd, inbox->bytes + inbox->end, inbox->capacity - inbox->end);
  if (count > 0) inbox->end += (size_t)count;
  return count;
}
