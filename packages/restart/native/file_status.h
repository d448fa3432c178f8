// stat(2) by the one name that older C libraries have too: fstat and lstat are symbols since glibc 2.33 only.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>

namespace restart {

struct FileStatus {
  mode_t mode = 0;
  uint32_t device_major = 0;
  uint32_t device_minor = 0;
  uint64_t inode = 0;
  uint64_t size = 0;

  bool IsSameFile(const FileStatus& other) const {
    return inode == other.inode && device_major == other.device_major && device_minor == other.device_minor;
  }
};

inline bool ReadStatusAt(int directory, const char* path, int flags, FileStatus* status) {
  struct statx found {};
  if (::statx(directory, path, flags, STATX_BASIC_STATS, &found) != 0) return false;
  *status = {found.stx_mode, found.stx_dev_major, found.stx_dev_minor, found.stx_ino, found.stx_size};
  return true;
}

// False, with errno set, as below.
inline bool ReadStatus(int fd, FileStatus* status) { return ReadStatusAt(fd, "", AT_EMPTY_PATH, status); }

// Of the link itself, if it is one.
inline bool ReadStatus(const char* path, FileStatus* status) {
  return ReadStatusAt(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, status);
}

}  // namespace restart
