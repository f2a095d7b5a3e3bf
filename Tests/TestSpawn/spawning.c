#include "spawning.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

int spawning_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno; }

/// What becomes of descriptors and the working directory.
static int add_actions(posix_spawn_file_actions_t *actions, const char *directory, const int descriptors[],
                       int count) {
  int error = 0;
  for (int number = 0; number < count && error == 0; number++) {
    error = descriptors[number] < 0
                ? posix_spawn_file_actions_addopen(actions, number, "/dev/null", O_RDWR, 0)
                : posix_spawn_file_actions_adddup2(actions, descriptors[number], number);
  }
  if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(actions, count);
  if (error == 0 && directory) error = posix_spawn_file_actions_addchdir_np(actions, directory);
  return error;
}

int spawning_start(pid_t *pid, char *const words[], char *const environment[], const char *directory,
                   const int descriptors[], int count) {
  posix_spawnattr_t attributes;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  int error = add_actions(&actions, directory, descriptors, count);
  if (error == 0) error = posix_spawn(pid, words[0], &actions, &attributes, words, environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}
