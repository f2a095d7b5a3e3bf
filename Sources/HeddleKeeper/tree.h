#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The descendants of the calling process, as the latest walk found them: parents before their children.
///
/// The caller must be their subreaper, single-threaded, and reap nothing during a call: then a pid among its own children
/// can't be another's, and a process that loses its parent becomes a child of the caller, never of a stranger.
struct tree {
  struct member {
    pid_t pid;
    bool awaited;  // a thread of a process that is to stop waits for it, as in vfork(2)
  } *members;
  size_t count, capacity;
  size_t direct;  // so many, in front, are the caller's own children
  bool (*owns)(pid_t child);  // which of these count, and what descends from them; NULL: all do
};

/// What one pass of tree_stop saw.
struct stillness {
  size_t moving;   // tasks that may still act, or whose children may have been missed
  uint64_t doubt;  // a digest of the processes that only a second look with the same result shows to be still
};

/// One process, as proc(5) shows it.
struct process {
  char state;
  pid_t parent, session;
  bool executed;  // a program, since it was forked
  int threads;
  unsigned long long started;  // when, in clock ticks since the boot
  char name[16];
};

/// Sends SIGSTOP to all, top-down, and says what it saw. The tree is stopped when nothing was moving and `doubt` is as in
/// the pass before (0 before the first).
struct stillness tree_stop(struct tree *tree);
/// Finds all, without touching them. Returns how many processes are stopped.
size_t tree_find(struct tree *tree);
/// Sends SIGCONT to all that were found, bottom-up. The caller must not have reaped any since.
void tree_continue(const struct tree *tree);
/// Sends SIGKILL to all, top-down. The tree is empty when waitid(2) says ECHILD.
void tree_kill(struct tree *tree);
/// Looks at a process, which may be a zombie. False: there is none.
bool process_look(pid_t pid, struct process *process);
