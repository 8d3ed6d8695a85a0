// SPDX-License-Identifier: MIT
#include "convert/tc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.hpp"
#include "convert/shell_words.hpp"
#include "convert/tc_options.hpp"

namespace tunrelay {
namespace {

/// Where one qdisc's line has what.
struct QdiscLine {
  std::string device;
  std::string kind;
  std::size_t kind_at = 0;  ///< the number of its word
  std::size_t options_at = 0;
};

/// What stands between the kind of an object and the kind of a qdisc, with a value behind each.
bool has_value(const std::string& word) {
  return word == "dev" || word == "parent" || word == "handle" || word == "classid";
}

class Lines {
 public:
  explicit Lines(Conversion& conversion) : conversion_(conversion) {}

  /// Whether COMMAND is one of tc, or a line that it prints.
  bool read(const ShellCommand& command) {
    std::size_t at = 0;
    const bool is_printed = command[0].text == "qdisc";
    if (!is_printed) {
      const std::string& name = command[0].text;
      if (name.substr(name.rfind('/') + 1) != "tc") return false;
      while (++at < command.size() && command[at].text.starts_with('-')) {
      }
    }
    const std::string object = at < command.size() ? command[at].text : "";
    if (object != "qdisc") {
      leave_out(command, 0, joined_words(command),
                object.empty() ? "nothing is said to it"
                               : fmt::format("a {} has no counterpart", object));
      return true;
    }
    const std::string action = at + 1 < command.size() ? command[at + 1].text : "";
    if (!is_printed && action != "add" && action != "change" && action != "replace")
      return true;  // del, show: nothing of the link
    read_qdisc(command, is_printed ? printed_line(command) : typed_line(command, at + 2));
    return true;
  }

  /// Adds what was read: netem first, whichever was the other's parent.
  void finish() {
    for (std::size_t direction = 0; direction < 2; ++direction)
      for (const auto* stages : {&netem_.at(direction), &tbf_.at(direction)})
        for (const Found& found : *stages)
          conversion_.add(direction, found.stage, found.place, found.what);
  }

 private:
  struct Found {
    std::string stage, place, what;
  };

  static QdiscLine typed_line(const ShellCommand& command, std::size_t at) {
    QdiscLine line;
    for (; at < command.size(); ++at) {
      const std::string& word = command[at].text;
      if (has_value(word)) {
        if (word == "dev" && at + 1 < command.size()) line.device = command[at + 1].text;
        ++at;
      } else if (word != "root" && word != "ingress" && word != "clsact") {
        line.kind = word;
        line.kind_at = at;
        line.options_at = at + 1;
        break;
      }
    }
    return line;
  }

  /// "qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 delay 10ms".
  static QdiscLine printed_line(const ShellCommand& command) {
    QdiscLine line;
    if (command.size() > 1) line.kind = command[1].text;
    line.kind_at = command.size() > 1 ? 1 : 0;
    std::size_t at = 2;
    for (; at < command.size(); ++at) {
      const std::string& word = command[at].text;
      if (has_value(word) || word == "refcnt") {
        if (word == "dev" && at + 1 < command.size()) line.device = command[at + 1].text;
        ++at;
      } else if (word != "root" && !word.ends_with(':')) {
        break;
      }
    }
    line.options_at = at;
    return line;
  }

  void read_qdisc(const ShellCommand& command, const QdiscLine& line) {
    const std::string what = joined_words(command);
    if (line.kind.empty()) return leave_out(command, 0, what, "no kind of qdisc is named");
    if (line.kind != "netem" && line.kind != "tbf")
      return leave_out(command, line.kind_at, what,
                       "netem and tbf alone are converted; a queue's kind stands behind a rate");
    const auto known = std::find(devices_.begin(), devices_.end(), line.device);
    const auto direction = static_cast<std::size_t>(known - devices_.begin());
    if (direction == 2)
      return leave_out(command, line.kind_at, what,
                       "it is of a third interface, and a link has two ends");
    if (known == devices_.end()) devices_.push_back(line.device);
    const LeaveOutWord leave = [&](std::size_t word, const std::string& text,
                                   const std::string& reason) {
      leave_out(command, std::min(word, command.size() - 1), text, reason);
    };
    const bool is_netem = line.kind == "netem";
    const std::vector<TcStage> stages = is_netem ? netem_stages(command, line.options_at, leave)
                                                 : tbf_stages(command, line.options_at, leave);
    for (const TcStage& stage : stages)
      (is_netem ? netem_ : tbf_)
          .at(direction)
          .push_back({stage.stage, place_of(command, std::min(stage.word, command.size() - 1)),
                      stage.what});
  }

  void leave_out(const ShellCommand& command, std::size_t word, const std::string& what,
                 const std::string& reason) {
    conversion_.leave_out(place_of(command, word), what, reason);
  }
  [[nodiscard]] std::string place_of(const ShellCommand& command, std::size_t word) const {
    return conversion_.place(command[word].line, command[word].column);
  }

  Conversion& conversion_;
  std::vector<std::string> devices_;
  std::array<std::vector<Found>, 2> netem_, tbf_;
};

}  // namespace

Conversion convert_tc(std::string_view text, const std::string& source) {
  Conversion conversion(source);
  Lines lines(conversion);
  bool found = false;
  for (const ShellCommand& command : shell_commands(text)) found = lines.read(command) || found;
  if (!found)
    throw_usage_error("convert", source, "it has no line of tc",
                      "one is for example: tc qdisc add dev eth0 root netem delay 100ms");
  lines.finish();
  return conversion;
}

}  // namespace tunrelay
