// SPDX-License-Identifier: MIT
#include "control/control_server.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"
#include "control/unix_socket.hpp"
#include "os/json_lines.hpp"
#include "os/passed_descriptor.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// Half a line, or an answer that is not taken, is waited for that long.
constexpr std::int64_t kPatienceNs = 5 * kNanosecondsPerSecond;
constexpr std::int64_t kPauseNs = kNanosecondsPerSecond;
constexpr ControlClientId kListener = 0;
constexpr mode_t kSocketMode = 0660;

void watch_descriptor(const FileDescriptor& epoll, int operation, int fd, ControlClientId id,
                      std::uint32_t wanted) {
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = id;
  check_system_call(::epoll_ctl(epoll.get(), operation, fd, &event), "watch", "a control socket");
}

}  // namespace

ControlServer::ControlServer(std::string path, ControlService& service)
    : path_(std::move(path)),
      service_(service),
      listener_(make_unix_socket()),
      events_(check_system_call(::epoll_create1(EPOLL_CLOEXEC), "make", "an epoll")) {
  make_way_for_socket(path_);
  check_system_call(bind_unix_socket(listener_, path_), "listen at", path_,
                    "name another path by --control-socket, or none");
  struct stat status {};
  // Nobody can connect before listen(), so the mode is right from the first moment.
  check_system_call(::chmod(path_.c_str(), kSocketMode), "set the mode of", path_);
  check_system_call(::stat(path_.c_str(), &status), "look at", path_);
  group_ = status.st_gid;
  inode_ = status.st_ino;
  check_system_call(::fcntl(listener_.get(), F_SETFL, O_NONBLOCK), "listen at", path_);
  check_system_call(::listen(listener_.get(), kMaxClients), "listen at", path_);
  watch_descriptor(events_, EPOLL_CTL_ADD, listener_.get(), kListener, EPOLLIN);
}

ControlServer::~ControlServer() {
  while (!clients_.empty()) leave(clients_.begin()->first);
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_ino == inode_) ::unlink(path_.c_str());
}

void ControlServer::serve() {
  std::array<epoll_event, kMaxClients + 1> events{};
  const int count = ::epoll_wait(events_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int at = 0; at < count; ++at) {
    const ControlClientId id = events.at(static_cast<std::size_t>(at)).data.u64;
    if (id == kListener)
      accept_clients();
    else
      serve_client(id);
  }
  leave_the_slow();
  if (deaf_until_ns_ != 0 && monotonic_ns() > deaf_until_ns_) listen_again();
}

void ControlServer::accept_clients() {
  for (;;) {
    FileDescriptor socket(
        ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.is_open()) {
      if (errno == ECONNABORTED || errno == EINTR) continue;
      if (errno == EAGAIN) return;
      // Descriptors or memory have run out: who waits goes on waiting, and shall not wake us
      // again and again meanwhile.
      deaf_until_ns_ = monotonic_ns() + kPauseNs;
      watch_descriptor(events_, EPOLL_CTL_MOD, listener_.get(), kListener, 0);
      return;
    }
    if (clients_.size() < kMaxClients && peer_is_trusted(socket, group_))
      add_client(std::move(socket));
  }
}

void ControlServer::add_client(FileDescriptor socket) {
  try {
    watch_descriptor(events_, EPOLL_CTL_ADD, socket.get(), ++last_id_, EPOLLIN);
  } catch (const Error&) {
    return;  // this host has no room for one more
  }
  Client& client = clients_[last_id_];
  client.socket = std::move(socket);
  client.active_ns = monotonic_ns();
}

void ControlServer::listen_again() {
  deaf_until_ns_ = 0;
  watch_descriptor(events_, EPOLL_CTL_MOD, listener_.get(), kListener, EPOLLIN);
}

void ControlServer::serve_client(ControlClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Client& client = found->second;
  // From a client that does not read its answers no more requests are read, and one that sends
  // many lets others have their turn.
  constexpr int kAnswersATurn = 4;
  bool stays = client.is_answered() ? receive(client) : send(client);
  for (int answers = 0; stays && answers < kAnswersATurn; ++answers) {
    if (!client.unsent.empty() || !client.has_question()) break;
    stays = answer_next(id, client) && send(client);
  }
  if (stays)
    watch(id, client);
  else
    leave(id);
}

bool ControlServer::receive(Client& client) {
  std::array<char, 16'384> part{};
  const ssize_t count =
      receive_with_descriptor(client.socket, part.data(), part.size(), client.passed);
  if (count == 0) return false;
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  client.active_ns = monotonic_ns();
  client.received.append(part.data(), static_cast<std::size_t>(count));
  return client.has_question() || client.received.size() <= kMaxLineBytes;
}

bool ControlServer::answer_next(ControlClientId id, Client& client) {
  const std::size_t end = client.received.find('\n');
  if (end > kMaxLineBytes) return false;
  const json request =
      json::parse(client.received.begin(),
                  client.received.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
  client.received.erase(0, end + 1);
  if (!request.is_object()) return false;
  ordered_json answer;
  try {
    answer = service_.answer(id, request, std::move(client.passed));
  } catch (const Error& error) {
    answer = error_answer(error.what(), error.exit_code());
  } catch (const json::exception& error) {
    answer = error_answer("not understood: " + bare_message(error), ExitCode::kUsage);
  } catch (const std::exception& error) {
    // No thread or no memory for a request is not a reason to end what runs.
    answer = error_answer(error.what(), ExitCode::kFailed);
  }
  client.unsent = json_text(answer) + "\n";
  return true;
}

bool ControlServer::send(Client& client) {
  while (!client.unsent.empty()) {
    const ssize_t count = ::send(client.socket.get(), client.unsent.data(), client.unsent.size(),
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    client.active_ns = monotonic_ns();
    client.unsent.erase(0, static_cast<std::size_t>(count));
  }
  return true;
}

void ControlServer::watch(ControlClientId id, const Client& client) const {
  watch_descriptor(events_, EPOLL_CTL_MOD, client.socket.get(), id,
                   client.is_answered() ? EPOLLIN : EPOLLOUT);
}

void ControlServer::leave(ControlClientId id) noexcept {
  clients_.erase(id);
  service_.left(id);
}

void ControlServer::leave_the_slow() {
  const std::int64_t now_ns = monotonic_ns();
  std::vector<ControlClientId> slow;
  for (const auto& [id, client] : clients_)
    if ((!client.received.empty() || !client.unsent.empty()) &&
        now_ns - client.active_ns > kPatienceNs)
      slow.push_back(id);
  for (const ControlClientId id : slow) leave(id);
}

}  // namespace tunrelay
