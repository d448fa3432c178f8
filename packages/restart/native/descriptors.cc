#include "descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <limits>

#include "file_status.h"
#include "slatfatf/unique_fd.h"

namespace restart {

namespace {

constexpr int kFirstAfterStdio = 3;

double ToDouble(rlim_t limit) {
  return limit == RLIM_INFINITY ? std::numeric_limits<double>::infinity() : static_cast<double>(limit);
}

}  // namespace

Outcome CloseDescriptor(int fd) {
  if (::close(fd) == 0 || errno == EINTR) return Outcome::Of(0);
  return Outcome::Failed("close");
}

Outcome Duplicate(int fd) {
  return Outcome::FromCall(::fcntl(fd, F_DUPFD_CLOEXEC, kFirstAfterStdio), "fcntl(F_DUPFD_CLOEXEC)");
}

Outcome Replace(int source, int target) {
  if (source == target) return SetCloseOnExec(target, false);
  return Outcome::FromCall(::dup2(source, target), "dup2");
}

Outcome SetCloseOnExec(int fd, bool on) {
  const int flags = ::fcntl(fd, F_GETFD);
  if (flags < 0) return Outcome::Failed("fcntl(F_GETFD)");
  const int wanted = on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
  return Outcome::FromCall(::fcntl(fd, F_SETFD, wanted), "fcntl(F_SETFD)");
}

Outcome ReadDescriptorLimit(DescriptorLimit* limit) {
  rlimit value{};
  if (::getrlimit(RLIMIT_NOFILE, &value) != 0) return Outcome::Failed("getrlimit");
  limit->soft = ToDouble(value.rlim_cur);
  limit->hard = ToDouble(value.rlim_max);
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return Outcome::Failed("opendir(/proc/self/fd)");
  int count = 0;
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] != '.') count++;
  }
  ::closedir(directory);
  // The listing itself had one.
  limit->open = count - 1;
  return Outcome::Of(0);
}

Outcome GrowDescriptorTable(int count) {
  slatfatf::UniqueFd any(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!any.IsOpen()) return Outcome::Failed("open(/dev/null)");
  slatfatf::UniqueFd high(::fcntl(any.Get(), F_DUPFD_CLOEXEC, count - 1));
  return high.IsOpen() ? Outcome::Of(0) : Outcome::Failed("fcntl(F_DUPFD_CLOEXEC)");
}

Outcome LockFile(const char* path) {
  slatfatf::UniqueFd fd(::open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.IsOpen()) return Outcome::Failed("open");
  if (::flock(fd.Get(), LOCK_EX | LOCK_NB) != 0) return Outcome::Failed("flock");
  // Who had it before may have removed the file: then this is a lock on nothing.
  FileStatus locked;
  FileStatus present;
  if (!ReadStatus(fd.Get(), &locked)) return Outcome::Failed("statx");
  if (!ReadStatus(path, &present) || !present.IsSameFile(locked)) {
    return Outcome::Failed("flock", EAGAIN);
  }
  return Outcome::Of(fd.Release());
}

}  // namespace restart
