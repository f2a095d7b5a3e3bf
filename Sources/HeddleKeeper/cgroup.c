#include "cgroup.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "hierarchy.h"
#include "tree.h"

enum { NAME_SIZE = 128, LEFTOVER_PATIENCE = 5000 /* ms for a dead daemon's keeper, and for each tree that was killed */ };

static char path[4096 + NAME_SIZE];
static int base = -1, own = -1;  // the directory that we make ours in, and ours
static int spare = -1;           // lent to orders when no other descriptor is left, so that trees can still be ended

const char *cgroup_path(void) { return path; }

// MARK: files

static bool write_at(int directory, const char *file, const char *text) {
  int fd = openat(directory, file, O_WRONLY | O_CLOEXEC);
  bool lent = fd < 0 && (errno == EMFILE || errno == ENFILE);
  if (lent) {
    close(spare);
    fd = openat(directory, file, O_WRONLY | O_CLOEXEC);
  }
  bool written = fd >= 0 && write(fd, text, strlen(text)) >= 0;
  if (fd >= 0) close(fd);
  if (lent) spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return written;
}

static const char *entity_file(uint64_t entity, const char *file) {
  static char name[NAME_SIZE];
  snprintf(name, sizeof name, "%llu/%s", (unsigned long long)entity, file);
  return name;
}

bool cgroup_kill(uint64_t entity) { return write_at(own, entity_file(entity, "cgroup.kill"), "1"); }

bool cgroup_freeze(uint64_t entity, bool frozen) {
  return write_at(own, entity_file(entity, "cgroup.freeze"), frozen ? "1" : "0");
}

struct cgroup_state cgroup_look(int events) {
  char text[256];
  ssize_t size = pread(events, text, sizeof text - 1, 0);
  text[size > 0 ? size : 0] = 0;
  return (struct cgroup_state){.populated = strstr(text, "populated 1"), .frozen = strstr(text, "frozen 1")};
}

