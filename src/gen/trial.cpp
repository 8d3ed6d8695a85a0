// SPDX-License-Identifier: MIT
#include "gen/trial.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace tunrelay {
namespace {

/// From here to the first message: threads are started and asleep by then.
constexpr std::int64_t kLeadNs = 10 * kNanosecondsPerMillisecond;
constexpr std::int64_t kLookNs = 2 * kNanosecondsPerMillisecond;
/// How long a sender may be overdue before it is cut off: a peer that takes nothing any more.
constexpr std::int64_t kGraceNs = 2 * kNanosecondsPerSecond;
/// How long to wait for duplicates after all messages have arrived.
constexpr std::int64_t kCopiesNs = 5 * kNanosecondsPerMillisecond;
/// Where messages are missing: the trial ends when nothing arrives for this time plus twice the
/// longest delay.
constexpr std::int64_t kQuietNs = 20 * kNanosecondsPerMillisecond;
/// The same where the ends have no common clock, so that delays are unknown.
constexpr std::int64_t kBlindQuietNs = 250 * kNanosecondsPerMillisecond;
/// The longest wait, for the first message and for the last one (RFC 2544, section 23).
constexpr std::int64_t kMaxQuietNs = 2 * kNanosecondsPerSecond;

/// Another number for each trial, so that stragglers of one don't count in the next.
std::uint16_t next_trial_number() {
  static std::atomic<std::uint16_t> last{static_cast<std::uint16_t>(::getpid())};
  return static_cast<std::uint16_t>(last.fetch_add(1) & ~kCountsBit);
}

void pause(std::int64_t pause_ns) {
  const timespec time = to_timespec(pause_ns);
  ::nanosleep(&time, nullptr);
}

class RunningTrial {
 public:
  /// The ends in the order of the directions: each sends in its own.
  RunningTrial(const LoadSpec& spec, LoadEnd& a, LoadEnd& b) : spec_(spec), ends_{&a, &b} {
    report_.spec = spec;
    report_.one_clock = a.shares_our_clock() && b.shares_our_clock();
    for (std::size_t direction = 0; direction < ends_.size(); ++direction) {
      if (!report_.has(direction)) continue;
      const std::uint16_t trial = next_trial_number();
      LoadEnd& sink = *ends_[1 - direction];
      const SinkName name{sink.address(), sink.open_sink(spec, trial)};
      report_.congestion_control = ends_[direction]->open_source(spec, name, trial);
    }
  }

  TrialReport run(const TrialOptions& options) {
    begin_ns_ = last_interval_ns_ = monotonic_ns() + kLeadNs;
    for (LoadEnd* end : ends_) end->start(begin_ns_);
    const bool cut = send(options);
    const std::int64_t end_ns = monotonic_ns();
    wait_for_the_rest();
    // The last interval ends with the sending, and has what was under way then.
    if (options.on_interval && end_ns > last_interval_ns_)
      options.on_interval(interval(counts(), end_ns, options));
    for (std::size_t at = 0; at < ends_.size(); ++at)
      while_there(at, [&](LoadEnd& end) { newest_reports_[at] = end.finish(); });
    join_reports();
    if (cut) report_.invalid_reason = "the trial was cut short";
    for (const std::string& reason : gone_)
      if (!reason.empty()) report_.invalid_reason = reason;
    report_.cut_short = !report_.invalid_reason.empty();
    if (report_.cut_short) shorten_windows(report_, end_ns);
    judge_trial(report_);
    return std::move(report_);
  }

 private:
  /// Does ACT with an end, unless that can't be reached any more: then the trial ends, and what the
  /// other end knows is kept.
  template <typename Act>
  void while_there(std::size_t at, const Act& act) {
    if (is_gone(at)) return;
    try {
      act(*ends_[at]);
    } catch (const Error& error) {
      const Error::Parts& parts = error.parts();
      gone_[at] = "could not " + parts.attempt + " " + parts.object + ": " + parts.cause;
      if (!parts.hint.empty()) gone_[at] += "; " + parts.hint;
    }
  }
  [[nodiscard]] bool is_gone(std::size_t at) const noexcept { return !gone_[at].empty(); }

  /// Of what the ends have reported last, into the report.
  void join_reports() {
    for (std::size_t at = 0; at < ends_.size(); ++at) {
      report_.directions[at].sent = newest_reports_[at].sent;
      report_.directions[at].responses = newest_reports_[at].responses;
      report_.directions[1 - at].received = newest_reports_[at].received;
    }
    // Without a common clock the way there has no delay that means something.
    if (report_.one_clock) return;
    for (DirectionReport& direction : report_.directions) {
      direction.received.delay.clear();
      direction.responses.delay_back.clear();
    }
  }

  /// What came in a trial that was cut short at END_NS came in the time that it had.
  void shorten_windows(TrialReport& report, std::int64_t end_ns) const {
    const std::int64_t sent_ns = end_ns - begin_ns_ - spec_.warm_up_ns;
    for (DirectionReport& direction : report.directions)
      for (ReceiveReport* received : {&direction.received, &direction.responses})
        received->window_ns = std::clamp<std::int64_t>(sent_ns, 0, received->window_ns);
  }

  /// Of an end that is gone: as they were, and that it sends no more.
  std::array<EndCounts, 2> counts() {
    std::array<EndCounts, 2> now = newest_counts_;
    for (std::size_t at = 0; at < ends_.size(); ++at) {
      while_there(at, [&now, at](LoadEnd& end) { now[at] = end.counts(); });
      if (is_gone(at)) now[at].sending = false;
    }
    return newest_counts_ = now;
  }

