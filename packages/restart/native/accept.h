// Takes connections itself, so that the descriptor is known before anybody speaks: who is at the other end
// can only be asked with it.
#pragma once

#include "outcome.h"

namespace restart {

// Also if it listens already: who connects from now on sees this process as the one it is connected to
// (SO_PEERCRED), and no longer the one that listened first.
Outcome Listen(int fd, int backlog);

// Non-blocking and close-on-exec from birth. -errno: EAGAIN when nobody waits.
int Accept(int listener);

}  // namespace restart
