#include "outbox.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDS_MAX = 3 };

struct outgoing {
  struct outgoing *next;
  size_t size, sent;
  int fds_count;
  int fds[FDS_MAX];
  uint8_t bytes[];
};

void outbox_init(struct outbox *outbox) { *outbox = (struct outbox){.last = &outbox->first}; }

void outbox_add(struct outbox *outbox, const struct report *report, const int *fds, int fds_count) {
  struct outgoing *outgoing = malloc(sizeof *outgoing + report->size);
  // A daemon that misses a report would wait for ever; our end ends every tree, and it sees that.
  if (!outgoing) _exit(STATUS_NO_MEMORY);
  *outgoing = (struct outgoing){.size = report->size, .fds_count = fds_count};
  for (int i = 0; i < fds_count; i++) outgoing->fds[i] = fds[i];
  memcpy(outgoing->bytes, report->bytes, report->size);
  *outbox->last = outgoing;
  outbox->last = &outgoing->next;
  outbox->count++;
}

static void close_fds(struct outgoing *outgoing) {
  for (int i = 0; i < outgoing->fds_count; i++) close(outgoing->fds[i]);
  outgoing->fds_count = 0;
}

static ssize_t send_some(const struct outgoing *outgoing, int socket) {
  struct iovec rest = {(void *)(outgoing->bytes + outgoing->sent), outgoing->size - outgoing->sent};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof outgoing->fds)];
  } control = {0};
  struct msghdr message = {.msg_iov = &rest, .msg_iovlen = 1};
  size_t fds_size = (size_t)outgoing->fds_count * sizeof(int);
  if (fds_size > 0) {
    control.header = (struct cmsghdr){CMSG_LEN(fds_size), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), outgoing->fds, fds_size);
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(fds_size);
  }
  return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void remove_first(struct outbox *outbox) {
  struct outgoing *sent = outbox->first;
  outbox->first = sent->next;
  if (!outbox->first) outbox->last = &outbox->first;
  outbox->count--;
  free(sent);
}

bool outbox_flush(struct outbox *outbox, int socket) {
  while (outbox->first) {
    ssize_t count = send_some(outbox->first, socket);
    if (count < 0 && errno == EINTR) continue;
    // ETOOMANYREFS: too many descriptors of ours are on their way, which the daemon's reading changes.
    if (count < 0) return errno == EAGAIN || errno == ETOOMANYREFS || errno == ENOBUFS || errno == ENOMEM;
    close_fds(outbox->first);  // they went with the first byte
    outbox->first->sent += (size_t)count;
    if (outbox->first->sent == outbox->first->size) remove_first(outbox);
  }
  return true;
}
