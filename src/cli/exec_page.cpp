// SPDX-License-Identifier: MIT
#include "cli/exec_page.hpp"

#include <poll.h>
#include <unistd.h>

#include <sstream>
#include <utility>
#include <vector>

#include "base/clean_text.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "cli/terminal_style.hpp"
#include "os/print.hpp"

namespace tunrelay {
namespace {

/// More than a window of the page has.
constexpr std::size_t kTailBytes = 16'384;
/// When the user has left the page, and the command still runs.
constexpr std::int64_t kPrintIntervalNs = 100 * kNanosecondsPerMillisecond;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(std::move(line));
  return lines;
}

}  // namespace

ExecPage::ExecPage(std::string command) : command_(std::move(command)) {
  screen_.emplace(standard_output_style().colour, "without --top the command needs no terminal");
  held_.emplace();
  screen_->draw({{{"The tunnel for " + clean_line(command_) + " is being made."}}}, {});
}

void ExecPage::begin(TopSession::Ask ask) {
  session_.emplace(std::move(ask), kTopIntervalNs);
  take_turn(0);
}

void ExecPage::leave() noexcept {
  screen_.reset();
  held_->give_back();
}

void ExecPage::end() noexcept {
  leave();
  held_->print(kLastWordsPatienceNs);
}

int ExecPage::fd() const noexcept {
  return screen_ ? STDIN_FILENO : -1;
}

std::int64_t ExecPage::due_ns() const noexcept {
  return screen_ ? session_->due_ns() : printed_ns_ + kPrintIntervalNs;
}

/// The command goes on without a page that can't be.
bool ExecPage::show() try {
  session_->show_command(command_, lines_of(held_->tail(kTailBytes)));
  return session_->take_turn(*screen_);
} catch (const Error& error) {
  leave();
  print_wrapped(stderr, "tunrelay: " + clean_lines(error.what()) + "\n");
  return false;
}

void ExecPage::take_turn(short events) {
  if (screen_ && (events & (POLLHUP | POLLERR)) == 0 && show()) return;
  leave();
  held_->print(0);
  printed_ns_ = monotonic_ns();
}

}  // namespace tunrelay
