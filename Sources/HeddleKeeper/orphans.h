#pragma once
#include <stdbool.h>

/// What killed wardens leave: processes that fall to the keeper, the subreaper of all.

/// If one may have died, or wardens are lost: reaps the orphans that are dead and kills the others. When there are none,
/// the entities whose wardens were lost get the last words that these owe. True: there are some left, so call again soon.
bool orphans_settle(bool died);
