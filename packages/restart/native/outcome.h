// What a sequence of system calls gave: a value of 0 or more, or the call that failed and its errno.
#pragma once

#include <cerrno>

namespace restart {

struct Outcome {
  int value = -1;
  int error = 0;
  const char* syscall = nullptr;

  static Outcome Of(int value) { return {value, 0, nullptr}; }
  static Outcome Failed(const char* syscall, int error = errno) { return {-1, error, syscall}; }

  // For a call that returns -1 and sets errno.
  static Outcome FromCall(int result, const char* syscall) {
    return result >= 0 ? Of(result) : Failed(syscall);
  }

  bool Ok() const { return syscall == nullptr; }
};

}  // namespace restart
