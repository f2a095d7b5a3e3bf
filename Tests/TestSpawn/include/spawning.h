#pragma once
#include <sys/types.h>

/// Makes a pipe, which no program inherits by chance: pipe2(2) with O_CLOEXEC.
///
/// Returns 0, or an errno(3).
int spawning_pipe(int ends[2]);

/// Starts the program `words[0]` as a shell starts it: every signal is let through and does what it does by default.
///
/// `directory` may be NULL. The program has `descriptors` as 0, 1 and so on, where -1 is /dev/null, and no others.
/// Returns 0, or what posix_spawn(3) does.
int spawning_start(pid_t *pid, char *const words[], char *const environment[], const char *directory,
                   const int descriptors[], int count);
