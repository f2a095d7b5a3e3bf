/// For HeddleKeeperTests: a program of two threads. One is nearly always inside vfork(2), where nothing but the end of its
/// child gets it out; the other writes a line at each turn.
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static void pass(long milliseconds) { nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL); }

static void *fork_for_ever(void *unused) {
  for (;;) {
    if (vfork() != 0) continue;
    pass(20);
    _exit(0);
  }
  return unused;
}

int main(void) {
  pthread_t thread;
  signal(SIGCHLD, SIG_IGN);  // so that no child is to be waited for
  if (pthread_create(&thread, NULL, fork_for_ever, NULL) != 0) return 1;
  while (write(1, "turn\n", 5) == 5) pass(1);
  return 0;
}
