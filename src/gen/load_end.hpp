// SPDX-License-Identifier: MIT
// One end of a trial: it can have a sink for one direction and a source for the other. Here or,
// through a server, elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ip_address.hpp"
#include "gen/load_report.hpp"
#include "gen/load_spec.hpp"
#include "gen/sink.hpp"
#include "gen/source.hpp"

namespace tunrelay {

/// How far an end has come; warm-up included but for what says otherwise.
struct EndCounts {
  bool sending = false;
  std::uint64_t sent_messages = 0, sent_bytes = 0;
  std::uint64_t received_messages = 0, received_bytes = 0;
  /// Different messages and responses that came, and those that will have come when nothing is
  /// lost; both without the warm-up. The latter is final when the end no longer sends.
  std::uint64_t arrived = 0, expected = 0;
  std::uint64_t arrivals = 0;         ///< of any kind, copies and responses too
  std::int64_t longest_delay_ns = 0;  ///< of what came; without a common clock it means nothing
};

/// What an end knows, so far or when all is over.
struct LoadEndReport {
  SendReport sent;
  ReceiveReport responses;
  ReceiveReport received;
};

/// Used by one thread. Everything throws Error when the end can't be reached any more.
class LoadEnd {
 public:
  virtual ~LoadEnd() = default;
  [[nodiscard]] virtual const IpAddress& address() const noexcept = 0;
  /// Its CLOCK_MONOTONIC is ours.
  [[nodiscard]] virtual bool shares_our_clock() const noexcept = 0;
  /// Opens and starts a sink; its ports.
  virtual std::vector<std::uint16_t> open_sink(const LoadSpec& spec, std::uint16_t trial) = 0;
  /// Opens a source and connects it. Returns TCP's congestion control.
  virtual std::string open_source(const LoadSpec& spec, const SinkName& sink,
                                  std::uint16_t trial) = 0;
  /// The source's first message goes at BEGIN_NS of our CLOCK_MONOTONIC.
  virtual void start(std::int64_t begin_ns) = 0;
  [[nodiscard]] virtual EndCounts counts() = 0;
  /// All that it knows so far.
  [[nodiscard]] virtual LoadEndReport report() = 0;
  /// Cuts the sending short.
  virtual void stop() = 0;
  /// Ends what is there, and forgets it: the end is ready for another trial.
  [[nodiscard]] virtual LoadEndReport finish() = 0;
};

/// In this process.
class LocalEnd final : public LoadEnd {
 public:
  explicit LocalEnd(const IpAddress& address) : address_(address) {}

  [[nodiscard]] const IpAddress& address() const noexcept override { return address_; }
  [[nodiscard]] bool shares_our_clock() const noexcept override { return true; }
  std::vector<std::uint16_t> open_sink(const LoadSpec& spec, std::uint16_t trial) override;
  std::string open_source(const LoadSpec& spec, const SinkName& sink, std::uint16_t trial) override;
  void start(std::int64_t begin_ns) override;
  [[nodiscard]] EndCounts counts() override;
  [[nodiscard]] LoadEndReport report() override;
  void stop() override;
  [[nodiscard]] LoadEndReport finish() override;

 private:
  IpAddress address_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Source> source_;
};

}  // namespace tunrelay
