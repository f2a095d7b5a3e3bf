#include "requests.h"
#include <string.h>
#include <sys/socket.h>
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
  uint64_t mode = take_integer(cursor, 1), flags = take_integer(cursor, 1), place = take_integer(cursor, 1);
  uint64_t mask = take_integer(cursor, 4);
  if (mode > STDIN_PIPE) return complain(cursor, "an unknown mode of standard input");
  if (flags & ~(uint64_t)(LINGER | ALLOW_SETUID | CHANNEL | GUARDED)) return complain(cursor, "an unknown flag of a start");
  if (place > STANDARD_STREAMS && place < PLACE_FIRST) return complain(cursor, "an unknown place of a connection");
  if (place != NO_CONNECTION && (mode != STDIN_NULL || flags & CHANNEL))
    return complain(cursor, "a connection beside a pipe or a channel");
  if (mask > 0777) return complain(cursor, "a umask beyond 0777");
  start->stdin_mode = (enum stdin_mode)mode;
  start->linger = flags & LINGER;
  start->allow_setuid = flags & ALLOW_SETUID;
  start->channel = flags & CHANNEL;
  start->guarded = flags & GUARDED;
  start->place = (int)place;
  start->umask = (mode_t)mask;
  start->directory = take_string(cursor);
  start->arguments = take_list(cursor);
  start->environment = take_list(cursor);
  if (!cursor->complaint && !start->arguments[0]) complain(cursor, "a start without arguments");
  take_limits(cursor, start->limits);
}

static void take_request(struct cursor *cursor, struct request *request) {
  request->kind = (enum request_kind)take_integer(cursor, 1);
  uint64_t first = take_integer(cursor, 8);
  if (request->kind == ARM) request->deadline = first;
  else request->entity = first;
  switch (request->kind) {
  case START: take_start(cursor, &request->start); break;
  case SUSPEND:
  case RESUME: request->generation = take_integer(cursor, 8); break;
  case SIGNAL:
    request->signal = (uint32_t)take_integer(cursor, 4);
    if (request->signal < 1 || request->signal > SIGNAL_MAX) complain(cursor, "a signal that does not exist");
    break;
  case KILL:
  case GUARD:
  case ARM:
  case FENCE:
  case UNFENCE: break;
  default: complain(cursor, "an unknown kind of request");
  }
  if (left(cursor) > 0) complain(cursor, "a frame is longer than its fields");
  if (!cursor->complaint && request->kind != ARM && request->entity == 0) complain(cursor, "an order for entity 0");
}

/// The first of the connections that came, for the START that it came with.
static void take_connection(struct inbox *inbox, struct cursor *cursor, struct start *start) {
  if (inbox->connections_count == 0) return complain(cursor, "a connection did not come");
  start->connection = inbox->connections[0];
  inbox->connections_count--;
  memmove(inbox->connections, inbox->connections + 1, inbox->connections_count * sizeof *inbox->connections);
}

void request_release(struct request *request) {
  if (request->start.connection >= 0) close(request->start.connection);
}

bool inbox_next(struct inbox *inbox, struct request *request) {
  struct cursor cursor = {inbox->bytes + inbox->begin, inbox->bytes + inbox->end, inbox->vectors, NULL};
  *request = (struct request){.start.connection = -1};
  if (left(&cursor) < LENGTH_SIZE) return false;
  size_t length = take_integer(&cursor, LENGTH_SIZE);
  if (length > REQUEST_MAX) return inbox->complaint = "a request beyond 2 MiB", false;
  if (length > left(&cursor)) return false;
  cursor.end = cursor.at + length;
  inbox->begin += LENGTH_SIZE + length;
  take_request(&cursor, request);
  if (request->start.place != NO_CONNECTION && !cursor.complaint) take_connection(inbox, &cursor, &request->start);
  inbox->complaint = cursor.complaint;
  return !cursor.complaint;
}

/// Keeps the descriptor that came, if one did.
static void keep_connection(struct inbox *inbox, struct msghdr *message) {
  int connection = -1;
  struct cmsghdr *header = CMSG_FIRSTHDR(message);
  if (header && header->cmsg_type == SCM_RIGHTS) memcpy(&connection, CMSG_DATA(header), sizeof connection);
  // Of one for which no descriptor was left that flag alone is seen.
  if (connection < 0 && !(message->msg_flags & MSG_CTRUNC)) return;
  if (inbox->connections_count < CONNECTIONS_MAX) inbox->connections[inbox->connections_count++] = connection;
  else if (connection >= 0) close(connection);
}

/// As read(2), with a descriptor that comes at or after the first byte; unix(7) gives no second one in one call.
static ssize_t receive(struct inbox *inbox, int fd, size_t most) {
  struct iovec room = {inbox->bytes + inbox->end, most};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = {.msg_iov = &room, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t count = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  if (count > 0) keep_connection(inbox, &message);
  return count;
}

ssize_t inbox_fill(struct inbox *inbox, int fd) {
  // To the front, so that the longest request has room.
  inbox->end -= inbox->begin;
  if (inbox->begin > 0) memmove(inbox->bytes, inbox->bytes + inbox->begin, inbox->end);
  inbox->begin = 0;
  size_t room = sizeof inbox->bytes - inbox->end;
  // In small pieces: what many small requests touch stays small, and each fork(2) copies it.
  ssize_t count = receive(inbox, fd, room < READ_MAX ? room : READ_MAX);
  if (count > 0) inbox->end += (size_t)count;
  return count;
}
