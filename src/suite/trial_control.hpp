// SPDX-License-Identifier: MIT
// What a tunnel that is measured has to know of its trials: a record is marked, and a scenario
// begins again, on the link that the tunnel had before the first one.
#pragma once

#include <memory>
#include <string>

#include "control/control_client.hpp"
#include "link/description.hpp"
#include "scenario/scenario.hpp"
#include "suite/test_path.hpp"

namespace tunrelay {

/// Used by one thread.
class TrialControl {
 public:
  /// Makes a folder for the tunnel's socket. Throws Error: also for a scenario that can't be read.
  explicit TrialControl(const TestPathSpec& spec);
  ~TrialControl();
  TrialControl(const TrialControl&) = delete;
  TrialControl& operator=(const TrialControl&) = delete;

  /// Where the tunnel is to listen.
  [[nodiscard]] std::string socket() const { return folder_ + "/control"; }
  /// When it does. Throws Error.
  void connect();

  void begin(const std::string& trial);
  void end(const std::string& trial);

 private:
  void mark(const std::string& text);
  void restart_scenario();

  std::string folder_;
  bool is_recorded_;
  std::shared_ptr<const Scenario> scenario_;  ///< null: there is none
  std::unique_ptr<ControlClient> relay_;
  LinkDescription link_;  ///< before the first trial
};

}  // namespace tunrelay
