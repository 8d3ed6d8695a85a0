// SPDX-License-Identifier: MIT
// The control socket of a running relay: JSON objects, one a line each way, a request and its
// answer. It never waits: a client that is slow, silent or talks too much is its own harm.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "os/file_descriptor.hpp"

namespace tunrelay {

using ControlClientId = std::uint64_t;
/// Whoever asks without a socket: the program that has the tunnel.
inline constexpr ControlClientId kProgramItself = ~ControlClientId{0};

/// What answers the requests. An Error that it throws becomes the answer
/// {"error": TEXT, "exit_code": N}.
class ControlService {
 public:
  virtual ~ControlService() = default;
  /// PASSED: a descriptor that came with the request, if it is open.
  virtual nlohmann::ordered_json answer(ControlClientId client, const nlohmann::json& request,
                                        FileDescriptor passed) = 0;
  /// The client is gone: it sends no more requests.
  virtual void left(ControlClientId client) noexcept = 0;
};

/// Used by one thread.
class ControlServer {
 public:
  static constexpr std::size_t kMaxLineBytes = 65'536;
  static constexpr std::size_t kMaxClients = 16;

  /// Listens at PATH, mode 0660; what a killed relay has left there is replaced. Whoever may open
  /// the socket and is root, of our user or of the socket's group is answered. Throws Error.
  /// SERVICE must outlive the server.
  ControlServer(std::string path, ControlService& service);
  /// Removes the socket.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// Readable when serve() has something to do, which must be called once a second at least.
  [[nodiscard]] int fd() const noexcept { return events_.get(); }
  void serve();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  struct Client {
    FileDescriptor socket;
    FileDescriptor passed;
    std::string received;
    std::string unsent;          ///< of an answer
    std::int64_t active_ns = 0;  ///< when it last sent or took something

    [[nodiscard]] bool has_question() const { return received.find('\n') != std::string::npos; }
    [[nodiscard]] bool is_answered() const { return unsent.empty() && !has_question(); }
  };

  void accept_clients();
  void add_client(FileDescriptor socket);
  void listen_again();
  void serve_client(ControlClientId id);
  // False: close the client.
  [[nodiscard]] static bool receive(Client& client);
  [[nodiscard]] bool answer_next(ControlClientId id, Client& client);
  [[nodiscard]] static bool send(Client& client);
  void watch(ControlClientId id, const Client& client) const;
  void leave(ControlClientId id) noexcept;
  void leave_the_slow();

  std::string path_;
  ControlService& service_;
  FileDescriptor listener_;
  FileDescriptor events_;  ///< an epoll
  gid_t group_ = 0;        ///< the socket's
  ino_t inode_ = 0;        ///< the socket file's, so that nobody else's is removed
  ControlClientId last_id_ = 0;
  std::int64_t deaf_until_ns_ = 0;  ///< no client is accepted before; 0: they are
  std::map<ControlClientId, Client> clients_;
};

}  // namespace tunrelay
