// SPDX-License-Identifier: MIT
// A campaign: loads across paths, sample after sample, in rounds that are interleaved so that
// whatever the machine does meanwhile happens to all paths alike.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gen/load_spec.hpp"
#include "result/result.hpp"
#include "suite/test_path_host.hpp"

namespace tunrelay {

/// A load with the name that begins its metrics' names.
struct LoadCase {
  std::string name;  ///< "udp_64"
  LoadSpec spec;
};

/// A sample that is about to be taken.
struct SampleNote {
  std::uint32_t round = 0;
  std::string path;
  std::string load;
};

/// Used by one thread, which must be the only one when it is made.
class Campaign {
 public:
  struct Hooks {
    std::function<void(const SampleNote&)> before_sample;  ///< may be empty
    std::function<bool()> is_stopped;  ///< called before each sample; may be empty
  };

  /// Brings the paths up, side by side; there is one at least. Fills in RESULT's description of
  /// them. Throws Error.
  Campaign(const std::vector<TestPathSpec>& paths, Result& result, Hooks hooks);

  /// One sample of each load on each path. In odd rounds the paths' order turns round (ABBA).
  /// False: stopped before its end.
  bool run_round(const std::vector<LoadCase>& loads, std::uint32_t round);
  /// One sample, added to the result. ROUND pairs it with those of other paths.
  PathTrial sample(TestPathHost& path, const LoadCase& load, std::uint32_t round);
  /// The same, but not added: to warm up, to find a rate.
  PathTrial try_out(TestPathHost& path, const LoadCase& load);

  /// For who takes samples in another way: before each.
  void announce(const TestPathHost& path, const std::string& load, std::uint32_t round) const;

  [[nodiscard]] std::vector<std::unique_ptr<TestPathHost>>& paths() noexcept { return paths_; }
  [[nodiscard]] TestPathHost& path(std::string_view name);
  [[nodiscard]] Result& result() noexcept { return result_; }
  /// Since the result began: one that has samples of a former campaign is gone on with.
  [[nodiscard]] double elapsed_s() const noexcept;
  [[nodiscard]] bool is_stopped() const { return hooks_.is_stopped && hooks_.is_stopped(); }

 private:
  Result& result_;
  Hooks hooks_;
  std::int64_t begin_ns_;
  std::vector<std::unique_ptr<TestPathHost>> paths_;
};

/// "udp_64, round 1": what a record calls the sample.
[[nodiscard]] std::string trial_name(const std::string& load, std::uint32_t round);

/// Adds what the path counted beside the trial: `cpu_per_segment` and `link_dropped`.
void add_path_counts(Result& result, const std::string& load, const std::string& path,
                     std::uint32_t round, double at_s, const PathTrial& trial);

}  // namespace tunrelay
