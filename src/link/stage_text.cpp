// SPDX-License-Identifier: MIT
#include "link/stage_text.hpp"

#include <fmt/format.h>

#include <array>

#include "link/stage_grammar.hpp"

namespace tunrelay {
namespace {

using Pace = BottleneckDescription::Pace;

/// A stage's name, what may stand behind it, and what reads that.
struct Grammar {
  std::string_view name;
  std::string_view usage;
  StageChoice (*read)(StageTokens& tokens);
};

constexpr std::array<Grammar, 13> kGrammars{
    {{"delay",
      "TIME [JITTER [CORRELATION%] [uniform|normal|pareto|paretonormal|table FILE]] [ordered] "
      "[reorder P% [CORRELATION%] [gap N]]",
      [](StageTokens& tokens) -> StageChoice { return read_delay(tokens); }},
     {"loss",
      "P% [CORRELATION%] | gemodel P% [R% [1-H% [1-K%]]] | state P13% [P31% [P32% [P23% [P14%]]]] "
      "| every N | "
      "packets N ...",
      [](StageTokens& tokens) -> StageChoice { return read_loss(tokens); }},
     {"duplicate", "P% [CORRELATION%]",
      [](StageTokens& tokens) -> StageChoice { return read_duplicate(tokens); }},
     {"corrupt", "P% [CORRELATION%] [bits N] [valid-checksum]",
      [](StageTokens& tokens) -> StageChoice { return read_corrupt(tokens); }},
     {"rate",
      "RATE [burst SIZE] [overhead BYTES] [cell BYTES [BYTES]] [limit N packets|SIZE|TIME] "
      "and a queue: [droptail|drophead|infinite|codel|pie|red|fq_codel|dualpi2 [target TIME] "
      "[interval TIME] [flows N] [quantum SIZE] [min SIZE] [max SIZE] [probability P%] [step TIME] "
      "[ecn]]",
      [](StageTokens& tokens) -> StageChoice { return read_bottleneck(tokens, Pace::kRate); }},
     {"steps", "FILE, and as for rate",
      [](StageTokens& tokens) -> StageChoice { return read_bottleneck(tokens, Pace::kSteps); }},
     {"trace", "FILE, and as for rate, without burst",
      [](StageTokens& tokens) -> StageChoice { return read_bottleneck(tokens, Pace::kTrace); }},
     {"mtu", "SIZE [icmp]", [](StageTokens& tokens) -> StageChoice { return read_mtu(tokens); }},
     {"outage", "up TIME down TIME | at TIME for TIME ...",
      [](StageTokens& tokens) -> StageChoice { return read_outage(tokens); }},
     {"policer", "RATE [burst SIZE] [overhead BYTES] [cell BYTES [BYTES]] [ecn|dscp N]",
      [](StageTokens& tokens) -> StageChoice { return read_policer(tokens); }},
     {"slot",
      "MIN [MAX] | distribution uniform|normal|pareto|paretonormal|table FILE TIME JITTER; "
      "[packets N] [bytes SIZE]",
      [](StageTokens& tokens) -> StageChoice { return read_slot(tokens); }},
     {"ecn", "bleach", [](StageTokens& tokens) -> StageChoice { return read_ecn(tokens); }},
     {"dscp", "N", [](StageTokens& tokens) -> StageChoice { return read_dscp(tokens); }}}};

std::string names() {
  std::string text;
  for (const Grammar& grammar : kGrammars)
    text += (text.empty() ? "" : ", ") + std::string(grammar.name);
  return text;
}

StageDescription read_stage(const LinkText& text, std::span<const Token> tokens) {
  StageDescription stage;
  // The filter stands at the end, so that no stage need know of it.
  if (const std::size_t count = tokens.size();
      count > 2 && tokens[count - 2].text == kFilterKeyword && !tokens[count - 2].is_quoted) {
    StageTokens filter(text, tokens.subspan(count - 1));
    stage.filter = filter.take_text("a tcpdump expression such as \"udp port 53\"");
    tokens = tokens.first(count - 2);
  }
  for (const Grammar& grammar : kGrammars) {
    StageTokens rest(text, tokens);
    if (!rest.take(grammar.name)) continue;
    stage.choice = grammar.read(rest);
    if (!rest.at_end())
      rest.refuse_next(std::string(grammar.usage) + "; or if \"FILTER\", in quotes, at the end");
    return stage;
  }
  refuse_text(text, tokens.front().begin, tokens.front().end,
              "'" + tokens.front().text + "' is not a stage", "stages are " + names());
}

}  // namespace

std::string stage_text_help() {
  std::string text;
  for (const Grammar& grammar : kGrammars)
    text += "  " + std::string(grammar.name) + " " + std::string(grammar.usage) + "\n";
  return text;
}

StageList parse_stages(const LinkText& text) {
  StageList stages;
  const std::vector<Token> tokens = split_tokens(text);
  const std::span<const Token> all(tokens);
  if (all.empty()) return stages;
  for (std::size_t first = 0; first <= all.size();) {
    std::size_t last = first;
    while (last < all.size() && !all[last].is_comma) ++last;
    if (first == last) {
      const std::size_t at = first == all.size() ? all.back().begin : all[first].begin;
      refuse_text(text, at, at + 1, "no stage stands beside this comma", "stages are " + names());
    }
    if (stages.size() == kMaxStages)
      refuse_text(text, all[first].begin, all[first].end, "these are too many stages",
                  fmt::format("a direction has at most {}", kMaxStages));
    stages.push_back(read_stage(text, all.subspan(first, last - first)));
    first = last + 1;
  }
  return stages;
}

std::string print_stages(const StageList& stages) {
  std::string text;
  for (const StageDescription& stage : stages) {
    if (!text.empty()) text += ", ";
    text += std::visit([](const auto& choice) { return print_stage(choice); }, stage.choice);
    if (!stage.filter.empty())
      text += fmt::format(" {} {}", kFilterKeyword, print_token(stage.filter));
  }
  return text;
}

}  // namespace tunrelay
