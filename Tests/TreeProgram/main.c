/// heddle-test-tree: a tree of processes, as its argument spells it, that its supervisor did not make and has to end.
///
///     heddle-test-tree SPELLING [USER]
///     heddle-test-tree --count FILE, for which see count.h
///
///   tree     = birth habit* end? "(" tree* ")"
///   birth    = "c" a child | "g" one that leads a process group | "s" one that leads a session | "d" a daemon, forked twice
///            | "e" a child that executes this program anew
///   habit    = "i" ignores and blocks all signals | "x" closes all descriptors
///   end      = "q" exits | "t" stops itself | "v" is in vfork(2) nearly always
///            | "f" forks without end, as USER, whom RLIMIT_NPROC bounds; else it waits for ever
///
/// The program itself is the first tree, whatever its birth. Each process writes a dot when it is there, makes its
/// children, and takes its end.
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "count.h"

enum { DESCRIPTORS_MAX = 64, LONGEST = 4096 };

static char *self;
static char *user;

static void pass(long microseconds) { nanosleep(&(struct timespec){.tv_nsec = microseconds * 1000}, NULL); }

static void ignore_signals(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  for (int signal_number = 1; signal_number < NSIG; signal_number++) signal(signal_number, SIG_IGN);
}

static void close_descriptors(void) {
  for (int descriptor = 0; descriptor < DESCRIPTORS_MAX; descriptor++) close(descriptor);
}

// MARK: ends

static _Noreturn void stay(void) {
  for (;;) pause();
}

static _Noreturn void vfork_for_ever(void) {
  signal(SIGCHLD, SIG_IGN);  // so that no child is to be waited for
  for (;;) {
    if (vfork() != 0) continue;
    pass(5000);
    _exit(0);
  }
}

/// Each process forks; of the children some lead sessions, and some leave at once, so that it never comes to rest.
static _Noreturn void fork_for_ever(void) {
  // Root is not bounded, and must not do this.
  if (!user || setgid((gid_t)atoi(user)) != 0 || setuid((uid_t)atoi(user)) != 0 || geteuid() == 0) stay();
  signal(SIGCHLD, SIG_IGN);
  for (unsigned lot = (unsigned)getpid();; lot = lot * 1103515245 + 12345) {
    pid_t child = fork();
    // A machine on which thirty do nothing but fork has time for nothing else.
    if (child != 0) pass(child < 0 ? 3000 : 1000);
    if (child != 0) continue;
    lot += (unsigned)getpid();
    if (lot >> 16 & 1) setsid();
    if (lot >> 17 & 1) _exit(0);
  }
}

static _Noreturn void end(char how) {
  switch (how) {
    case 'q': _exit(0);
    case 't': raise(SIGSTOP); stay();
    case 'v': vfork_for_ever();
    case 'f': fork_for_ever();
    default: stay();
  }
}

// MARK: the tree

static _Noreturn void grow(const char *spelling);

/// The place behind the tree that begins here.
static const char *behind(const char *spelling) {
  int depth = 0;
  do {
    spelling++;
    depth += *spelling == '(' ? 1 : *spelling == ')' ? -1 : 0;
  } while (depth > 0 || *spelling != ')');
  return spelling + 1;
}

static _Noreturn void execute(const char *spelling) {
  char text[LONGEST];
  // As a child: what would be executed again, and again, is never there.
  snprintf(text, sizeof text, "c%.*s", (int)(behind(spelling) - spelling) - 1, spelling + 1);
  execl(self, self, text, user, NULL);
  _exit(127);
}

static void bear(const char *spelling) {
  pid_t child = fork();
  if (child < 0) return;
  if (child > 0) {
    if (*spelling == 'd') waitpid(child, NULL, 0);
    return;
  }
  switch (*spelling) {
    case 'g': setpgid(0, 0); break;
    case 's': setsid(); break;
    case 'd':
      setsid();
      if (fork() != 0) _exit(0);
      break;
    case 'e': execute(spelling);
  }
  grow(spelling);
}

static _Noreturn void grow(const char *spelling) {
  bool closes = false;
  char how = 0;
  for (spelling++; *spelling != '('; spelling++) {
    if (*spelling == 'i') ignore_signals();
    else if (*spelling == 'x') closes = true;
    else how = *spelling;
  }
  // A full or a lost pipe is no matter.
  if (write(1, ".", 1) < 0) signal(SIGPIPE, SIG_IGN);
  for (spelling++; *spelling != ')'; spelling = behind(spelling)) bear(spelling);
  if (closes) close_descriptors();
  end(how);
}

int main(int count, char **arguments) {
  if (count < 2 || strlen(arguments[1]) >= LONGEST) return 64;
  if (count == 3 && strcmp(arguments[1], "--count") == 0) count_for_ever(arguments[2]);
  self = "/proc/self/exe";
  user = count > 2 ? arguments[2] : NULL;
  grow(arguments[1]);
}
