#include "deadline.h"
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>

enum { SECOND = 1000000000 /* ns */, MARGIN = 10000 /* ns by which two processors may see the clock apart */ };

static _Atomic uint64_t *shared;

bool deadline_open(void) {
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return false;
  atomic_store(shared, NEVER);
  return true;
}

static uint64_t now(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

uint64_t deadline_get(void) { return atomic_load(shared); }

bool deadline_has_passed(void) {
  // The clock is read before the deadline here, and after it is set below. So whoever finds that one has passed which is
  // being replaced has read the clock earlier than the keeper does, who then finds the same: no warden stops its tree
  // while the keeper believes that it came in time.
  uint64_t time = now();
  atomic_thread_fence(memory_order_seq_cst);
  return time >= deadline_get();
}

bool deadline_set(uint64_t deadline) {
  uint64_t before = atomic_exchange(shared, deadline);
  return before != NEVER && now() + MARGIN >= before;
}

int deadline_timer(void) { return timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK); }

void deadline_watch(int timer, bool watched) {
  uint64_t deadline = deadline_get();
  struct itimerspec when = {0};  // which is no time at all
  if (watched && deadline != NEVER) {
    when.it_value.tv_sec = (time_t)(deadline / SECOND);
    when.it_value.tv_nsec = deadline >= SECOND ? (long)(deadline % SECOND) : 1;
  }
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}
