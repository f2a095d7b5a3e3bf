#include "outbox.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDS_MAX = 4, PARCEL_SIZE = 512 };

/// What one sendmsg(2) takes: reports, of which only the first may have descriptors.
struct parcel {
  struct parcel *next;
  size_t capacity, size, sent, count;
  int fds_count, fds[FDS_MAX];
  uint8_t bytes[];
};

static struct parcel *add_parcel(struct outbox *outbox, size_t size) {
  size_t capacity = size > PARCEL_SIZE ? size : PARCEL_SIZE;
  struct parcel *parcel = malloc(sizeof *parcel + capacity);
  // A daemon that misses a report would wait for ever; our end ends every tree, and it sees that.
  if (!parcel) _exit(STATUS_NO_MEMORY);
  *parcel = (struct parcel){.capacity = capacity};
  if (outbox->first) outbox->last->next = parcel;
  else outbox->first = parcel;
  return outbox->last = parcel;
}

void outbox_add(struct outbox *outbox, const struct report *report, const int *fds, int fds_count) {
  struct parcel *parcel = outbox->first ? outbox->last : NULL;
  if (!parcel || fds_count > 0 || report->size > parcel->capacity - parcel->size)
    parcel = add_parcel(outbox, report->size);
  for (int i = 0; i < fds_count; i++) parcel->fds[parcel->fds_count++] = fds[i];
  memcpy(parcel->bytes + parcel->size, report->bytes, report->size);
  parcel->size += report->size;
  parcel->count++;
  outbox->count++;
}

static ssize_t send_some(struct parcel *parcel, int socket) {
  struct iovec rest = {parcel->bytes + parcel->sent, parcel->size - parcel->sent};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof parcel->fds)];
  } control = {0};
  struct msghdr message = {.msg_iov = &rest, .msg_iovlen = 1};
  size_t fds_size = (size_t)parcel->fds_count * sizeof(int);
  if (fds_size > 0) {
    control.header = (struct cmsghdr){CMSG_LEN(fds_size), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), parcel->fds, fds_size);
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(fds_size);
  }
  return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool outbox_flush(struct outbox *outbox, int socket) {
  for (struct parcel *parcel; (parcel = outbox->first);) {
    ssize_t count = send_some(parcel, socket);
    if (count < 0 && errno == EINTR) continue;
    // ETOOMANYREFS: too many descriptors of ours are on their way, which the daemon's reading changes.
    if (count < 0) return errno == EAGAIN || errno == ETOOMANYREFS || errno == ENOBUFS || errno == ENOMEM;
    while (parcel->fds_count > 0) close(parcel->fds[--parcel->fds_count]);  // they went with the first byte
    parcel->sent += (size_t)count;
    if (parcel->sent < parcel->size) continue;
    outbox->first = parcel->next;
    outbox->count -= parcel->count;
    free(parcel);
  }
  return true;
}
