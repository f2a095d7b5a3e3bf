#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

/// How many connections wait at a listening TCP socket, which the kernel has in a field that has no other use there
/// (`tcp_get_info`), or a negative libuv code.
static inline int heddle_waiting_internet(int descriptor) {
  struct tcp_info info;
  socklen_t size = sizeof info;
  return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? (int)info.tcpi_unacked : -errno;
}

/// The same of a listening Unix socket, by sock_diag(7), or a negative libuv code.
static inline int heddle_waiting_unix(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) < 0) return -errno;
  int diagnosis = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (diagnosis < 0) return -errno;
  struct {
    struct nlmsghdr header;
    struct unix_diag_req request;
  } question = {
      {sizeof question, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0},
      {.sdiag_family = AF_UNIX, .udiag_states = ~0u, .udiag_ino = (uint32_t)status.st_ino, .udiag_show = UDIAG_SHOW_RQLEN,
       .udiag_cookie = {~0u, ~0u}},
  };
  char answer[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
  ssize_t size = send(diagnosis, &question, sizeof question, 0);
  // The kernel answers before send(2) returns.
  if (size >= 0) size = recv(diagnosis, answer, sizeof answer, MSG_DONTWAIT);
  close(diagnosis);
  const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
  const size_t fixed = NLMSG_LENGTH(sizeof(struct unix_diag_msg));
  if (size < (ssize_t)fixed || header->nlmsg_type != SOCK_DIAG_BY_FAMILY || header->nlmsg_len > (size_t)size) return -ENOENT;
  for (size_t at = NLMSG_ALIGN(fixed); at + sizeof(struct nlattr) <= header->nlmsg_len;) {
    const struct nlattr *attribute = (const struct nlattr *)(answer + at);
    if (attribute->nla_len < sizeof *attribute) break;
    if (attribute->nla_type == UNIX_DIAG_RQLEN && attribute->nla_len >= sizeof *attribute + sizeof(struct unix_diag_rqlen))
      return (int)((const struct unix_diag_rqlen *)(attribute + 1))->udiag_rqueue;
    at += NLMSG_ALIGN(attribute->nla_len);
  }
  return -ENOENT;
}
