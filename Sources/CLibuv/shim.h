#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

// What Swift cannot say for itself: variadic calls, and what glibc declares only under _GNU_SOURCE.

/// The bytes that can be read from `descriptor` now (FIONREAD, see ioctl_tty(2) and pipe(7)), or a negative libuv code.
static inline int heddle_available_bytes(int descriptor) {
  int count = 0;
  return ioctl(descriptor, FIONREAD, &count) == 0 ? count : -errno;
}

/// Whether pidfd_open(2) works here: 0, or a negative libuv code.
static inline int heddle_try_pidfd(void) {
  int descriptor = (int)syscall(SYS_pidfd_open, getpid(), 0);
  return descriptor >= 0 ? close(descriptor) : -errno;
}

/// `struct ucred` of unix(7).
struct heddle_peer_credentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};

/// Fills `peer` with who was at the other end when the connection was made (SO_PEERCRED); 0, or a negative libuv code.
static inline int heddle_get_peer_credentials(int descriptor, struct heddle_peer_credentials *peer) {
  socklen_t size = sizeof *peer;
  return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, peer, &size) == 0 ? 0 : -errno;
}

/// A descriptor that is readable once the process has ended, pidfd_open(2), which glibc has since 2.36; or a negative libuv
/// code.
static inline int heddle_open_process(pid_t pid) {
  int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
  return descriptor >= 0 ? descriptor : -errno;
}

int accept4(int descriptor, struct sockaddr *address, socklen_t *size, int flags);

/// The next connection of a listening socket (accept4(2)), non-blocking and closed on exec, or a negative libuv code.
static inline int heddle_accept(int descriptor) {
  int connection = accept4(descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  return connection >= 0 ? connection : -errno;
}

/// A descriptor that does nothing but be there, or a negative libuv code.
static inline int heddle_open_reserve(void) {
  int reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return reserve >= 0 ? reserve : -errno;
}