size_t cgroup_list(uint64_t entity, pid_t *pids, size_t max) {
  int fd = openat(own, entity_file(entity, "cgroup.procs"), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[4096];
  size_t count = 0;
  pid_t pid = 0;
  for (ssize_t size; (size = read(fd, text, sizeof text)) > 0;) {
    for (ssize_t i = 0; i < size; i++) {
      if (text[i] != '\n') pid = 10 * pid + (text[i] - '0');
      else if (count++ < max) pids[count - 1] = pid, pid = 0;
      else pid = 0;
    }
  }
  close(fd);
  return count;
}

// MARK: directories

/// Removes a cgroup and all below it, as far as they are empty.
static bool remove_at(int directory, const char *name) {
  if (unlinkat(directory, name, AT_REMOVEDIR) == 0) return true;
  if (errno != EBUSY) return errno == ENOENT;
  int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *inside = fd < 0 ? NULL : fdopendir(fd);
  if (!inside) return false;
  for (struct dirent *entry; (entry = readdir(inside));) {
    if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      remove_at(fd, entry->d_name);
  }
  closedir(inside);
  return unlinkat(directory, name, AT_REMOVEDIR) == 0;
}

int cgroup_make(uint64_t entity) {
  if (mkdirat(own, entity_file(entity, ""), 0755) < 0) return -1;
  int events = openat(own, entity_file(entity, "cgroup.events"), O_RDONLY | O_CLOEXEC);
  int error = errno;
  if (events < 0) cgroup_remove(entity);
  errno = error;
  return events;
}

void cgroup_remove(uint64_t entity) { remove_at(own, entity_file(entity, "")); }

// MARK: forking

/// Whether clone3(2) is there and takes CLONE_INTO_CGROUP (Linux 5.7); a container may forbid it.
static bool clones_into = true;

static pid_t clone_into(int group, unsigned long flags) {
  struct clone_args arguments = {
      .flags = CLONE_INTO_CGROUP | flags, .exit_signal = SIGCHLD, .cgroup = (uint64_t)group};
  return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

pid_t cgroup_fork(uint64_t entity, unsigned long flags) {
  pid_t child = -1;
  if (clones_into) {
    int group = openat(own, entity_file(entity, ""), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (group < 0) return -1;
    child = clone_into(group, flags);
    if (child != 0) close(group);
    clones_into = child >= 0 || (errno != ENOSYS && errno != EPERM && errno != EINVAL && errno != E2BIG);
  }
  if (clones_into) return child;
  // The child of a keeper that dies before this is found out by its death signal, and executes nothing.
  child = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0L, 0L, 0L, 0L);
  if (child == 0 && !write_at(own, entity_file(entity, "cgroup.procs"), "0")) _exit(errno);
  return child;
}

// MARK: leftovers

/// Whether the process is gone, or goes in time: its daemon is, so it is ending its trees. A pid alone may be another's.
static bool is_gone(pid_t pid, unsigned long long started) {
  struct process process;
  struct pollfd end = {(int)syscall(SYS_pidfd_open, pid, 0), POLLIN, 0};
  if (end.fd < 0) return true;
  bool gone = !process_look(pid, &process) || process.started != started || poll(&end, 1, LEFTOVER_PATIENCE) == 1;
  close(end.fd);
  return gone;
}

static void end_leftover(const char *name) {
  int fd = openat(base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct pollfd events = {openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC), POLLPRI, 0};
  write_at(fd, "cgroup.kill", "1");
  while (cgroup_look(events.fd).populated && poll(&events, 1, LEFTOVER_PATIENCE) == 1) continue;
  close(events.fd);
  close(fd);
  remove_at(base, name);
}

/// Ends what other keepers of this instance left. No other is at work: its daemon would hold the instance's lock.
static void end_leftovers(const char *prefix) {
  DIR *directory = fdopendir(openat(base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return;
  for (struct dirent *entry; (entry = readdir(directory));) {
    int pid;
    unsigned long long started;
    if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0) continue;
    if (sscanf(entry->d_name + strlen(prefix), "%d-%llu", &pid, &started) == 2 && is_gone(pid, started))
      end_leftover(entry->d_name);
  }
  closedir(directory);
}

// MARK: opening

static const char *fail(const char *what) {
  static char reason[sizeof path + 128];
  snprintf(reason, sizeof reason, "can't %s %s: %s", what, path, strerror(errno));
  if (own >= 0) cgroup_close();
  return reason;
}

/// Whether a process can be put there, which may be forbidden where directories can be made, and is seen to have left.
static bool try(void) {
  enum { NO_ENTITY = 0 };
  int status = 0, events = cgroup_make(NO_ENTITY);
  if (events < 0) return false;
  pid_t child = cgroup_fork(NO_ENTITY, 0);
  if (child == 0) _exit(0);
  bool entered = child > 0 && waitpid(child, &status, 0) == child && status == 0;
  int error = child > 0 ? WEXITSTATUS(status) : errno;
  if (entered && !cgroup_kill(NO_ENTITY)) entered = false, error = errno;  // Linux 5.14
  close(events);
  cgroup_remove(NO_ENTITY);
  errno = error;
  return entered;
}

const char *cgroup_open(const char *instance) {
  char prefix[NAME_SIZE], name[NAME_SIZE + 48];
  struct process self;
  if (!hierarchy_find(path, sizeof path - sizeof name)) return "no cgroup v2 is mounted that this process is in";
  base = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (base < 0) return fail("open");
  snprintf(prefix, sizeof prefix, "heddle-%s-", instance);
  end_leftovers(prefix);
  if (!process_look(getpid(), &self)) return fail("look at ourselves to name a directory in");
  snprintf(name, sizeof name, "%s%d-%llu", prefix, getpid(), self.started);
  snprintf(path + strlen(path), sizeof name + 1, "/%s", name);
  if (mkdirat(base, name, 0755) < 0) return fail("make");
  own = openat(base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return own >= 0 && try() ? NULL : fail("put a process into");
}

void cgroup_close(void) {
  close(own);
  close(spare);
  remove_at(base, strrchr(path, '/') + 1);
  close(base);
  own = base = spare = -1;
}
