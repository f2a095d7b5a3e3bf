#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "report.h"

/// So many reports may wait before the keeper takes no more requests. Beyond them come only the reports that are owed
/// already: the life of each tree (STARTED, EXITED, EMPTY), the courses that its warden has in hand, and one FENCED.
#define OUTBOX_FULL 4096

/// Reports on their way to the daemon, oldest first, with the descriptors that go with them. All zero is empty.
struct outbox {
  struct parcel *first, *last;
  size_t count;
};

/// Takes `report` and ownership of `fds` (at most 3); exits with STATUS_NO_MEMORY rather than lose one.
void outbox_add(struct outbox *outbox, const struct report *report, const int *fds, int fds_count);
/// Sends as much as `socket` takes without waiting. False: the daemon is gone.
bool outbox_flush(struct outbox *outbox, int socket);
