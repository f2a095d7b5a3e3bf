#include "hierarchy.h"
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Calls `take` with each line of `file`, without its newline, until one is taken.
static bool find_line(const char *file, bool (*take)(const char *line, char *result), char *result) {
  FILE *stream = fopen(file, "re");
  char *line = NULL;
  size_t capacity = 0;
  bool found = false;
  if (!stream) return false;
  while (!found && getline(&line, &capacity, stream) > 0) {
    line[strcspn(line, "\n")] = 0;
    found = take(line, result);
  }
  free(line);
  fclose(stream);
  return found;
}

/// Takes the line of a cgroup2 in mountinfo: which directory of the hierarchy is mounted, and where; proc(5).
static bool take_mount(const char *line, char *result) {
  return strstr(line, " - cgroup2 ") && sscanf(line, "%*s %*s %*s %4095s %4095s", result, result + PATH_MAX) == 2;
}

/// Takes the line of cgroup v2 in /proc/self/cgroup; cgroups(7).
static bool take_own(const char *line, char *result) {
  if (strncmp(line, "0::/", 4) != 0) return false;
  snprintf(result, PATH_MAX, "%s", line + 3);
  return true;
}

bool hierarchy_find(char *path, size_t size) {
  char mount[2][PATH_MAX], own[PATH_MAX];
  if (!find_line("/proc/self/mountinfo", take_mount, mount[0])) return false;
  if (!find_line("/proc/self/cgroup", take_own, own)) return false;
  // What is mounted may be a part of the hierarchy: then ours has to be in it.
  size_t above = strcmp(mount[0], "/") == 0 ? 0 : strlen(mount[0]);
  if (strncmp(own, mount[0], above) != 0) return false;
  const char *below = strcmp(own + above, "/") == 0 ? "" : own + above;
  return snprintf(path, size, "%s%s", mount[1], below) < (int)size;
}
