// SPDX-License-Identifier: MIT
// The functions of libtunrelay: from C calls to those of an EmbeddedTunnel, and no exception out.
#include "embed/tunrelay/tunnel_abi.h"

#include <exception>
#include <string>
#include <utility>

#include "base/build_info.hpp"
#include "base/error.hpp"
#include "embed/embedded_replay.hpp"
#include "embed/embedded_tunnel.hpp"
#include "tunnel/private_network.hpp"

/// What the boundary's handle is.
struct tunrelay_tunnel : tunrelay::EmbeddedTunnel {  // NOLINT(readability-identifier-naming)
  using EmbeddedTunnel::EmbeddedTunnel;
};

namespace {

std::string& failure_text() noexcept {
  thread_local std::string text;
  return text;
}

int fail(int kind, const char* message) noexcept try {
  failure_text() = message;
  return kind;
} catch (const std::exception&) {
  failure_text().clear();  // there is no memory for it
  return kind;
}

/// Does WORK; what it throws becomes the answer.
template <typename Work>
int guarded(Work&& work) noexcept {
  try {
    std::forward<Work>(work)();
    return TUNRELAY_DONE;
  } catch (const tunrelay::Error& error) {
    return fail(static_cast<int>(error.exit_code()), error.what());
  } catch (const std::exception& error) {
    return fail(TUNRELAY_FAILED, error.what());
  }
}

}  // namespace

const char* tunrelay_version() {
  return tunrelay::kVersion;
}

const char* tunrelay_failure_text() {
  return failure_text().c_str();
}

int tunrelay_enter_user_namespace() {
  return guarded(&tunrelay::enter_user_namespace);
}

int tunrelay_tunnel_open(const tunrelay_tunnel_setup* setup, tunrelay_tunnel** tunnel) {
  *tunnel = nullptr;
  return guarded([&] { *tunnel = new tunrelay_tunnel(*setup); });
}

int tunrelay_tunnel_attend(tunrelay_tunnel* tunnel, int64_t deadline_ns, uint32_t* reason) {
  return guarded([&] { *reason = tunnel->attend(deadline_ns); });
}

int tunrelay_tunnel_fd(const tunrelay_tunnel* tunnel) {
  return tunnel->fd();
}

void tunrelay_tunnel_request_stop(tunrelay_tunnel* tunnel) {
  tunnel->request_stop();
}

int tunrelay_tunnel_check_path(tunrelay_tunnel* tunnel, int* is_proven) {
  return guarded([&] { *is_proven = tunnel->check_path() ? 1 : 0; });
}

int tunrelay_tunnel_change_link(tunrelay_tunnel* tunnel, const char* a_to_b, const char* b_to_a) {
  return guarded([&] { tunnel->change_link(a_to_b, b_to_a); });
}

int tunrelay_tunnel_request(tunrelay_tunnel* tunnel, const char* request, int fd,
                            const char** answer) {
  return guarded([&] { *answer = tunnel->request(request, fd).c_str(); });
}

int tunrelay_tunnel_report_json(tunrelay_tunnel* tunnel, const char** text) {
  return guarded([&] { *text = tunnel->report_json().c_str(); });
}

int tunrelay_tunnel_report_text(tunrelay_tunnel* tunnel, const char** text) {
  return guarded([&] { *text = tunnel->report_text().c_str(); });
}

int tunrelay_replay(const tunrelay_replay_setup* setup, const char** report) {
  thread_local std::string text;
  return guarded([&] {
    text = tunrelay::replay_json_of(*setup);
    *report = text.c_str();
  });
}

int tunrelay_tunnel_stop(tunrelay_tunnel* tunnel) {
  return guarded([&] { tunnel->stop(); });
}

void tunrelay_tunnel_close(tunrelay_tunnel* tunnel) {
  delete tunnel;
}
