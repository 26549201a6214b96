// SPDX-License-Identifier: Apache-2.0
// A file descriptor with one owner.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace cloudtaser {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      Reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { Reset(); }

  static Fd Duplicate(int fd) { return Fd(fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void Reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

// What lies behind a descriptor, as the kernel names it ("anon_inode:bpf-map"); "" if it cannot be told.
inline std::string KindOf(int fd) {
  char kind[64] = "";
  ssize_t size = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), kind, sizeof(kind));
  return size < 0 ? std::string() : std::string(kind, static_cast<size_t>(size));
}

}  // namespace cloudtaser
