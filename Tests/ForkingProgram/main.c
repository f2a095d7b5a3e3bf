/// For HeddleKeeperTests: forks without end, every other child in a session of its own, as the user of the first argument,
/// whom RLIMIT_NPROC bounds. A line is written whenever a process finds that bound for the first time.
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **arguments) {
  if (count != 2 || setuid((uid_t)atoi(arguments[1])) != 0) return 1;
  for (bool told = false, odd = false;; sched_yield()) {
    pid_t child = fork();
    odd = !odd;
    if (child == 0 && odd) setsid();
    if (child == 0) told = false;
    if (child < 0 && !told) told = write(1, "full\n", 5) == 5;
  }
}
