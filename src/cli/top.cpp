// SPDX-License-Identifier: MIT
// `tunrelay top`: a running relay on a terminal, looked at and changed in place.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/clean_text.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "cli/link_control.hpp"
#include "cli/subcommand.hpp"
#include "cli/terminal_style.hpp"
#include "config/flag_group.hpp"
#include "control/control_client.hpp"
#include "control/control_place.hpp"
#include "control/tunnel_service.hpp"
#include "link/stage_files.hpp"
#include "link/stage_text.hpp"
#include "os/signal_watch.hpp"
#include "top/top_frame.hpp"
#include "top/top_sample.hpp"
#include "top/top_screen.hpp"

namespace tunrelay {
namespace {

constexpr std::int64_t kMinIntervalNs = 100 * kNanosecondsPerMillisecond;
constexpr std::int64_t kMaxIntervalNs = 60 * kNanosecondsPerSecond;
constexpr std::size_t kFlows = 40;
constexpr std::array<const char*, kDirections> kPrompts{"a to b", "b to a"};
constexpr std::array<const char*, kDirections> kTextNames{"a_to_b", "b_to_a"};

struct TopFlags {
  std::string control_socket;
  std::string interval = "500ms";
};

std::int64_t interval_ns_of(const TopFlags& flags) {
  const std::int64_t interval_ns = parse_duration_ns(flags.interval);
  if (interval_ns < kMinIntervalNs || interval_ns > kMaxIntervalNs)
    throw_usage_error("look every", flags.interval, "it is not within 100 ms and 60 s");
  return interval_ns;
}

class TopSession {
 public:
  TopSession(const std::string& socket, std::int64_t interval_ns)
      : relay_(socket), interval_ns_(interval_ns) {
    look();  // an old relay, or something else, is an error before the screen is taken
  }

  /// Until the user leaves: empty. Or what has ended it.
  std::string run() {
    const SignalWatch signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT});
    TopScreen screen(standard_output_style().colour);
    view_.has_unicode = screen.has_unicode();
    std::int64_t due_ns = monotonic_ns() + interval_ns_;
    for (;;) {
      draw(screen);
      std::array<pollfd, 3> watched{pollfd{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                                    pollfd{.fd = signals.fd(), .events = POLLIN, .revents = 0},
                                    pollfd{.fd = relay_.fd(), .events = POLLIN, .revents = 0}};
      const std::int64_t left_ns = std::max<std::int64_t>(due_ns - monotonic_ns(), 0);
      ::poll(watched.data(), watched.size(),
             static_cast<int>(left_ns / kNanosecondsPerMillisecond) + 1);
      if (signals.next() || (watched[0].revents & (POLLHUP | POLLERR)) != 0) return "";
      if (watched[2].revents != 0) return "the relay has ended";
      while (const auto key = screen.key())
        if (!take(*key)) return "";
      if (monotonic_ns() < due_ns) continue;
      due_ns = monotonic_ns() + interval_ns_;
      if (view_.is_paused) continue;
      try {
        look();
      } catch (const Error& error) {
        if (error.system_errno() != ECONNRESET && error.system_errno() != EPIPE) throw;
        return "the relay has ended";
      }
    }
  }

 private:
  void look() try {
    history_.take(relay_.call({{"method", "interval"}, {"flows", kFlows}}));
  } catch (const nlohmann::json::exception& error) {
    throw Error({.attempt = "understand",
                 .object = "the relay's answer",
                 .cause = error.what(),
                 .hint = "use the `tunrelay` of the relay's version"});
  }

  void draw(TopScreen& screen) {
    view_.columns = screen.columns();
    view_.rows = screen.rows();
    view_.prompt = prompt_ ? &*prompt_ : nullptr;
    std::optional<std::size_t> cursor;
    if (prompt_) {
      const std::size_t label = prompt_->label().size() + 2;
      const std::size_t room = view_.columns > label + 1 ? view_.columns - label - 1 : 1;
      cursor = label + prompt_->window(room).second;
    }
    screen.draw(top_frame(history_, view_), cursor);
  }

