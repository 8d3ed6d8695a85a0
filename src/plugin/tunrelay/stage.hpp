// SPDX-License-Identifier: MIT
// Write a stage of your own: derive from Endpoint, name it with TUNRELAY_STAGE, build a shared
// library, and give it to `tunrelay --stage ./libmine.so,key=value`. The guide is
// share/doc/tunrelay/stages.md (src/plugin/README.md); what holds at the boundary stands in
// stage_abi.h. Header only: link nothing.
#pragma once

#include <tunrelay/stage_abi.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include <tunrelay/frame.hpp>
#include <tunrelay/options.hpp>

namespace tunrelay::plugin {

inline constexpr std::int64_t kNever = TUNRELAY_NEVER;
inline constexpr std::int64_t kMillisecondNs = 1'000'000;

/// What a stage is given; stage_abi.h has the details.
enum class Access : std::uint32_t {
  kLooksAtSuperPackets = TUNRELAY_LOOKS_AT_SUPER_PACKETS,
  kLooksAtWireSegments = TUNRELAY_LOOKS_AT_WIRE_SEGMENTS,
  kChangesWireSegments = TUNRELAY_CHANGES_WIRE_SEGMENTS,
  kLooksAtWireHeaders = TUNRELAY_LOOKS_AT_WIRE_HEADERS,
};
enum class Pairs : std::uint32_t {
  kEachQueue = TUNRELAY_A_PAIR_EACH_QUEUE,
  kOne = TUNRELAY_ONE_PAIR,
};

enum class SystemCalls : std::uint32_t {
  kAny = TUNRELAY_ANY_SYSTEM_CALLS,
  kNone = TUNRELAY_NO_SYSTEM_CALLS,
};

/// What an endpoint's constructor gets.
struct Setup {
  const tunrelay_host& host;
  const tunrelay_site& site;
  const Options& options;
};

/// One end of your stage, beside device a or b. As it stands here, it passes everything: what comes
/// that way costs nothing where from_device() or from_link() is not overridden.
/// An exception out of a constructor is shown to the user; one out of the other functions drops
/// the frames of that call that were not answered for, with its message as the reason.
class Endpoint {
 public:
  explicit Endpoint(const Setup& setup) : host_(setup.host), site_(setup.site) {}
  virtual ~Endpoint() = default;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// What the device's kernel sends, in order; pass() leads to the link.
  virtual void from_device(std::span<Frame> frames, std::int64_t /*now_ns*/) { pass_all(frames); }
  /// Frames from the link; pass() leads to the device.
  virtual void from_link(std::span<Frame> frames, std::int64_t /*now_ns*/) { pass_all(frames); }
  /// CLOCK_MONOTONIC; at_deadline() is called then, to within some tens of microseconds.
  [[nodiscard]] virtual std::int64_t next_deadline_ns() const { return kNever; }
  virtual void at_deadline(std::int64_t /*now_ns*/) {}

 protected:
  static void pass_all(std::span<Frame> frames) {
    for (Frame& frame : frames) frame.pass();
  }
  /// A frame of our own; it is copied. False when there is no memory for it.
  bool send_to_link(std::span<const std::byte> bytes) noexcept {
    return send(TUNRELAY_TO_LINK, bytes);
  }
  /// The same for the device; false also for what is not a packet that fits the device.
  bool send_to_device(std::span<const std::byte> bytes) noexcept {
    return send(TUNRELAY_TO_DEVICE, bytes);
  }
  /// A counter of our own in the tunnel's summary.
  // NOLINTNEXTLINE(readability-make-member-function-const): it changes what the host counts
  void count(const char* name, std::uint64_t amount = 1) noexcept {
    host_.count(host_.context, name, amount);
  }
  /// From any thread, while the endpoint lives: at_deadline() is called as soon as it can be.
  // NOLINTNEXTLINE(readability-make-member-function-const): it changes what the host does next
  void wake() noexcept { host_.wake(host_.context); }
  [[nodiscard]] const tunrelay_site& site() const noexcept { return site_; }
  /// "a" or "b".
  [[nodiscard]] const char* end_name() const noexcept { return site_.end == 0 ? "a" : "b"; }

 private:
  // NOLINTNEXTLINE(readability-make-member-function-const): it changes what the host sends
  bool send(std::uint32_t towards, std::span<const std::byte> bytes) noexcept {
    return host_.send(host_.context, towards, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                      static_cast<std::uint32_t>(bytes.size())) != 0;
  }

