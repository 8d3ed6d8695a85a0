// SPDX-License-Identifier: MIT
#include "suite/trial_control.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <exception>
#include <string_view>

#include "base/clock.hpp"
#include "base/direction.hpp"
#include "base/error.hpp"
#include "control/tunnel_service.hpp"
#include "link/stage_files.hpp"
#include "link/stage_text.hpp"
#include "os/wait_until.hpp"
#include "scenario/scenario_file.hpp"

namespace tunrelay {
namespace {

// A link that was replaced has to let its packets go.
constexpr std::int64_t kLinkLimitNs = 5 * kNanosecondsPerSecond;
constexpr std::int64_t kLinkPauseNs = 20 * kNanosecondsPerMillisecond;

std::string make_folder() {
  std::string folder = "/tmp/tunrelay-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) throw_system_error(errno, "make a folder", folder);
  return folder;
}

}  // namespace

TrialControl::TrialControl(const TestPathSpec& spec)
    : folder_(make_folder()),
      is_recorded_(!spec.record.empty()),
      scenario_(spec.scenario.empty() ? nullptr : load_scenario(spec.scenario)) {}

TrialControl::~TrialControl() {
  relay_.reset();
  ::unlink(socket().c_str());
  ::rmdir(folder_.c_str());
}

void TrialControl::connect() {
  relay_ = std::make_unique<ControlClient>(socket());
  if (!scenario_) return;
  const nlohmann::json link = relay_->call({{"method", "show"}}).at("link");
  for (const Direction direction : {Direction::kAToB, Direction::kBToA}) {
    const std::string_view key = to_string(direction);
    link_.directions[index_of(direction)] = parse_stages({link.at(key).get<std::string>(), key});
  }
  read_stage_files(link_);
}

void TrialControl::begin(const std::string& trial) {
  if (scenario_) restart_scenario();
  mark(trial + ": begins");
}

void TrialControl::end(const std::string& trial) {
  mark(trial + ": ends");
}

void TrialControl::mark(const std::string& text) {
  if (is_recorded_) relay_->call({{"method", "record_mark"}, {"text", text}});
}

void TrialControl::restart_scenario() {
  const LinkRequest link = make_link_request(link_, {true, true});
  std::exception_ptr refusal;
  const auto is_set = [&] {
    try {
      relay_->call(link.json, link.attachment.get());
      return true;
    } catch (const Error&) {
      refusal = std::current_exception();
      return false;
    }
  };
  if (!wait_until(is_set, kLinkLimitNs, kLinkPauseNs)) std::rethrow_exception(refusal);
  const LinkRequest play = make_scenario_request(*scenario_, {});
  relay_->call(play.json, play.attachment.get());
}

}  // namespace tunrelay
