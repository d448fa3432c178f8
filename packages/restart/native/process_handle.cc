#include "process_handle.h"

#include <sys/syscall.h>
#include <unistd.h>

// Not in the headers of the oldest C library that this is built for; the same on every architecture.
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

namespace restart {

Outcome OpenProcess(int pid) {
  return Outcome::FromCall(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), "pidfd_open");
}

Outcome SignalProcess(int process, int signal) {
  return Outcome::FromCall(static_cast<int>(::syscall(SYS_pidfd_send_signal, process, signal, nullptr, 0)),
                           "pidfd_send_signal");
}

}  // namespace restart
