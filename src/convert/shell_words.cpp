// SPDX-License-Identifier: MIT
#include "convert/shell_words.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace tunrelay {
namespace {

bool is_shell_blank(char one) {
  return one == ' ' || one == '\t' || one == '\r';
}

bool ends_command(char one) {
  return one == '\n' || one == ';' || one == '&' || one == '|';
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<ShellCommand> read() {
    while (at_ < text_.size()) step();
    end_command();
    return std::move(commands_);
  }

 private:
  [[nodiscard]] char next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\0'; }

  void step() {
    const char one = text_[at_];
    if (one == '\\' && next() == '\n') {
      end_word();
      advance();
      advance();
    } else if (is_shell_blank(one)) {
      end_word();
      advance();
    } else if (ends_command(one)) {
      end_command();
      advance();
    } else if (one == '#' && !word_) {
      // As a prompt it stands before a command, as a comment's mark before anything.
      if (!(command_.empty() && is_prompted()))
        while (at_ < text_.size() && text_[at_] != '\n') advance();
      else
        advance();
    } else {
      take_character(one);
    }
  }

  /// Whether a command that is read here follows: "# tc", "# mm-".
  [[nodiscard]] bool is_prompted() const {
    const std::string_view rest = text_.substr(at_ + 1);
    const std::size_t begin = rest.find_first_not_of(" \t");
    if (begin == std::string_view::npos || begin == 0) return false;
    const std::string_view command = rest.substr(begin);
    return command.starts_with("tc ") || command.starts_with("mm-") || command.starts_with("sudo ");
  }

  void take_character(char one) {
    if (!word_) word_ = {.text = {}, .line = line_, .column = column_};
    if (one == '"' || one == '\'') {
      advance();
      for (; at_ < text_.size() && text_[at_] != one; advance()) {
        if (one == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) advance();
        word_->text += text_[at_];
      }
      if (at_ < text_.size()) advance();
      return;
    }
    if (one == '\\' && at_ + 1 < text_.size()) {
      advance();
      one = text_[at_];
    }
    word_->text += one;
    advance();
  }

  void advance() {
    if (text_[at_] == '\n') {
      ++line_;
      column_ = 0;
    }
    ++column_;
    ++at_;
  }

  void end_word() {
    if (!word_) return;
    ShellWord word = std::move(*word_);
    word_.reset();
    if (command_.empty() && (word.text == "$" || word.text == "sudo")) return;
    command_.push_back(std::move(word));
  }

  void end_command() {
    end_word();
    if (!command_.empty()) commands_.push_back(std::move(command_));
    command_.clear();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t column_ = 1;
  std::optional<ShellWord> word_;
  ShellCommand command_;
  std::vector<ShellCommand> commands_;
};

}  // namespace

std::vector<ShellCommand> shell_commands(std::string_view text) {
  return Reader(text).read();
}

std::string joined_words(const ShellCommand& command, std::size_t first, std::size_t end) {
  std::string joined;
  for (std::size_t at = first; at < std::min(end, command.size()); ++at)
    joined += (joined.empty() ? "" : " ") + command[at].text;
  return joined;
}

}  // namespace tunrelay
