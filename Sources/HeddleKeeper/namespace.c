#include "namespace.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long flags;    // of clone(2), for each child
static uid_t user;             // ours, which a user namespace hides until it is mapped
static gid_t group;
static int outer_proc = -1;    // in a child in a namespace: the proc(5) of the keeper

pid_t namespace_fork(uint64_t entity, unsigned long also) {
  (void)entity;
  return (pid_t)syscall(SYS_clone, flags | also, 0L, 0L, 0L, 0L);
}

static bool write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool written = write(fd, text, strlen(text)) >= 0;
  close(fd);
  return written;
}

/// user_namespaces(7): without privileges a process may map itself alone, and no group before setgroups(2) is denied.
static bool map_ids(void) {
  char users[64], groups[64];
  snprintf(users, sizeof users, "%u %u 1", user, user);
  snprintf(groups, sizeof groups, "%u %u 1", group, group);
  return write_file("/proc/self/uid_map", users) && write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/gid_map", groups);
}

bool namespace_enter(void) {
  if (!flags) return true;
  // The keeper's death ends the namespace even if its init stands still. That it died before this is seen by its socket.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (flags & CLONE_NEWUSER && !map_ids()) return false;
  outer_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return outer_proc >= 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 &&
         mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0;
}

pid_t namespace_outer(pid_t pid) {
  if (outer_proc < 0) return pid;
  // A mount of proc(5) shows all numbers as its own namespace has them, also that of a pidfd.
  char path[64], text[512];
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  snprintf(path, sizeof path, "thread-self/fdinfo/%d", pidfd);
  int fd = openat(outer_proc, path, O_RDONLY | O_CLOEXEC);
  ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  close(pidfd);
  text[size > 0 ? size : 0] = 0;
  const char *line = strstr(text, "\nPid:");
  return line ? atoi(line + strlen("\nPid:")) : 0;
}

/// Whether one can be made. Leaves errno.
static bool try(void) {
  int status;
  pid_t child = namespace_fork(0, 0);
  if (child == 0) _exit(namespace_enter() ? 0 : errno);
  if (child < 0 || waitpid(child, &status, (int)__WCLONE) < 0) return false;
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EOWNERDEAD;
  return errno == 0;
}

const char *namespace_open(const char *instance, bool asked) {
  static char reason[160];
  (void)instance;
  user = geteuid();
  group = getegid();
  flags = CLONE_NEWPID | CLONE_NEWNS;
  if (try()) return NULL;
  if (asked) {
    flags |= CLONE_NEWUSER;
    if (try()) return NULL;
  }
  snprintf(reason, sizeof reason, "a namespace can't be made or have its own /proc: %s", strerror(errno));
  flags = 0;
  return reason;
}
