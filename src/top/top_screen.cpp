// SPDX-License-Identifier: MIT
#include "top/top_screen.hpp"

#include <fcntl.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#define NCURSES_NOMACROS
#include <curses.h>

#include "base/error.hpp"
#include "os/print.hpp"

namespace tunrelay {
namespace {

constexpr int kEscape = 27;
constexpr int kControlU = 21;
constexpr int kControlH = 8;
constexpr int kDelete = 127;
constexpr int kEscapePauseMs = 25;  // between Esc by itself and a key's sequence, also over ssh
// Pairs of colours; 0 is the terminal's own.
constexpr short kGraphPair = 1;
constexpr short kGoodPair = 2;
constexpr short kWarningPair = 3;
constexpr short kBadPair = 4;
constexpr short kOwnColour = -1;

chtype attributes_of(TopStyle style, bool has_colour) {
  const auto colour = [has_colour](short pair) {
    return has_colour ? static_cast<chtype>(COLOR_PAIR(pair)) : A_NORMAL;
  };
  switch (style) {
    case TopStyle::kTitle:
      return A_BOLD;
    case TopStyle::kFaint:
      return A_DIM;
    case TopStyle::kGraph:
      return colour(kGraphPair);
    case TopStyle::kGood:
      return colour(kGoodPair);
    case TopStyle::kWarning:
      return A_BOLD | colour(kWarningPair);
    case TopStyle::kBad:
      return A_BOLD | colour(kBadPair);
    case TopStyle::kKeys:
      return A_REVERSE;
    case TopStyle::kPlain:
      break;
  }
  return A_NORMAL;
}

[[noreturn]] void refuse(const std::string& cause, const std::string& hint) {
  throw_unsupported_error("show", "a running relay", cause, hint);
}

}  // namespace

TopScreen::TopScreen(bool has_colour, const std::string& hint) : has_colour_(has_colour) {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO})
    if (::isatty(fd) != 1)
      refuse(std::string(fd == STDIN_FILENO ? "standard input" : "standard output") +
                 " is not a terminal",
             hint);
  std::setlocale(LC_ALL, "");  // NOLINT(concurrency-mt-unsafe): there is one thread
  // NOLINTNEXTLINE(concurrency-mt-unsafe): likewise
  has_unicode_ = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
  const auto duplicate = [] {
    return check_system_call(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), "draw on",
                             "standard output");
  };
  ::tcgetattr(STDOUT_FILENO, &former_);
  descriptor_ = FileDescriptor(duplicate());
  written_ = FileDescriptor(check_system_call(::memfd_create("tunrelay-frame", MFD_CLOEXEC), "make",
                                              "a file for frames"));
  terminal_ = ::fdopen(duplicate(), "w");
  if (terminal_ == nullptr) throw_system_error(errno, "draw on", "standard output");
  if (::newterm(nullptr, terminal_, stdin) == nullptr) {
    std::fclose(terminal_);
    refuse("its kind, which TERM names, is not known", hint);
  }
  output_.emplace(terminal_);
  ::set_escdelay(kEscapePauseMs);
  ::cbreak();
  ::noecho();
  ::nonl();  // so that Enter and Ctrl-J differ
  ::keypad(::stdscr, true);
  ::nodelay(::stdscr, true);
  ::curs_set(0);
  has_colour_ = has_colour_ && ::has_colors();
  if (!has_colour_) return;
  ::start_color();
  ::use_default_colors();
  ::init_pair(kGraphPair, COLOR_CYAN, kOwnColour);
  ::init_pair(kGoodPair, COLOR_GREEN, kOwnColour);
  ::init_pair(kWarningPair, COLOR_YELLOW, kOwnColour);
  ::init_pair(kBadPair, COLOR_RED, kOwnColour);
}

TopScreen::~TopScreen() {
  print_later([] { ::endwin(); });
  ::tcsetattr(descriptor_.get(), TCSANOW, &former_);
  output_->finish(kLastWordsPatienceNs);
  std::fclose(terminal_);
}

