// SPDX-License-Identifier: MIT
// The options of the qdisc netem, tc-netem(8).
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "base/exact_units.hpp"
#include "convert/tc_options.hpp"
#include "convert/tc_words.hpp"

namespace tunrelay {

std::optional<std::int64_t> TcWords::take_whole() {
  return take_if([](std::string_view text) -> std::optional<std::int64_t> {
    std::int64_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return number;
  });
}

namespace {

constexpr std::uint64_t kDefaultLimit = 1000;
constexpr const char* kUnreadable = "it can't be read";

/// The order in which sch_netem.c applies its options.
enum Slot : std::size_t { kLoss, kDuplicate, kCorrupt, kDelay, kRate, kSlot, kSlots };

class Netem {
 public:
  Netem(const ShellCommand& command, std::size_t first, const LeaveOutWord& leave_out)
      : words_(command, first), leave_out_(leave_out) {}

  std::vector<TcStage> read() {
    while (!words_.at_end()) {
      begin_ = words_.at();
      read_option(words_.take());
    }
    return finish();
  }

 private:
  void read_option(const std::string& name) {
    if (name == "limit") return read_limit();
    if (name == "delay" || name == "latency") return read_delay();
    if (name == "distribution") return read_distribution();
    if (name == "reorder") return read_reorder();
    if (name == "gap") return read_gap();
    if (name == "loss" || name == "drop") return read_loss();
    if (name == "duplicate") return read_random(kDuplicate, "duplicate");
    if (name == "corrupt") return read_random(kCorrupt, "corrupt");
    if (name == "rate") return read_rate();
    if (name == "slot") return read_slot();
    if (name == "ecn")
      return leave_out("marks at random are no signal of any queue; red, pie and policer mark");
    if (name == "seed") {
      (void)words_.take();
      return leave_out("it draws other random numbers; see --seed");
    }
    leave_out("netem has no such option");
  }

  void read_limit() {
    const auto limit = words_.take_whole();
    if (!limit || *limit < 1) return leave_out(kUnreadable);
    limit_ = static_cast<std::uint64_t>(*limit);
    limit_word_ = begin_;
  }

  void read_delay() {
    const auto delay_ns = words_.take_time_ns();
    if (!delay_ns) return leave_out(kUnreadable);
    set(kDelay, "delay " + print_duration(*delay_ns));
    if (const auto jitter_ns = words_.take_time_ns()) {
      stages_[kDelay].stage += " " + print_duration(*jitter_ns);
      add_ratio(kDelay);
    }
    stages_[kDelay].what = words_.since(begin_);
  }

  void read_distribution() {
    const std::string name = words_.take();
    if (stages_[kDelay].stage.empty()) return leave_out("it stands without a delay");
    if (name != "uniform" && name != "normal" && name != "pareto" && name != "paretonormal")
      return leave_out(
          fmt::format("write `table FILE` behind the delay, with the file's name: tc's "
                      "are in /usr/lib/tc/{}.dist",
                      name));
    distribution_ = " " + name;
  }

  void read_reorder() {
    const auto ratio = words_.take_ratio();
    if (!ratio) return leave_out(kUnreadable);
    reorder_ = " reorder " + print_ratio(*ratio);
    reorder_word_ = begin_;
    if (const auto correlation = words_.take_ratio()) reorder_ += " " + print_ratio(*correlation);
    if (words_.take("gap")) read_gap();
  }

  void read_gap() {
    const auto gap = words_.take_whole();
    if (!gap || *gap < 0) return leave_out(kUnreadable);
    reorder_word_ = begin_;
    gap_ = *gap == 0 ? "" : fmt::format(" gap {}", *gap);
  }

  void read_loss() {
    if (words_.take("state")) return read_chain("loss state");
    if (words_.take("gemodel")) return read_chain("loss gemodel");
    (void)words_.take("random");
    read_random(kLoss, "loss");
  }

  void read_chain(const char* model) {
    set(kLoss, model);
    for (std::size_t count = 0; count < 5; ++count) add_ratio(kLoss);
    stages_[kLoss].what = words_.since(begin_);
  }

