#pragma once
#include <stdbool.h>
#include <stddef.h>

/// The directory of the cgroup v2 that this process is in, wherever that hierarchy is mounted, into `path`. False: there is
/// none to be seen.
bool hierarchy_find(char *path, size_t size);
