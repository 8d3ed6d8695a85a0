// SPDX-License-Identifier: MIT
#include "convert/mahimahi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/exact_units.hpp"
#include "convert/foreign_quantity.hpp"
#include "convert/shell_words.hpp"
#include "link/token.hpp"

namespace tunrelay {
namespace {

/// A stage of one shell, until all shells are known: those of a to b are met in reverse.
struct ShellStage {
  std::string stage;
  std::string place;
  std::string what;
};

/// The options of mm-link for one direction.
struct LinkSide {
  std::string trace;
  std::string queue = "infinite";
  std::string queue_arguments;
};

/// What mm-link's options are called for the two directions.
constexpr std::array<const char*, 2> kSides{"uplink", "downlink"};

class Chain {
 public:
  Chain(const ShellCommand& command, Conversion& conversion)
      : command_(command), conversion_(conversion) {}

  void read() {
    while (at_ < command_.size() && read_shell()) {
    }
    std::reverse(stages_[0].begin(), stages_[0].end());
    for (std::size_t direction = 0; direction < 2; ++direction)
      for (const ShellStage& one : stages_.at(direction))
        conversion_.add(direction, one.stage, one.place, one.what);
  }

 private:
  /// Whether there was a shell; the command that it would run may follow.
  bool read_shell() {
    begin_ = at_;
    const std::string& name = command_[at_].text;
    const std::string shell = name.substr(name.rfind('/') + 1);
    if (!shell.starts_with("mm-")) return false;
    ++at_;
    if (shell == "mm-delay") return read_delay();
    if (shell == "mm-loss") return read_loss();
    if (shell == "mm-intermittent") return read_intermittent();
    if (shell == "mm-link") return read_link();
    if (shell == "mm-onoff") {
      at_ = std::min(at_ + 3, command_.size());
      leave_out("there are no outages of random length");
      return true;
    }
    if (shell == "mm-meter") {
      while (at_ < command_.size() && command_[at_].text.starts_with("--")) ++at_;
      return skip_dashes();
    }
    at_ = command_.size();
    leave_out("it does not emulate a link, and what follows it can't be read");
    return false;
  }

  bool read_delay() {
    const auto milliseconds = take_number();
    const auto delay_ns =
        milliseconds ? plain_time_ns(fmt::format("{}ms", *milliseconds)) : std::nullopt;
    if (!delay_ns) return leave_out("a delay in milliseconds is needed");
    for (std::size_t direction = 0; direction < 2; ++direction)
      stage(direction, "delay " + print_duration(*delay_ns));
    return true;
  }

  bool read_loss() {
    const auto direction = take_direction();
    const auto ratio = take_number();
    if (!direction || !ratio || *ratio > 1)
      return leave_out("uplink or downlink, and a loss from 0 to 1 are needed");
    stage(*direction, "loss " + print_ratio(*ratio));
    return true;
  }

  bool read_intermittent() {
    const auto direction = take_direction();
    const auto up = take_number();
    const auto down = take_number();
    const auto up_ns = up ? plain_time_ns(fmt::format("{}s", *up)) : std::nullopt;
    const auto down_ns = down ? plain_time_ns(fmt::format("{}s", *down)) : std::nullopt;
    if (!direction || !up_ns || !down_ns)
      return leave_out("uplink or downlink, and two times in seconds are needed");
    stage(*direction,
          fmt::format("outage up {} down {}", print_duration(*up_ns), print_duration(*down_ns)));
    return true;
  }

  bool read_link() {
    std::array<LinkSide, 2> sides;
    std::vector<std::string> other;
    std::size_t traces = 0;
    while (at_ < command_.size() && command_[at_].text != "--") {
      const std::string& word = command_[at_].text;
      if (word.starts_with('-') && word.size() > 1) {
        read_link_option(sides, other);
      } else if (traces < 2) {
        sides.at(traces++).trace = word;
        ++at_;
      } else {
        break;
      }
    }
    if (traces < 2) return leave_out("the traces of both directions are needed");
    for (std::size_t direction = 0; direction < 2; ++direction) {
      const LinkSide& side = sides.at(direction);
      stage(direction, fmt::format("trace {} {}", print_token(side.trace), queue_of(side, other)));
    }
    for (const std::string& option : other)
      conversion_.leave_out(place_of(begin_), "mm-link " + option, reason_of(option));
    return skip_dashes();
  }

