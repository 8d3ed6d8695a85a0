// SPDX-License-Identifier: MIT
#include "convert/conversion.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/clean_text.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"
#include "convert/mahimahi.hpp"
#include "convert/rattan.hpp"
#include "convert/shell_words.hpp"
#include "convert/tc.hpp"
#include "convert/tcconfig.hpp"
#include "link/stage_text.hpp"

namespace tunrelay {
namespace {

/// A TOML string: its escapes are JSON's.
std::string toml_string(const std::string& text) {
  return json_text(nlohmann::json(text));
}

bool is_utf8(const std::string& text) {
  return nlohmann::json::parse(toml_string(text)) == text;
}

std::string stages_line(const char* key, const StageList& stages) {
  if (stages.empty()) return {};
  std::string list;
  for (const StageDescription& stage : stages)
    list += (list.empty() ? "" : ", ") + toml_string(print_stages({stage}));
  return fmt::format("{} = [{}]\n", key, list);
}

}  // namespace

std::string Conversion::place(std::size_t line, std::size_t column) const {
  return fmt::format("{}:{}:{}", source_, line, column);
}

std::string Conversion::place(const std::string& way) const {
  return fmt::format("{}: {}", source_, way);
}

bool Conversion::add(std::size_t direction, const std::string& stage, const std::string& place,
                     const std::string& what) {
  StageList& stages = link_.directions.at(direction);
  std::string refusal;
  try {
    StageList read = parse_stages({stage, "stages"});
    if (!is_utf8(stage))
      refusal = "a link's file holds UTF-8 alone";
    else if (stages.size() + read.size() > kMaxStages)
      refusal = fmt::format("a direction has at most {} stages", kMaxStages);
    else
      stages.insert(stages.end(), read.begin(), read.end());
  } catch (const Error& error) {
    // Behind the first line the place in our own text is shown.
    const std::string& cause = error.parts().cause;
    refusal = fmt::format("as '{}': {}", clean_line(stage), cause.substr(0, cause.find('\n')));
  }
  if (refusal.empty()) return true;
  leave_out(place, what, refusal);
  return false;
}

void Conversion::leave_out(std::string place, std::string what, std::string reason) {
  left_out_.push_back({std::move(place), std::move(what), std::move(reason)});
}

const std::vector<ForeignForm>& foreign_forms() {
  static const std::vector<ForeignForm> kForms{{"mahimahi", convert_mahimahi},
                                               {"tc", convert_tc},
                                               {"rattan", convert_rattan},
                                               {"tcconfig", convert_tcconfig}};
  return kForms;
}

const ForeignForm& detect_form(std::string_view text, const std::string& source) {
  const auto named = [](const char* name) -> const ForeignForm& {
    return *std::find_if(
        foreign_forms().begin(), foreign_forms().end(),
        [name](const ForeignForm& form) { return form.name == std::string(name); });
  };
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && text[begin] == '{') return named("tcconfig");
  if (text.find("[cells.") != std::string_view::npos) return named("rattan");
  for (const ShellCommand& command : shell_commands(text))
    for (const ShellWord& word : command) {
      if (word.text.starts_with("mm-")) return named("mahimahi");
      if (word.text == "tc" || word.text == "qdisc") return named("tc");
    }
  throw_usage_error("convert", source,
                    "it looks like none of the forms mahimahi, tc, rattan, tcconfig",
                    "say which it is with --from");
}

std::string link_file_text(const Conversion& conversion, const std::string& form) {
  std::string text =
      fmt::format("# Converted from {}, as {} has it.\n", clean_line(conversion.source()), form);
  for (const LeftOut& one : conversion.left_out())
    text += fmt::format("# Left out: {}: {}: {}\n", clean_line(one.place), clean_line(one.what),
                        clean_line(one.reason));
  text += stages_line("a-to-b", conversion.link().directions[0]);
  text += stages_line("b-to-a", conversion.link().directions[1]);
  if (conversion.link().seed) text += fmt::format("seed = {}\n", *conversion.link().seed);
  return text;
}

}  // namespace tunrelay
