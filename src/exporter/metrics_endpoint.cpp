// SPDX-License-Identifier: MIT
#include "exporter/metrics_endpoint.hpp"

#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <utility>

#include "base/error.hpp"
#include "control/unix_socket.hpp"
#include "exporter/exposition.hpp"
#include "exporter/metric_families.hpp"
#include "os/socket_address.hpp"

namespace tunrelay {
namespace {

constexpr const char* kServeAttempt = "serve metrics at";
constexpr int kBacklog = 16;
constexpr unsigned kMaxConnections = 16;
constexpr unsigned kPatienceS = 10;
constexpr mode_t kMetricsSocketMode = 0660;
constexpr std::string_view kFrontPage =
    "tunrelay serves metrics at /metrics, for Prometheus and OpenMetrics.\n";

FileDescriptor listen_at_port(MetricsAddress& address) {
  const std::string object = address.to_string();
  FileDescriptor listener(check_system_call(
      ::socket(address.address.address_family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
      kServeAttempt, object));
  constexpr int kOn = 1;
  // A relay that follows another at once finds connections of that one in TIME_WAIT.
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);
  if (!address.address.is_ipv4())
    ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &kOn, sizeof kOn);
  SocketAddress name(address.address, address.port);
  check_system_call(::bind(listener.get(), name.get(), name.length), kServeAttempt, object,
                    "choose another port or an address of this host; `ss -ltnp` shows who listens");
  check_system_call(::listen(listener.get(), kBacklog), kServeAttempt, object);
  check_system_call(::getsockname(listener.get(), name.get(), &name.length), kServeAttempt, object);
  address.port = name.port();
  return listener;
}

FileDescriptor listen_at_path(const std::string& path, ino_t& inode) {
  FileDescriptor listener = make_unix_socket();
  make_way_for_socket(path);
  check_system_call(bind_unix_socket(listener, path), kServeAttempt, path, "name another path");
  struct stat status {};
  // Nobody can connect before listen(), so the mode is right from the first moment.
  check_system_call(::chmod(path.c_str(), kMetricsSocketMode), "set the mode of", path);
  check_system_call(::stat(path.c_str(), &status), "look at", path);
  inode = status.st_ino;
  check_system_call(::fcntl(listener.get(), F_SETFL, O_NONBLOCK), kServeAttempt, path);
  check_system_call(::listen(listener.get(), kBacklog), kServeAttempt, path);
  return listener;
}

MHD_Result answer(MHD_Connection* connection, unsigned status, std::string_view text,
                  const char* content_type) {
  // The library takes a pointer that it may write to, and copies.
  MHD_Response* response = MHD_create_response_from_buffer(
      text.size(), const_cast<char*>(text.data()), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
  if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  const MHD_Result queued = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace

class MetricsEndpoint::Answers {
 public:
  static MHD_Result to(void* endpoint, MHD_Connection* connection, const char* url,
                       const char* method, const char* /*version*/, const char* /*upload*/,
                       std::size_t* upload_bytes, void** state) {
    constexpr const char* kPlain = "text/plain; charset=utf-8";
    // The first call of a request comes before its body, which nobody needs.
    static char seen;
    if (*state == nullptr || *upload_bytes != 0) {
      *state = &seen;
      *upload_bytes = 0;
      return MHD_YES;
    }
    const std::string_view method_name = method;
    const std::string_view path = url;
    if (method_name != MHD_HTTP_METHOD_GET && method_name != MHD_HTTP_METHOD_HEAD)
      return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, kFrontPage, kPlain);
    if (path == "/") return answer(connection, MHD_HTTP_OK, kFrontPage, kPlain);
    if (path != "/metrics") return answer(connection, MHD_HTTP_NOT_FOUND, kFrontPage, kPlain);
    const char* accept =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    const ExpositionFormat format = exposition_format_for(accept == nullptr ? "" : accept);
    try {
      const TunnelReport report = static_cast<const MetricsEndpoint*>(endpoint)->read_();
      const std::string text =
          exposition_text(metric_families(report, metrics_context_of(report)), format);
      return answer(connection, MHD_HTTP_OK, text, content_type_of(format));
    } catch (const std::exception& error) {  // no memory, no descriptor: the next one may succeed
      return answer(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, std::string(error.what()) + "\n",
                    kPlain);
    }
  }
};

MetricsEndpoint::MetricsEndpoint(MetricsAddress address) : address_(std::move(address)) {
  listener_ =
      address_.path.empty() ? listen_at_port(address_) : listen_at_path(address_.path, inode_);
}

MetricsEndpoint::~MetricsEndpoint() {
  if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
  struct stat status {};
  if (!address_.path.empty() && ::lstat(address_.path.c_str(), &status) == 0 &&
      status.st_ino == inode_)
    ::unlink(address_.path.c_str());
}

std::string MetricsEndpoint::place() const {
  return address_.path.empty() ? "http://" + address_.to_string() + "/metrics"
                               : address_.to_string();
}

void MetricsEndpoint::begin(std::function<TunnelReport()> read) {
  read_ = std::move(read);
  // The library closes what it is given.
  const int listener = check_system_call(::fcntl(listener_.get(), F_DUPFD_CLOEXEC, 0),
                                         kServeAttempt, address_.to_string());
  daemon_ =
      MHD_start_daemon(MHD_USE_EPOLL, 0, nullptr, nullptr, &Answers::to, this,
                       MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
                       kMaxConnections, MHD_OPTION_CONNECTION_TIMEOUT, kPatienceS, MHD_OPTION_END);
  if (daemon_ == nullptr)
    throw_system_error(errno == 0 ? ENOMEM : errno, kServeAttempt, address_.to_string(),
                       "see whether descriptors or memory are short");
}

int MetricsEndpoint::fd() const noexcept {
  return MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

void MetricsEndpoint::serve() noexcept {
  MHD_run(daemon_);
}

std::unique_ptr<MetricsEndpoint> open_metrics(std::string_view text) {
  if (text.empty()) return nullptr;
  return std::make_unique<MetricsEndpoint>(MetricsAddress::parse(text));
}

}  // namespace tunrelay
