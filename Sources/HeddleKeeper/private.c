#include "private.h"
#include <sys/mman.h>

void *private_pages(size_t size) {
  void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return NULL;
  madvise(pages, size, MADV_DONTFORK);  // at worst children get it, and do not look
  return pages;
}
