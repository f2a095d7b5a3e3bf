/// Writes back what it reads, until there is no more: the least that a server can do for a connection.
///
///     heddle serve 127.0.0.1:7777 -- example-echo
#include <unistd.h>

static int write_all(const char *bytes, ssize_t count) {
  while (count > 0) {
    ssize_t written = write(1, bytes, (size_t)count);
    if (written < 0) return -1;
    bytes += written;
    count -= written;
  }
  return 0;
}

int main(void) {
  char bytes[4096];
  ssize_t count;
  while ((count = read(0, bytes, sizeof bytes)) > 0) {
    if (write_all(bytes, count) < 0) return 1;
  }
  return count < 0;
}
