// SPDX-License-Identifier: MIT
#include "cli/top_session.hpp"

#include <utility>

#include "base/clean_text.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"
#include "cli/link_control.hpp"
#include "control/tunnel_service.hpp"
#include "link/stage_files.hpp"
#include "link/stage_text.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kFlows = 40;
constexpr std::array<const char*, kDirections> kPrompts{"a to b", "b to a"};

}  // namespace

TopSession::TopSession(Ask ask, std::int64_t interval_ns)
    : ask_(std::move(ask)), interval_ns_(interval_ns) {
  look();
  due_ns_ = monotonic_ns() + interval_ns_;
}

bool TopSession::take_turn(TopScreen& screen) {
  while (const auto key = screen.key())
    if (!take(*key)) return false;
  if (monotonic_ns() >= due_ns_) {
    due_ns_ = monotonic_ns() + interval_ns_;
    if (!view_.is_paused) look();
  }
  draw(screen);
  return true;
}

void TopSession::show_command(std::string command, std::vector<std::string> output) {
  view_.command = std::move(command);
  if (!view_.is_paused) view_.output = std::move(output);
}

void TopSession::look() try {
  history_.take(ask_({{"method", "interval"}, {"flows", kFlows}}, -1));
} catch (const nlohmann::json::exception& error) {
  throw Error({.attempt = "understand",
               .object = "the relay's answer",
               .cause = bare_message(error),
               .hint = "use the `tunrelay` of the relay's version"});
}

void TopSession::draw(TopScreen& screen) {
  view_.has_unicode = screen.has_unicode();
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

bool TopSession::take(const TopKey& key) {
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
      view_.order = static_cast<TopOrder>((static_cast<std::size_t>(view_.order) + 1) % kTopOrders);
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

void TopSession::edit(const TopKey& key) {
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
void TopSession::change_link() try {
  LinkDescription link;
  link.directions.at(changed_) =
      parse_stages({prompt_->text(), to_string(static_cast<Direction>(changed_))});
  read_stage_files(link);
  name_files_from_root(link);
  const LinkRequest request = make_link_request(std::move(link), {changed_ == 0, changed_ == 1});
  ask_(request.json, request.attachment.get());
  prompt_.reset();
  refused_.at(changed_).reset();
  view_.message = "The link is changed.";
  look();
} catch (const Error& error) {
  if (prompt_) refused_.at(changed_) = prompt_->text();
  prompt_.reset();
  view_.message = clean_line(error.what());
}

}  // namespace tunrelay