// curses waits for a terminal that takes nothing, be it by a loop, and who draws would wait with
// it. So its descriptor is another file while it writes.
void TopScreen::print_later(const std::function<void()>& act) {
  const int fd = ::fileno(terminal_);
  ::dup3(written_.get(), fd, O_CLOEXEC);
  act();
  ::dup3(descriptor_.get(), fd, O_CLOEXEC);
  std::string text(static_cast<std::size_t>(::lseek(written_.get(), 0, SEEK_CUR)), '\0');
  const ssize_t count = ::pread(written_.get(), text.data(), text.size(), 0);
  if (count > 0) output_->print(std::string_view(text).substr(0, static_cast<std::size_t>(count)));
  ::lseek(written_.get(), 0, SEEK_SET);
}

std::size_t TopScreen::columns() const noexcept {
  return static_cast<std::size_t>(std::max(::getmaxx(::stdscr), 1));
}

std::size_t TopScreen::rows() const noexcept {
  return static_cast<std::size_t>(std::max(::getmaxy(::stdscr), 1));
}

void TopScreen::draw(const std::vector<TopLine>& lines, std::optional<std::size_t> cursor) {
  output_->go_on();
  if (output_->is_empty()) print_later([&] { compose(lines, cursor); });
}

void TopScreen::compose(const std::vector<TopLine>& lines,
                        std::optional<std::size_t> cursor) const {
  ::werase(::stdscr);
  for (std::size_t row = 0; row < lines.size(); ++row) {
    ::wmove(::stdscr, static_cast<int>(row), 0);
    for (const TopSpan& span : lines[row]) {
      ::wattrset(::stdscr, static_cast<int>(attributes_of(span.style, has_colour_)));
      ::waddstr(::stdscr, span.text.c_str());
    }
  }
  ::curs_set(cursor ? 1 : 0);
  if (cursor) ::wmove(::stdscr, static_cast<int>(lines.size()) - 1, static_cast<int>(*cursor));
  ::wrefresh(::stdscr);
}

// curses does so at SIGWINCH, which may be blocked, and which the kernel sends before the
// terminal's other end shows the new size (drivers/tty/pty.c, pty_resize()).
void TopScreen::follow_size() const noexcept {
  winsize size{};
  if (::ioctl(descriptor_.get(), TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
    return;
  if (::is_term_resized(size.ws_row, size.ws_col)) ::resizeterm(size.ws_row, size.ws_col);
}

std::optional<TopKey> TopScreen::key() {
  follow_size();
  const int code = ::wgetch(::stdscr);
  switch (code) {
    case ERR:
      return std::nullopt;
    case KEY_RESIZE:
      return TopKey{TopKey::Kind::kResize};
    case KEY_ENTER:
    case '\r':
    case '\n':
      return TopKey{TopKey::Kind::kEnter};
    case kEscape:
      return TopKey{TopKey::Kind::kEscape};
    case KEY_BACKSPACE:
    case kControlH:
    case kDelete:
      return TopKey{TopKey::Kind::kBackspace};
    case KEY_DC:
      return TopKey{TopKey::Kind::kDelete};
    case KEY_LEFT:
      return TopKey{TopKey::Kind::kLeft};
    case KEY_RIGHT:
      return TopKey{TopKey::Kind::kRight};
    case KEY_HOME:
      return TopKey{TopKey::Kind::kHome};
    case KEY_END:
      return TopKey{TopKey::Kind::kEnd};
    case kControlU:
      return TopKey{TopKey::Kind::kClear};
    default:
      break;
  }
  if (code >= ' ' && code < kDelete)
    return TopKey{TopKey::Kind::kCharacter, static_cast<char>(code)};
  return TopKey{TopKey::Kind::kOther};
}

}  // namespace tunrelay
