#include "netlink_socket.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "slatfatf/arguments.h"
#include "slatfatf/errno_error.h"
#include "slatfatf/netns_scope.h"

namespace slatfatf {

namespace {

constexpr size_t kAlignment = 4;
constexpr size_t kNumbersPerOutcome = 3;

struct Received {
  // Length of the datagram (all of it, stored or not), or -errno.
  ssize_t length;
  // Where the message is from, as this namespace numbers others; -1 when the kernel does not say.
  int32_t namespace_id;
};

Napi::Value Result(Napi::Env env, ssize_t value) { return Napi::Number::New(env, value); }

size_t AlignUp(size_t length) { return (length + kAlignment - 1) & ~(kAlignment - 1); }

int32_t NamespaceIdOf(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == SOL_NETLINK && part->cmsg_type == NETLINK_LISTEN_ALL_NSID &&
        part->cmsg_len >= CMSG_LEN(sizeof(int32_t))) {
      int32_t id;
      std::memcpy(&id, CMSG_DATA(part), sizeof(id));
      return id;
    }
  }
  return -1;
}

// Reads the next datagram from the kernel. Any process may send to a netlink socket; what does not come from
// port 0 is not the kernel's word and is reported as -EPROTO.
Received ReceiveFromKernel(int fd, void* buffer, size_t room) {
  sockaddr_nl sender{};
  iovec vector{buffer, room};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int32_t))];
  msghdr message{};
  ssize_t length;
  do {
    message.msg_name = &sender;
    message.msg_namelen = sizeof(sender);
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    length = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_TRUNC);
  } while (length < 0 && errno == EINTR);
  if (length < 0) return {-errno, -1};
  return {sender.nl_pid == 0 ? length : -EPROTO, NamespaceIdOf(message)};
}

}  // namespace

Napi::Function NetlinkSocket::Define(Napi::Env env) {
  return DefineClass(env, "NetlinkSocket",
                     {
                         InstanceMethod<&NetlinkSocket::PortId>("portId"),
                         InstanceMethod<&NetlinkSocket::SetOption>("setOption"),
                         InstanceMethod<&NetlinkSocket::GetOption>("getOption"),
                         InstanceMethod<&NetlinkSocket::Send>("send"),
                         InstanceMethod<&NetlinkSocket::Receive>("receive"),
                         InstanceMethod<&NetlinkSocket::StartPolling>("startPolling"),
                         InstanceMethod<&NetlinkSocket::StopPolling>("stopPolling"),
                         InstanceMethod<&NetlinkSocket::Ref>("ref"),
                         InstanceMethod<&NetlinkSocket::Unref>("unref"),
                         InstanceMethod<&NetlinkSocket::Close>("close"),
                     });
}

NetlinkSocket::NetlinkSocket(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NetlinkSocket>(info) {
  Napi::Env env = info.Env();
  Arguments arguments(info);
  int protocol = arguments.Int32(0);
  std::string netns = arguments.String(1);
  if (!arguments.Ok()) return;

  int error = 0;
  {
    NetnsScope scope(netns);
    if (scope.Error() != 0) {
      ThrowErrno(env, scope.Error(), "setns");
      return;
    }
    fd_ = UniqueFd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
    if (!fd_.IsOpen()) error = errno;
  }
  if (error != 0) {
    ThrowErrno(env, error, "socket");
    return;
  }

  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd_.Get(), generic, size) != 0 || ::getsockname(fd_.Get(), generic, &size) != 0) {
    ThrowErrno(env, errno, "bind");
    return;
  }
  port_id_ = address.nl_pid;

  poll_ = ReadablePoll::Create(env, fd_.Get(), &error);
  if (!poll_) ThrowErrno(env, -error, "uv_poll_init");
}

NetlinkSocket::~NetlinkSocket() { Release(); }

Napi::Value NetlinkSocket::PortId(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), port_id_);
}

Napi::Value NetlinkSocket::SetOption(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int level = arguments.Int32(0);
  int name = arguments.Int32(1);
  int value = arguments.Int32(2);
  if (!arguments.Ok()) return info.Env().Undefined();
  int result = ::setsockopt(fd_.Get(), level, name, &value, sizeof(value));
  return Result(info.Env(), result == 0 ? 0 : -errno);
}

Napi::Value NetlinkSocket::GetOption(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int level = arguments.Int32(0);
  int name = arguments.Int32(1);
  if (!arguments.Ok()) return info.Env().Undefined();
  int value = 0;
  socklen_t size = sizeof(value);
  int result = ::getsockopt(fd_.Get(), level, name, &value, &size);
  return Result(info.Env(), result == 0 ? value : -errno);
}

Napi::Value NetlinkSocket::Send(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  size_t length = 0;
  auto* bytes = arguments.Typed<uint8_t>(0, napi_uint8_array, &length);
  if (!arguments.Ok()) return info.Env().Undefined();
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent;
  do {
    sent = ::sendto(fd_.Get(), bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL,
                    reinterpret_cast<sockaddr*>(&kernel), sizeof(kernel));
  } while (sent < 0 && errno == EINTR);
  return Result(info.Env(), sent >= 0 ? sent : -errno);
}

Napi::Value NetlinkSocket::Receive(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  size_t size = 0;
  size_t numbers = 0;
  auto* buffer = arguments.Typed<uint8_t>(0, napi_uint8_array, &size);
  auto* outcomes = arguments.Typed<int32_t>(1, napi_int32_array, &numbers);
  size_t room = arguments.Uint32(2);
  if (!arguments.Ok()) return info.Env().Undefined();

  size_t capacity = numbers / kNumbersPerOutcome;
  size_t count = 0;
  size_t used = 0;
  while (count < capacity && used + room <= size) {
    Received received = ReceiveFromKernel(fd_.Get(), buffer + used, size - used);
    if (received.length < 0 && count == 0) return Result(info.Env(), received.length);
    if (received.length == -EAGAIN) break;

    int32_t* outcome = outcomes + kNumbersPerOutcome * count++;
    outcome[1] = 0;
    outcome[2] = received.namespace_id;
    if (received.length < 0) {
      outcome[0] = static_cast<int32_t>(received.length);
      break;
    }
    size_t length = static_cast<size_t>(received.length);
    size_t stored = length < size - used ? length : size - used;
    outcome[0] = static_cast<int32_t>(stored);
    outcome[1] = static_cast<int32_t>(length);
    used += AlignUp(stored);
  }
  return Result(info.Env(), static_cast<ssize_t>(count));
}

Napi::Value NetlinkSocket::StartPolling(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Napi::Function callback = arguments.Function(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Result(info.Env(), poll_ ? poll_->Start(callback) : -EBADF);
}

Napi::Value NetlinkSocket::StopPolling(const Napi::CallbackInfo& info) {
  return Result(info.Env(), poll_ ? poll_->Stop() : 0);
}

void NetlinkSocket::Ref(const Napi::CallbackInfo&) {
  if (poll_) poll_->Ref();
}

void NetlinkSocket::Unref(const Napi::CallbackInfo&) {
  if (poll_) poll_->Unref();
}

void NetlinkSocket::Close(const Napi::CallbackInfo&) { Release(); }

void NetlinkSocket::Release() {
  poll_.reset();
  fd_.Reset();
}

}  // namespace slatfatf
