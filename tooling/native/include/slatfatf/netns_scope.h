// Enters another network namespace for the length of a C++ scope and comes back. Synchronous and on the
// calling thread only, so no other work of the process ever sees the foreign namespace: descriptors opened
// inside keep it, everything else is unaffected. Entering needs CAP_SYS_ADMIN (setns(2)).
#pragma once

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "slatfatf/unique_fd.h"

namespace slatfatf {

class NetnsScope {
 public:
  // An empty path stays where it is. Check Error() before going on.
  explicit NetnsScope(const std::string& path) {
    if (path.empty()) return;
    home_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    UniqueFd target(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    // The way back is tried first: a user namespace that owns the target need not own home.
    if (!home_.IsOpen() || !target.IsOpen() || ::setns(home_.Get(), CLONE_NEWNET) != 0 ||
        ::setns(target.Get(), CLONE_NEWNET) != 0) {
      error_ = errno;
      home_.Reset();
    }
  }

  NetnsScope(const NetnsScope&) = delete;
  NetnsScope& operator=(const NetnsScope&) = delete;

  // A thread that cannot return home must not run on in a namespace nobody asked for.
  ~NetnsScope() {
    if (home_.IsOpen() && ::setns(home_.Get(), CLONE_NEWNET) != 0) {
      std::perror("slatfatf: could not return to the original network namespace");
      std::abort();
    }
  }

  int Error() const { return error_; }

 private:
  UniqueFd home_;
  int error_ = 0;
};

}  // namespace slatfatf
