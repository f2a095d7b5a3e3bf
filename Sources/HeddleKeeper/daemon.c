#include "daemon.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>
#include "loop.h"

static enum { SERVED, AT_FAULT, GONE } state;
static enum keeper_status status;
static struct inbox *inbox;
static struct outbox outbox;

bool daemon_is_served(void) { return state == SERVED; }
bool daemon_is_told(void) { return state == GONE || outbox.count == 0; }
enum keeper_status daemon_status(void) { return status; }

bool daemon_inbox_open(void) {
  // Only what requests fill is really used.
  inbox = mmap(NULL, sizeof *inbox, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return inbox != MAP_FAILED;
}

void daemon_inbox_forget(void) { munmap(inbox, sizeof *inbox); }

void daemon_tell(const struct report *report, const int *fds, int fds_count) {
  outbox_add(&outbox, report, fds, fds_count);
}

void daemon_open(const char *rung, const char *place, const char *reasons) {
  struct report report;
  report_begin(&report, HELLO, 0);
  report_u32(&report, PROTOCOL_VERSION);
  report_string(&report, BUILD_ID);
  report_string(&report, rung);
  report_string(&report, place);
  report_string(&report, reasons);
  daemon_tell(&report, NULL, 0);
  loop_watch(DAEMON_FD, 0, NULL);
  daemon_flush();
}

void daemon_refuse(const char *reason) {
  struct report report;
  report_begin(&report, UNUSABLE, 0);
  report_string(&report, reason);
  daemon_tell(&report, NULL, 0);
  outbox_flush(&outbox, DAEMON_FD);  // the first bytes on the socket, and less than it holds
}

void daemon_fault(const char *reason) {
  struct report report;
  report_begin(&report, FAULT, 0);
  report_string(&report, reason);
  daemon_tell(&report, NULL, 0);
  status = STATUS_FAULT;
  state = AT_FAULT;
}

static void gone(void) {
  if (state != GONE) close(DAEMON_FD);
  state = GONE;
}

void daemon_hear(uint32_t events) {
  if (state == AT_FAULT && events & (EPOLLHUP | EPOLLERR)) gone();
  if (state != SERVED || !(events & ~(uint32_t)EPOLLOUT)) return;
  ssize_t count = inbox_fill(inbox, DAEMON_FD);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) gone();
}

bool daemon_next_request(struct request *request) {
  if (state != SERVED) return false;
  bool whole = inbox_next(inbox, request);
  if (inbox->complaint) daemon_fault(inbox->complaint);
  return whole;
}

void daemon_flush(void) {
  static uint32_t interest;
  if (state != GONE && !outbox_flush(&outbox, DAEMON_FD)) gone();
  if (state == GONE) return;
  bool taking = state == SERVED && outbox.count < OUTBOX_FULL;
  uint32_t wanted = (taking ? EPOLLIN | EPOLLRDHUP : 0) | (outbox.count > 0 ? EPOLLOUT : 0);
  if (wanted != interest) loop_change(DAEMON_FD, wanted, NULL);
  interest = wanted;
}
