/// For HeddleKeeperTests: a program of two threads. The main thread is nearly always inside vfork(2), where nothing but the
/// end of its child gets it out, and the kernel hands the signals for the program to it; the other writes a line at each
/// turn.
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static void pass(long milliseconds) { nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL); }

static void *write_for_ever(void *unused) {
  while (write(1, "turn\n", 5) == 5) pass(1);
  return unused;
}

int main(void) {
  pthread_t thread;
  signal(SIGCHLD, SIG_IGN);  // so that no child is to be waited for
  if (pthread_create(&thread, NULL, write_for_ever, NULL) != 0) return 1;
  for (;;) {
    if (vfork() != 0) continue;
    pass(100);
    _exit(0);
  }
}
