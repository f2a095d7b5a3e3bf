#pragma once
#include <stdint.h>

/// Counts turns in a file that others look at, so that any progress of any process shows at once.

/// Slots of a counting file, each the number of turns of one kind of process.
enum slot { SLOT_PROGRAM, SLOT_SESSION, SLOT_DAEMON, SLOT_FORKER, SLOT_COUNT };

/// As a tree of four: a program that counts, one in a session of its own, a daemon, and one that forks without end, whose
/// children count once each and exit. It does not return.
_Noreturn void count_for_ever(const char *path);