  /// "--uplink-queue=droptail", "--uplink-queue droptail", "-u FILE".
  void read_link_option(std::array<LinkSide, 2>& sides, std::vector<std::string>& other) {
    const std::string word = command_[at_++].text;
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const bool has_value = name.ends_with("-queue") || name.ends_with("-args") ||
                           name.ends_with("-log") || name == "-u" || name == "-d";
    std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (has_value && equals == std::string::npos && at_ < command_.size())
      value = command_[at_++].text;
    for (std::size_t direction = 0; direction < 2; ++direction) {
      const std::string side = fmt::format("--{}", kSides.at(direction));
      if (name == side + "-queue") return void(sides.at(direction).queue = value);
      if (name == side + "-queue-args") return void(sides.at(direction).queue_arguments = value);
    }
    other.push_back(name);
  }

  static std::string reason_of(const std::string& option) {
    if (option == "--once") return "a trace begins again at its end";
    if (option.starts_with("--meter"))
      return "it does not change the link; --record shows what a link does";
    if (option.ends_with("-log") || option == "-u" || option == "-d")
      return "it does not change the link; --record writes what a link does";
    return "it is not known";
  }

  /// As this link's queue. What has no counterpart goes to OTHER.
  std::string queue_of(const LinkSide& side, std::vector<std::string>& other) const {
    if (side.queue == "infinite") return side.queue;
    std::string limit;
    std::string parameters;
    const std::string list = side.queue_arguments + ",";
    for (std::size_t begin = 0, end = 0; (end = list.find(',', begin)) != std::string::npos;
         begin = end + 1) {
      std::string one = list.substr(begin, end - begin);
      std::erase(one, ' ');
      const std::size_t equals = std::min(one.find('='), one.size());
      const std::string name = one.substr(0, equals);
      const std::string value = one.substr(std::min(equals + 1, one.size()));
      if (name.empty()) continue;
      if (name == "packets" && limit.empty())
        limit = fmt::format(" limit {} packets", value);
      else if (name == "bytes" && limit.empty())
        limit = fmt::format(" limit {}B", value);
      else if (name == "target" || name == "qdelay_ref")
        parameters += fmt::format(" target {}ms", value);
      else if (name == "interval" && side.queue == "codel")
        parameters += fmt::format(" interval {}ms", value);
      else
        other.push_back(fmt::format("queue argument {}", one));
    }
    return limit.empty() ? side.queue + parameters
                         : limit.substr(1) + " " + side.queue + parameters;
  }

  std::optional<double> take_number() {
    if (at_ == command_.size()) return std::nullopt;
    return plain_number(command_[at_++].text);
  }
  std::optional<std::size_t> take_direction() {
    if (at_ == command_.size()) return std::nullopt;
    const std::string& word = command_[at_++].text;
    for (std::size_t direction = 0; direction < 2; ++direction)
      if (word == kSides.at(direction)) return direction;
    return std::nullopt;
  }
  bool skip_dashes() {
    if (at_ < command_.size() && command_[at_].text == "--") ++at_;
    return true;
  }

  void stage(std::size_t direction, std::string text) {
    stages_.at(direction).push_back(
        {std::move(text), place_of(begin_), joined_words(command_, begin_, at_)});
  }
  bool leave_out(const std::string& reason) {
    conversion_.leave_out(place_of(begin_), joined_words(command_, begin_, at_), reason);
    return true;
  }
  [[nodiscard]] std::string place_of(std::size_t word) const {
    return conversion_.place(command_[word].line, command_[word].column);
  }

  const ShellCommand& command_;
  Conversion& conversion_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  ///< of the shell that is read
  std::array<std::vector<ShellStage>, 2> stages_;
};

}  // namespace

Conversion convert_mahimahi(std::string_view text, const std::string& source) {
  Conversion conversion(source);
  bool found = false;
  for (const ShellCommand& command : shell_commands(text)) {
    const std::string& name = command.front().text;
    if (!name.substr(name.rfind('/') + 1).starts_with("mm-")) continue;
    if (found)
      conversion.leave_out(conversion.place(command.front().line, command.front().column),
                           joined_words(command), "it is another link: convert each by itself");
    else
      Chain(command, conversion).read();
    found = true;
  }
  if (!found)
    throw_usage_error("convert", source, "it has no command line of mahimahi",
                      "one begins with mm-delay, mm-loss, mm-link or mm-intermittent");
  return conversion;
}

}  // namespace tunrelay