  /// Whether to go on.
  bool take(const TopKey& key) {
    if (key.kind == TopKey::Kind::kResize) return true;
    view_.message.clear();
    if (prompt_) {
      edit(key);
      return true;
    }
    if (key.kind == TopKey::Kind::kEscape && view_.shows_help) {
      view_.shows_help = false;
      return true;
    }
    if (key.kind == TopKey::Kind::kEscape) return false;
    switch (key.character) {
      case 'q':
        return false;
      case 'p':
      case ' ':
        view_.is_paused = !view_.is_paused;
        break;
      case 's':
        view_.order =
            static_cast<TopOrder>((static_cast<std::size_t>(view_.order) + 1) % kTopOrders);
        break;
      case 'a':
      case 'b':
        changed_ = key.character == 'a' ? 0 : 1;
        prompt_.emplace(kPrompts.at(changed_),
                        refused_.at(changed_).value_or(history_.newest().link.at(changed_)));
        break;
      case 'h':
      case '?':
        view_.shows_help = !view_.shows_help;
        break;
      default:
        break;
    }
    return true;
  }

  void edit(const TopKey& key) {
    switch (key.kind) {
      case TopKey::Kind::kCharacter:
        return prompt_->insert(key.character);
      case TopKey::Kind::kBackspace:
        return prompt_->backspace();
      case TopKey::Kind::kDelete:
        return prompt_->erase();
      case TopKey::Kind::kLeft:
        return prompt_->left();
      case TopKey::Kind::kRight:
        return prompt_->right();
      case TopKey::Kind::kHome:
        return prompt_->home();
      case TopKey::Kind::kEnd:
        return prompt_->end();
      case TopKey::Kind::kClear:
        return prompt_->clear();
      case TopKey::Kind::kEscape:
        return prompt_.reset();
      case TopKey::Kind::kEnter:
        return change_link();
      case TopKey::Kind::kResize:
      case TopKey::Kind::kOther:
        break;
    }
  }

  /// What is refused stands in the next prompt, to be corrected.
  void change_link() try {
    LinkDescription link;
    link.directions.at(changed_) = parse_stages({prompt_->text(), kTextNames.at(changed_)});
    read_stage_files(link);
    name_files_from_root(link);
    const LinkRequest request = make_link_request(std::move(link), {changed_ == 0, changed_ == 1});
    relay_.call(request.json, request.attachment.get());
    prompt_.reset();
    refused_.at(changed_).reset();
    view_.message = "The link is changed.";
    look();
  } catch (const Error& error) {
    if (prompt_) refused_.at(changed_) = prompt_->text();
    prompt_.reset();
    view_.message = clean_line(error.what());
  }

  ControlClient relay_;
  std::int64_t interval_ns_;
  TopHistory history_;
  TopView view_;
  std::optional<LineEditor> prompt_;
  std::array<std::optional<std::string>, kDirections> refused_;  ///< as the user wrote it
  std::size_t changed_ = 0;  ///< the direction that the prompt is for
};

int top(const TopFlags& flags) {
  const std::int64_t interval_ns = interval_ns_of(flags);
  TopSession session(find_control(flags.control_socket), interval_ns);
  const std::string ending = session.run();
  if (!ending.empty()) fmt::print(stderr, "tunrelay: {}\n", ending);
  return 0;
}

}  // namespace

Subcommand add_top_command(CLI::App& app) {
  auto flags = std::make_shared<TopFlags>();
  CLI::App* command = app.add_subcommand("top", "watch a running relay on a terminal");
  FlagGroup relay(*command, "Relay");
  relay.value("--interval", flags->interval, "TIME", "look that often, 100ms to 60s")
      ->capture_default_str();
  relay.value("--control-socket,--control", flags->control_socket, "PATH",
              "the running relay's socket [that of the only one]");
  command->footer(
      "Keys: s sorts flows, p pauses, a and b change a direction's stages, h helps, q quits.\n"
      "example: tunrelay top");
  return {command, [flags] { return top(*flags); }};
}

}  // namespace tunrelay
