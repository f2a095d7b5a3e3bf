#include "requests.h"
#include <string.h>
#include <unistd.h>

enum { LENGTH_SIZE = 4, READ_MAX = 4096, SIGNAL_MAX = 64 };

/// A request's bytes as they are taken, front to back. The first complaint stays; after it everything reads as zero.
struct cursor {
  uint8_t *at, *end;
  char **vectors;  // room for the pointers of the next list
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

/// Takes a string, in place: it moves over its own length field, which makes room for the NUL behind it.
static char *take_string(struct cursor *cursor) {
  size_t length = take_integer(cursor, LENGTH_SIZE);
  if (length > left(cursor)) complain(cursor, "a string goes beyond its frame");
  else if (memchr(cursor->at, 0, length)) complain(cursor, "a string holds a zero byte");
  if (cursor->complaint) return NULL;
  char *string = memmove(cursor->at - LENGTH_SIZE, cursor->at, length);
  string[length] = 0;
  cursor->at += length;
  return string;
}

/// Takes a list of strings, as a vector that ends with NULL.
static char **take_list(struct cursor *cursor) {
  size_t count = take_integer(cursor, 4);
  // Each item has a length field, so the vectors of a frame hold a pointer for every four bytes, and two NULLs.
  if (count > left(cursor) / 4) complain(cursor, "a list goes beyond its frame");
  if (cursor->complaint) return NULL;
  char **list = cursor->vectors;
  for (size_t i = 0; i < count; i++) list[i] = take_string(cursor);
  list[count] = NULL;
  cursor->vectors += count + 1;
  return list;
}

static void take_limits(struct cursor *cursor, struct limit *limits) {
  // Each is taken off the frame, so that the count need not be believed.
  for (uint64_t count = take_integer(cursor, 4); count > 0 && !cursor->complaint; count--) {
    uint64_t what = take_integer(cursor, 1), most = take_integer(cursor, 8);
    if (cursor->complaint) return;
    if (what < LIMIT_NOFILE || what > LIMIT_CORE) return complain(cursor, "an unknown limit");
    limits[what] = (struct limit){true, most};
  }
}

static void take_start(struct cursor *cursor, struct start *start) {
  uint64_t mode = take_integer(cursor, 1), flags = take_integer(cursor, 1), mask = take_integer(cursor, 4);
  if (mode > STDIN_PIPE) return complain(cursor, "an unknown mode of standard input");
  if (flags & ~(uint64_t)(LINGER | ALLOW_SETUID | CHANNEL)) return complain(cursor, "an unknown flag of a start");
  if (mask > 0777) return complain(cursor, "a umask beyond 0777");
  start->stdin_mode = (enum stdin_mode)mode;
  start->linger = flags & LINGER;
  start->allow_setuid = flags & ALLOW_SETUID;
  start->channel = flags & CHANNEL;
  start->umask = (mode_t)mask;
  start->directory = take_string(cursor);
  start->arguments = take_list(cursor);
  start->environment = take_list(cursor);
  if (!cursor->complaint && !start->arguments[0]) complain(cursor, "a start without arguments");
  take_limits(cursor, start->limits);
}

static void take_request(struct cursor *cursor, struct request *request) {
  request->kind = (enum request_kind)take_integer(cursor, 1);
  request->entity = take_integer(cursor, 8);
  switch (request->kind) {
  case START: take_start(cursor, &request->start); break;
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

bool inbox_next(struct inbox *inbox, struct request *request) {
  struct cursor cursor = {inbox->bytes + inbox->begin, inbox->bytes + inbox->end, inbox->vectors, NULL};
  *request = (struct request){0};
  if (left(&cursor) < LENGTH_SIZE) return false;
  size_t length = take_integer(&cursor, LENGTH_SIZE);
  if (length > REQUEST_MAX) return inbox->complaint = "a request beyond 2 MiB", false;
  if (length > left(&cursor)) return false;
  cursor.end = cursor.at + length;
  inbox->begin += LENGTH_SIZE + length;
  take_request(&cursor, request);
  inbox->complaint = cursor.complaint;
  return !cursor.complaint;
}

ssize_t inbox_fill(struct inbox *inbox, int fd) {
  // To the front, so that the longest request has room.
  inbox->end -= inbox->begin;
  if (inbox->begin > 0) memmove(inbox->bytes, inbox->bytes + inbox->begin, inbox->end);
  inbox->begin = 0;
  size_t room = sizeof inbox->bytes - inbox->end;
  // In small pieces: what many small requests touch stays small, and each fork(2) copies it.
  ssize_t count = read(fd, inbox->bytes + inbox->end, room < READ_MAX ? room : READ_MAX);
  if (count > 0) inbox->end += (size_t)count;
  return count;
}