  /// True when it was cut short.
  bool send(const TrialOptions& options) {
    const std::int64_t planned_end_ns = begin_ns_ + spec_.warm_up_ns + spec_.duration_ns;
    const std::int64_t overdue_ns = planned_end_ns + spec_.duration_ns + kGraceNs;
    bool cut = false;
    while (true) {
      const std::array<EndCounts, 2> now = counts();
      if (!now[0].sending && !now[1].sending) return cut;
      const std::int64_t now_ns = monotonic_ns();
      // The last interval is reported when the sending has ended; one next to that would be a
      // sliver.
      const bool is_last = std::abs(planned_end_ns - now_ns) < options.interval_ns / 10;
      if (options.on_interval && !is_last && now_ns - last_interval_ns_ >= options.interval_ns)
        options.on_interval(interval(now, now_ns, options));
      cut = cut || (options.is_stopping && options.is_stopping());
      if (cut || is_gone(0) || is_gone(1) || now_ns >= overdue_ns)
        for (std::size_t at = 0; at < ends_.size(); ++at)
          while_there(at, [](LoadEnd& end) { end.stop(); });
      pause(kLookNs);
    }
  }

  /// Since the last one.
  IntervalReport interval(const std::array<EndCounts, 2>& counts, std::int64_t now_ns,
                          const TrialOptions& options) {
    IntervalReport report;
    report.begin_s = static_cast<double>(last_interval_ns_ - begin_ns_) / 1e9;
    report.end_s = static_cast<double>(now_ns - begin_ns_) / 1e9;
    for (std::size_t at = 0; at < ends_.size(); ++at) {
      IntervalReport::Flow& sent = report.directions[at];
      sent.sent_messages = counts[at].sent_messages - last_counts_[at].sent_messages;
      sent.sent_bytes = counts[at].sent_bytes - last_counts_[at].sent_bytes;
      IntervalReport::Flow& received = report.directions[1 - at];
      received.received_messages =
          counts[at].received_messages - last_counts_[at].received_messages;
      received.received_bytes = counts[at].received_bytes - last_counts_[at].received_bytes;
    }
    last_counts_ = counts;
    last_interval_ns_ = now_ns;
    if (options.interval_reports) add_reports(report, now_ns);
    return report;
  }

  void add_reports(IntervalReport& interval, std::int64_t now_ns) {
    for (std::size_t at = 0; at < ends_.size(); ++at)
      while_there(at, [&](LoadEnd& end) { newest_reports_[at] = end.report(); });
    join_reports();
    for (std::size_t at = 0; at < ends_.size(); ++at) {
      const DirectionReport& now = report_.directions[at];
      IntervalReport::Flow& flow = interval.directions[at];
      const auto since_last = [](const Histogram& delays, Histogram& last) {
        Histogram grown = delays;
        grown -= last;
        last = delays;
        return grown;
      };
      flow.round_trip = since_last(now.responses.delay, last_delays_[at].round_trip);
      flow.one_way = since_last(now.received.delay, last_delays_[at].one_way);
    }
    TrialReport& so_far = interval.so_far.emplace(report_);
    so_far.cut_short = true;
    shorten_windows(so_far, now_ns);
  }

  /// How long nothing may come before what is under way counts as lost.
  [[nodiscard]] std::int64_t patience_ns(const EndCounts& a, const EndCounts& b) const {
    const std::uint64_t arrived = a.arrived + b.arrived;
    if (arrived >= a.expected + b.expected) return kCopiesNs;
    if (arrived == 0) return kMaxQuietNs;
    if (!report_.one_clock) return kBlindQuietNs;
    return kQuietNs + 2 * std::max(a.longest_delay_ns, b.longest_delay_ns);
  }

  void wait_for_the_rest() {
    std::uint64_t arrivals = 0;
    std::int64_t last_change_ns = monotonic_ns();
    const std::int64_t limit_ns = last_change_ns + kMaxQuietNs;
    while (true) {
      const std::array<EndCounts, 2> now = counts();
      const std::int64_t now_ns = monotonic_ns();
      const std::uint64_t now_arrivals = now[0].arrivals + now[1].arrivals;
      if (now_arrivals != arrivals) last_change_ns = now_ns;
      arrivals = now_arrivals;
      if (now_ns >= last_change_ns + patience_ns(now[0], now[1])) return;
      if (now_ns >= limit_ns) {
        // A queue somewhere, deeper than that.
        report_.still_coming = arrivals != 0 && now_ns < last_change_ns + kBlindQuietNs;
        return;
      }
      pause(kLookNs);
    }
  }

  LoadSpec spec_;
  std::array<LoadEnd*, 2> ends_;
  TrialReport report_;
  std::int64_t begin_ns_ = 0;
  std::int64_t last_interval_ns_ = 0;
  std::array<EndCounts, 2> last_counts_;         ///< when the last interval was reported
  std::array<EndCounts, 2> newest_counts_;       ///< when they were last requested
  std::array<LoadEndReport, 2> newest_reports_;  ///< by end, as far as they were requested
  struct Delays {
    Histogram one_way, round_trip;
  };
  std::array<Delays, 2> last_delays_;  ///< by direction, when the last interval was reported
  std::array<std::string, 2> gone_;    ///< why the end can't be reached any more; else empty
};

}  // namespace

TrialReport run_trial(const LoadSpec& spec, LoadEnd& a, LoadEnd& b, const TrialOptions& options) {
  check_load_spec(spec);
  return RunningTrial(spec, a, b).run(options);
}

TrialReport run_trial(const LoadSpec& spec, const IpAddress& a, const IpAddress& b,
                      const TrialOptions& options) {
  LocalEnd here(a);
  LocalEnd there(b);
  return run_trial(spec, here, there, options);
}

}  // namespace tunrelay
