// A process by descriptor, not by number: the number may belong to another one by the time it is used.
#pragma once

#include "outcome.h"

namespace restart {

// Close-on-exec; readable when the process has ended, whoever its parent is. ESRCH: there is none.
// Requires Linux 5.3.
Outcome OpenProcess(int pid);

// ESRCH: it has ended.
Outcome SignalProcess(int process, int signal);

}  // namespace restart
