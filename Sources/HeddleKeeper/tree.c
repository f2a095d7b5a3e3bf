#include "tree.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/// PF_FORKNOEXEC among the flags of proc(5): a fork that executed nothing yet.
enum { NOT_EXECUTED = 0x40 };

static bool look(const char *path, struct process *process) {
  char text[1024];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  if (size <= 0) return false;
  text[size] = 0;
  // The name stands in parentheses and may itself hold some: it ends at the last one.
  char *name = strchr(text, '('), *end = strrchr(text, ')');
  if (!name || !end) return false;
  *end = 0;
  snprintf(process->name, sizeof process->name, "%s", name + 1);
  unsigned int flags = 0;
  int fields = sscanf(end + 1, " %c %d %*d %d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d %*d %llu",
                      &process->state, &process->parent, &process->session, &flags, &process->threads,
                      &process->started);
  process->executed = !(flags & NOT_EXECUTED);
  return fields == 6;
}

bool process_look(pid_t pid, struct process *process) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  return look(path, process);
}

static bool owns(const struct tree *tree, pid_t child) { return !tree->owns || tree->owns(child); }

/// Whether `pid` is a descendant. Each link is read again after those above it were found good: if the parent had died in
/// between, the child would have another one, so its number was not given to a stranger meanwhile.
static bool descends(const struct tree *tree, pid_t pid) {
  struct process process;
  if (!process_look(pid, &process)) return false;
  pid_t parent = process.parent;
  if (parent == getpid()) return owns(tree, pid);
  return parent > 1 && descends(tree, parent) && process_look(pid, &process) && process.parent == parent;
}

/// Signals the process at `index`. A child of our own keeps its pid until we reap it. Any other pid may have been given
/// away since the walk, so the descriptor is opened first: what it names is checked after, and it never names another.
static void signal_member(const struct tree *tree, size_t index, int signal) {
  pid_t pid = tree->members[index].pid;
  if (index < tree->direct) return (void)kill(pid, signal);
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0) return;
  if (descends(tree, pid)) syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0);
  close(fd);
}

static bool add(struct tree *tree, pid_t pid) {
  if (tree->count == tree->capacity) {
    size_t capacity = tree->capacity ? 2 * tree->capacity : 64;
    struct member *members = realloc(tree->members, capacity * sizeof *members);
    if (!members) return false;
    tree->members = members;
    tree->capacity = capacity;
  }
  tree->members[tree->count++] = (struct member){pid, false};
  return true;
}

/// Adds the pids in a `children` file: decimal numbers, each followed by a space. False: not all could be added.
static bool add_children(struct tree *tree, const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char text[4096];
  ssize_t size;
  pid_t pid = 0;
  bool complete = true;
  while ((size = read(fd, text, sizeof text)) > 0) {
    for (ssize_t i = 0; i < size; i++) {
      if (text[i] != ' ') pid = 10 * pid + (text[i] - '0');
      else complete = add(tree, pid) && complete, pid = 0;
    }
  }
  close(fd);
  return complete && size == 0;
}

static void begin(struct tree *tree, struct stillness *seen) {
  tree->count = tree->direct = 0;
  if (!add_children(tree, "/proc/thread-self/children")) seen->moving++;
  for (size_t i = 0; i < tree->count; i++) {
    if (owns(tree, tree->members[i].pid)) tree->members[tree->direct++] = tree->members[i];
  }
  tree->count = tree->direct;
}

/// Adds a task's children, and judges it by the state that it had before they were read: a task that was stopped then
/// forks no more. In doubt are a zombie, whose children have just moved to another list, and a task in D with children:
/// so waits the parent in vfork(2), which never reaches T while its child is stopped.
static void visit_task(struct tree *tree, pid_t pid, pid_t task, char state, struct stillness *seen) {
  char path[64];
  size_t before = tree->count;
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, task);
  // A `children` file can skip an entry if the one before vanishes during the read; the vanished one is counted here.
  if (!add_children(tree, path)) seen->moving++;
  if (state == 'T' || state == 't') return;
  if (state == 'Z' || (state == 'D' && tree->count > before)) seen->doubt = 31 * seen->doubt + (uint64_t)task;
  else seen->moving++;
}

/// Visits all tasks of a process. The kernel gives SIGSTOP to one thread, which may be one that waits in vfork(2): then
/// the others run on until that child is let go. So children of a task in D are awaited, unless all others are stopped.
static void visit_threads(struct tree *tree, pid_t pid, struct stillness *seen) {
  size_t first = tree->count, moving = seen->moving;
  char path[64];
  struct process thread = {0};
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  if (!tasks) return (void)seen->moving++;
  for (struct dirent *entry; (entry = readdir(tasks));) {
    pid_t task = atoi(entry->d_name);
    if (task == 0) continue;
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, task);
    size_t before = tree->count;
    if (look(path, &thread)) visit_task(tree, pid, task, thread.state, seen);
    else seen->moving++;
    for (size_t i = before; i < tree->count; i++) tree->members[i].awaited = thread.state == 'D';
  }
  closedir(tasks);
  for (size_t i = first; i < tree->count; i++) tree->members[i].awaited &= seen->moving > moving;
}

/// Adds the children of one process; `stopped` counts processes in state T, if it is given.
static void visit(struct tree *tree, pid_t pid, struct stillness *seen, size_t *stopped) {
  struct process process;
  if (!process_look(pid, &process)) return (void)seen->moving++;
  if (stopped && process.state == 'T') ++*stopped;
  if (process.threads > 1) visit_threads(tree, pid, seen);
  else visit_task(tree, pid, pid, process.state, seen);
}

struct stillness tree_stop(struct tree *tree) {
  struct stillness seen = {0};
  begin(tree, &seen);
  for (size_t i = 0; i < tree->count; i++) {
    signal_member(tree, i, tree->members[i].awaited ? SIGCONT : SIGSTOP);
    visit(tree, tree->members[i].pid, &seen, NULL);
  }
  return seen;
}

size_t tree_find(struct tree *tree) {
  struct stillness seen = {0};
  size_t stopped = 0;
  begin(tree, &seen);
  for (size_t i = 0; i < tree->count; i++) visit(tree, tree->members[i].pid, &seen, &stopped);
  return stopped;
}

void tree_continue(const struct tree *tree) {
  for (size_t i = tree->count; i-- > 0;) signal_member(tree, i, SIGCONT);
}

void tree_kill(struct tree *tree) {
  tree_find(tree);
  for (size_t i = 0; i < tree->count; i++) signal_member(tree, i, SIGKILL);
}
