// SPDX-License-Identifier: Apache-2.0
// Processes, sockets, descriptors: see process.h.
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <uv.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "arguments.h"

namespace cloudtaser {

Napi::Function Pidfd::Define(Napi::Env env) {
  return DefineClass(env, "Pidfd",
                     {InstanceAccessor<&Pidfd::GetFd>("fd"), InstanceAccessor<&Pidfd::GetPid>("pid"),
                      InstanceMethod<&Pidfd::Signal>("signal"), InstanceMethod<&Pidfd::Alive>("alive"),
                      InstanceMethod<&Pidfd::Close>("close")});
}

Napi::Value Pidfd::Open(const Napi::CallbackInfo& info) {
  Arguments args(info, "openPidfd");
  auto pid = static_cast<pid_t>(args.Integer(0, "pid", 1, INT32_MAX));
  if (args.bad()) return info.Env().Undefined();
  Fd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) return ThrowErrno(info.Env(), errno, "open pidfd of process", std::to_string(pid));
  return Make(info.Env(), Instance::Of(info.Env()).pidfd, Parts{std::move(fd), pid});
}

bool Pidfd::ThrowIfClosed(Napi::Env env) {
  if (parts_.fd) return false;
  ThrowClosed(env, "pidfd of process " + std::to_string(parts_.pid));
  return true;
}

Napi::Value Pidfd::GetPid(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), parts_.pid); }
Napi::Value Pidfd::GetFd(const Napi::CallbackInfo& info) {
  if (ThrowIfClosed(info.Env())) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), parts_.fd.get());
}

Napi::Value Pidfd::Signal(const Napi::CallbackInfo& info) {
  if (ThrowIfClosed(info.Env())) return info.Env().Undefined();
  Arguments args(info, "signal");
  auto signal = static_cast<int>(args.Integer(0, "signal", 0, 64));
  if (args.bad()) return info.Env().Undefined();
  if (syscall(SYS_pidfd_send_signal, parts_.fd.get(), signal, nullptr, 0) != 0) {
    return ThrowErrno(info.Env(), errno, "signal process", std::to_string(parts_.pid));
  }
  return info.Env().Undefined();
}

Napi::Value Pidfd::Alive(const Napi::CallbackInfo& info) {
  if (ThrowIfClosed(info.Env())) return info.Env().Undefined();
  // Readable from the exit on, reaped or not.
  struct pollfd exited = {parts_.fd.get(), POLLIN, 0};
  int ready;
  do {
    ready = poll(&exited, 1, 0);
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) return ThrowErrno(info.Env(), errno, "poll pidfd of process", std::to_string(parts_.pid));
  return Napi::Boolean::New(info.Env(), ready == 0);
}

Napi::Value PeerCredentials(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "peerCredentials");
  auto fd = static_cast<int>(args.Integer(0, "fd", 0, INT32_MAX));
  if (args.bad()) return env.Undefined();
  struct ucred peer = {};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return ThrowErrno(env, errno, "read peer credentials of descriptor", std::to_string(fd));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", peer.pid);
  result.Set("uid", peer.uid);
  result.Set("gid", peer.gid);
  return result;
}

namespace {

// What exec(2) would hand on of Node's habits, put back if it fails, because then this process goes on.
class PlainProcess {
 public:
  PlainProcess() {
    uv_tty_reset_mode();
    // Handlers end with the old image by themselves; ignored signals and the mask are inherited.
    for (int signal = 1; signal <= 64; ++signal) {
      struct sigaction action = {};
      if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_IGN) continue;
      ignored_.push_back(signal);
      ::signal(signal, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, &mask_);
    for (int fd = 0; fd <= 2; ++fd) {
      flags_[fd] = fcntl(fd, F_GETFL);
      if (flags_[fd] < 0) continue;
      fcntl(fd, F_SETFL, flags_[fd] & ~O_NONBLOCK);
      // Node marks all that it inherited, stdio too.
      descriptor_flags_[fd] = fcntl(fd, F_GETFD);
      fcntl(fd, F_SETFD, descriptor_flags_[fd] & ~FD_CLOEXEC);
    }
  }

