#include "orphans.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

namespace restart {

namespace {

// Leaves the child as it is. Its pid, 0 if none has ended, or -1 if there are no children.
pid_t FirstEnded(siginfo_t* info) {
  info->si_pid = 0;
  int result;
  do {
    result = ::waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT);
  } while (result < 0 && errno == EINTR);
  return result == 0 ? info->si_pid : -1;
}

}  // namespace

Outcome BecomeSubreaper() {
  return Outcome::FromCall(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)");
}

bool ReapOrphan(const int32_t* known, size_t count, EndedChild* ended) {
  siginfo_t info{};
  const pid_t pid = FirstEnded(&info);
  if (pid <= 0 || std::find(known, known + count, pid) != known + count) return false;
  siginfo_t taken{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &taken, WEXITED | WNOHANG) != 0) return false;
  ended->pid = pid;
  ended->status = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
  return true;
}

bool HasChildren() {
  siginfo_t info{};
  return FirstEnded(&info) >= 0;
}

}  // namespace restart