  const tunrelay_host& host_;
  tunrelay_site site_;
};

/// What stands behind TUNRELAY_STAGE: from C calls to those of an Endpoint, and no exception out.
namespace boundary {

struct Instance {
  std::unique_ptr<Endpoint> endpoint;
  const tunrelay_host* host;
};

template <typename MyEndpoint>
void* create(const tunrelay_host* host, const tunrelay_site* site, const tunrelay_option* options,
             std::size_t option_count, char* error, std::size_t error_bytes) noexcept {
  try {
    const Options given({options, option_count});
    auto endpoint = std::make_unique<MyEndpoint>(Setup{*host, *site, given});
    given.refuse_others();
    return new Instance{std::move(endpoint), host};
  } catch (const std::exception& exception) {
    std::snprintf(error, error_bytes, "%s", exception.what());
  } catch (...) {
    std::snprintf(error, error_bytes, "%s", "an exception that is not a std::exception");
  }
  return nullptr;
}

inline void destroy(void* instance) noexcept {
  delete static_cast<Instance*>(instance);
}

inline void drop_all(std::span<Frame> frames, const char* reason) noexcept {
  for (Frame& frame : frames) frame.drop(reason);
}

template <void (Endpoint::*take)(std::span<Frame>, std::int64_t)>
void give(void* instance, tunrelay_frame* const* frames, std::size_t count,
          std::int64_t now_ns) noexcept {
  const auto& [endpoint, host] = *static_cast<Instance*>(instance);
  Frame storage[TUNRELAY_MOST_FRAMES];
  for (std::size_t at = 0; at < count; ++at) storage[at] = Frame(*frames[at], *host);
  const std::span<Frame> given(storage, count);
  try {
    ((*endpoint).*take)(given, now_ns);
  } catch (const std::exception& exception) {
    drop_all(given, exception.what());
  } catch (...) {
    drop_all(given, "an exception");
  }
}

using Take = void (Endpoint::*)(std::span<Frame>, std::int64_t);

/// Whether MyEndpoint has functions of its own, where Endpoint's pass all.
template <typename MyEndpoint>
inline constexpr bool kTakesFromDevice = !requires {
  requires std::is_same_v<decltype(&MyEndpoint::from_device), Take>;
};
template <typename MyEndpoint>
inline constexpr bool kTakesFromLink = !requires {
  requires std::is_same_v<decltype(&MyEndpoint::from_link), Take>;
};

inline std::int64_t next_deadline_ns(void* instance) noexcept {
  try {
    return static_cast<Instance*>(instance)->endpoint->next_deadline_ns();
  } catch (...) {
    return kNever;
  }
}

inline void at_deadline(void* instance, std::int64_t now_ns) noexcept {
  const auto& [endpoint, host] = *static_cast<Instance*>(instance);
  try {
    endpoint->at_deadline(now_ns);
  } catch (const std::exception& exception) {
    host->count(host->context, exception.what(), 1);
  } catch (...) {
    host->count(host->context, "exceptions in at_deadline", 1);
  }
}

}  // namespace boundary

/// The stage as a table of C functions, as a program gives it to a tunnel of its own
/// (tunrelay/tunnel.hpp). MyEndpoint: derived from Endpoint, made from a `const Setup&`.
template <typename MyEndpoint>
constexpr tunrelay_stage_descriptor describe(const char* name, Access access, Pairs pairs,
                                             SystemCalls system_calls = SystemCalls::kAny) {
  return {
      TUNRELAY_STAGE_MAGIC,
      TUNRELAY_STAGE_ABI_VERSION,
      static_cast<std::uint32_t>(access),
      static_cast<std::uint32_t>(pairs),
      name,
      &boundary::create<MyEndpoint>,
      &boundary::destroy,
      boundary::kTakesFromDevice<MyEndpoint> ? &boundary::give<&Endpoint::from_device> : nullptr,
      boundary::kTakesFromLink<MyEndpoint> ? &boundary::give<&Endpoint::from_link> : nullptr,
      &boundary::next_deadline_ns,
      &boundary::at_deadline,
      static_cast<std::uint32_t>(system_calls)};
}

}  // namespace tunrelay::plugin

#define TUNRELAY_STAGE_OF(ENDPOINT, NAME, ACCESS, PAIRS, SYSTEM_CALLS)                     \
  extern "C" __attribute__((visibility("default")))                                        \
  const tunrelay_stage_descriptor tunrelay_stage;                                          \
  const tunrelay_stage_descriptor tunrelay_stage = ::tunrelay::plugin::describe<ENDPOINT>( \
      NAME, ::tunrelay::plugin::ACCESS, ::tunrelay::plugin::PAIRS,                         \
      ::tunrelay::plugin::SystemCalls::SYSTEM_CALLS)

/// Makes ENDPOINT the stage of this library: TUNRELAY_STAGE(Mine, "mine", Access, Pairs).
#define TUNRELAY_STAGE(ENDPOINT, NAME, ACCESS, PAIRS) \
  TUNRELAY_STAGE_OF(ENDPOINT, NAME, ACCESS, PAIRS, kAny)
/// The same, and declares that the endpoints make no system calls once they are there, so that the
/// relay threads they run in can be confined (TUNRELAY_NO_SYSTEM_CALLS).
#define TUNRELAY_CONFINED_STAGE(ENDPOINT, NAME, ACCESS, PAIRS) \
  TUNRELAY_STAGE_OF(ENDPOINT, NAME, ACCESS, PAIRS, kNone)