  ~PlainProcess() {
    for (int fd = 0; fd <= 2; ++fd) {
      if (flags_[fd] < 0) continue;
      fcntl(fd, F_SETFL, flags_[fd]);
      fcntl(fd, F_SETFD, descriptor_flags_[fd]);
    }
    for (int signal : ignored_) ::signal(signal, SIG_IGN);
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

 private:
  std::vector<int> ignored_;
  sigset_t mask_;
  int flags_[3] = {-1, -1, -1};
  int descriptor_flags_[3] = {};
};

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Napi::Value Exec(const Napi::CallbackInfo& info) {
  Arguments args(info, "exec");
  std::string path = args.Text(0, "path");
  std::vector<std::string> argv = args.Texts(1, "argv");
  std::vector<std::string> env = args.Texts(2, "env");
  // Linux makes up an empty argv[0], which programs do not expect.
  if (!args.bad() && argv.empty()) args.Refuse("argv", "must begin with the program's name");
  if (args.bad()) return info.Env().Undefined();
  std::vector<char*> argv_pointers = Pointers(argv);
  std::vector<char*> env_pointers = Pointers(env);
  int error;
  {
    PlainProcess plain;
    execve(path.c_str(), argv_pointers.data(), env_pointers.data());
    error = errno;
  }
  return ThrowErrno(info.Env(), error, "execute", path);
}

Napi::Value Notify(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "notify");
  std::string state = args.Text(0, "state");
  if (args.bad()) return env.Undefined();
  const char* variable = getenv("NOTIFY_SOCKET");
  if (variable == nullptr || variable[0] == '\0') return Napi::Boolean::New(env, false);

  std::string path = variable;
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path[0] != '/' && path[0] != '@') return ThrowErrno(env, EAFNOSUPPORT, "notify", path);
  if (path.size() >= sizeof(address.sun_path)) return ThrowErrno(env, ENAMETOOLONG, "notify", path);
  memcpy(address.sun_path, path.data(), path.size());
  // An abstract name begins with NUL and has no end but the address's length.
  if (path[0] == '@') address.sun_path[0] = '\0';
  auto size = static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) + path.size() + (path[0] == '/' ? 1 : 0));

  Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return ThrowErrno(env, errno, "make socket to notify", path);
  // Anybody may fill the manager's queue: whoever waits for a place in it waits in the row, and not for long.
  struct timeval patience = {.tv_sec = 0, .tv_usec = 200 * 1000};
  if (setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0) {
    return ThrowErrno(env, errno, "bound the patience with", path);
  }
  ssize_t sent = sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL,
                        reinterpret_cast<const struct sockaddr*>(&address), size);
  if (sent < 0) return ThrowErrno(env, errno, "notify", path);
  return Napi::Boolean::New(env, true);
}

Napi::Value CoreLimit(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "coreLimit");
  auto pid = static_cast<pid_t>(args.Integer(0, "pid", 1, INT32_MAX));
  struct rlimit wanted = {}, before = {};
  bool set = args.Given(1);
  // RLIM_INFINITY is -1 as a signed number, and comes back from JavaScript as that.
  if (set) {
    wanted.rlim_cur = static_cast<rlim_t>(args.IntegerOf(1, "0", -1, INT64_MAX));
    wanted.rlim_max = static_cast<rlim_t>(args.IntegerOf(1, "1", -1, INT64_MAX));
  }
  if (args.bad()) return env.Undefined();
  if (prlimit(pid, RLIMIT_CORE, set ? &wanted : nullptr, &before) != 0) {
    return ThrowErrno(env, errno, "limit the core size of process", std::to_string(pid));
  }
  Napi::Array result = Napi::Array::New(env, 2);
  result.Set(0u, static_cast<double>(static_cast<int64_t>(before.rlim_cur)));
  result.Set(1u, static_cast<double>(static_cast<int64_t>(before.rlim_max)));
  return result;
}

Napi::Value Memlock(const Napi::CallbackInfo& info) {
  Arguments args(info, "memlock");
  auto fd = static_cast<int>(args.Integer(0, "fd", 0, INT32_MAX));
  if (args.bad()) return info.Env().Undefined();
  std::string path = "/proc/self/fdinfo/" + std::to_string(fd);
  std::ifstream file(path);
  if (!file) return ThrowErrno(info.Env(), EBADF, "read", path);
  constexpr char kField[] = "memlock:";
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, strlen(kField), kField) != 0) continue;
    return Napi::Number::New(info.Env(), strtod(line.c_str() + strlen(kField), nullptr));
  }
  return ThrowErrno(info.Env(), ENODATA, "find memlock in", path);
}

Napi::Value OpenByHandle(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "openByHandle");
  std::string mount = args.Text(0, "mount");
  auto type = static_cast<int>(args.Integer(1, "type", 0, INT32_MAX));
  Bytes bytes = args.BytesOf(2, "handle");
  if (!args.bad() && (bytes.size == 0 || bytes.size > MAX_HANDLE_SZ)) args.Refuse("handle", "must have 1 to 128 bytes");
  if (args.bad()) return env.Undefined();
  // Not by O_PATH: the kernel does not take that for a mount.
  Fd root(open(mount.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return ThrowErrno(env, errno, "open", mount);
  union {
    struct file_handle head;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } handle = {};
  handle.head.handle_bytes = static_cast<unsigned>(bytes.size);
  handle.head.handle_type = type;
  memcpy(handle.head.f_handle, bytes.data, bytes.size);
  int fd = open_by_handle_at(root.get(), &handle.head, O_PATH | O_CLOEXEC);
  if (fd < 0) return ThrowErrno(env, errno, "open by handle in", mount);
  return Napi::Number::New(env, fd);
}

}  // namespace cloudtaser
