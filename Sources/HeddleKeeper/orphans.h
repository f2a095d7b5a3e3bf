#pragma once

/// What killed wardens leave: processes that fall to the keeper, the subreaper of all.

/// Reaps the orphans that are dead and kills the others. When there are none, the entities whose wardens were lost get
/// the last words that these owe.
void orphans_end(void);