  void read_random(Slot slot, const char* name) {
    set(slot, name);
    if (!add_ratio(slot)) {
      stages_.at(slot) = {};
      return leave_out(kUnreadable);
    }
    add_ratio(slot);
    stages_.at(slot).what = words_.since(begin_);
  }

  void read_rate() {
    const auto rate = words_.take_rate();
    if (!rate) return leave_out(kUnreadable);
    set(kRate, "rate " + print_rate(*rate));
    if (const auto overhead = words_.take_whole()) {
      if (*overhead != 0) stages_[kRate].stage += fmt::format(" overhead {}", *overhead);
      const auto cell = words_.take_whole();
      const auto cell_overhead = cell ? words_.take_whole() : std::nullopt;
      if (cell.value_or(0) != 0)
        stages_[kRate].stage += fmt::format(" cell {} {}", *cell, cell_overhead.value_or(0));
    }
    // As `tc qdisc show` prints them.
    for (const char* name : {"packetoverhead", "cellsize", "celloverhead"})
      if (words_.take(name))
        if (const auto number = words_.take_whole(); number.value_or(0) != 0)
          leave_out_(begin_, fmt::format("{} {}", name, *number),
                     "write it as overhead or cell behind the rate");
    stages_[kRate].what = words_.since(begin_);
  }

  void read_slot() {
    std::string stage = "slot";
    if (words_.take("distribution")) stage += " distribution " + words_.take();
    for (int count = 0; count < 2; ++count)
      if (const auto time_ns = words_.take_time_ns()) stage += " " + print_duration(*time_ns);
    while (true) {
      if (words_.take("packets")) {
        if (const auto packets = words_.take_whole(); packets.value_or(0) != 0)
          stage += fmt::format(" packets {}", *packets);
      } else if (words_.take("bytes")) {
        if (const auto bytes = words_.take_size(); bytes.value_or(0) != 0)
          stage += " bytes " + print_size(*bytes);
      } else {
        break;
      }
    }
    set(kSlot, stage);
    stages_[kSlot].what = words_.since(begin_);
  }

  void set(Slot slot, const std::string& stage) { stages_.at(slot) = {stage, begin_, {}}; }
  bool add_ratio(Slot slot) {
    const auto ratio = words_.take_ratio();
    if (ratio) stages_.at(slot).stage += " " + print_ratio(*ratio);
    return ratio.has_value();
  }
  void leave_out(const std::string& reason) { leave_out_(begin_, words_.since(begin_), reason); }

  std::vector<TcStage> finish() {
    TcStage& delay = stages_[kDelay];
    // netem_change() in sch_netem.c: a gap alone means a probability of 1.
    if (reorder_.empty() && !gap_.empty()) reorder_ = " reorder 100%";
    if (!delay.stage.empty())
      delay.stage += distribution_ + reorder_ + gap_;
    else if (!reorder_.empty())
      leave_out_(reorder_word_, reorder_.substr(1), "it stands without a delay");
    if (limit_ != 0 && !stages_[kRate].stage.empty())
      stages_[kRate].stage += fmt::format(" limit {} packets", limit_);
    else if (limit_ != 0 && limit_ != kDefaultLimit)
      leave_out_(limit_word_, fmt::format("limit {}", limit_),
                 "delays are bounded by --queue-memory");
    std::vector<TcStage> made;
    for (const TcStage& stage : stages_)
      if (!stage.stage.empty()) made.push_back(stage);
    return made;
  }

  TcWords words_;
  const LeaveOutWord& leave_out_;
  std::size_t begin_ = 0;
  std::array<TcStage, kSlots> stages_;
  std::string distribution_, reorder_, gap_;
  std::size_t reorder_word_ = 0;
  std::uint64_t limit_ = 0;
  std::size_t limit_word_ = 0;
};

}  // namespace

std::vector<TcStage> netem_stages(const ShellCommand& command, std::size_t first,
                                  const LeaveOutWord& leave_out) {
  return Netem(command, first, leave_out).read();
}

}  // namespace tunrelay
