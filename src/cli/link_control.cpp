#include "cli/link_control.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "control/control_client.hpp"
#include "control/control_place.hpp"
#include "link/stage_text.hpp"
#include "wording/link_flags.hpp"

namespace tunrelay {
namespace {

struct LinkControlFlags {
  std::string control;
  LinkFlags link;
  bool json_wanted = false;
};

/// The relay reads the files, from a working directory of its own.
void name_files_from_root(LinkDescription& link) {
  const auto from_root = [](std::string& file) {
    if (!file.empty()) file = std::filesystem::absolute(file).string();
  };
  for (StageList& stages : link.directions)
    for (StageDescription& stage : stages) {
      if (auto* delay = std::get_if<DelayDescription>(&stage.choice)) from_root(delay->table_file);
      if (auto* pace = std::get_if<BottleneckDescription>(&stage.choice)) from_root(pace->file);
    }
}

void print_link(const nlohmann::json& link) {
  for (const char* key : {"a_to_b", "b_to_a"}) {
    const std::string text = link.at(key);
    fmt::print("{}  {}\n", key, text.empty() ? "(nothing is done to packets)" : text);
  }
  fmt::print("seed    {}\n", link.at("seed").get<std::uint64_t>());
}

int show_link(const LinkControlFlags& flags) {
  const nlohmann::json answer = ControlClient(find_control(flags.control)).ask({{"do", "show"}});
  if (flags.json_wanted) {
    fmt::print("{}\n", answer.dump());
    return 0;
  }
  fmt::print("{} <-> {}\n", answer.at("a").get<std::string>(), answer.at("b").get<std::string>());
  print_link(answer.at("link"));
  for (const char* key : {"a_to_b", "b_to_a"}) {
    const nlohmann::json& lane = answer.at("report").at(key);
    std::uint64_t dropped = 0;
    for (const auto& [reason, tally] : lane.at("dropped").items())
      dropped += tally.at("packets").get<std::uint64_t>();
    fmt::print("{}  {} packets read, {} written, {} held, {} dropped\n", key,
               lane.at("read").at("packets").get<std::uint64_t>(),
               lane.at("written").at("packets").get<std::uint64_t>(),
               lane.at("held").at("packets").get<std::uint64_t>(), dropped);
  }
  return 0;
}

int ask_for_link(const LinkControlFlags& flags, const nlohmann::json& question) {
  const nlohmann::json answer = ControlClient(find_control(flags.control)).ask(question);
  if (flags.json_wanted)
    fmt::print("{}\n", answer.dump());
  else
    print_link(answer.at("link"));
  return 0;
}

/// What is not named in COMMAND stays as it is.
int set_link(const CLI::App& command, const LinkControlFlags& flags) {
  LinkDescription link = link_description(flags.link);
  name_files_from_root(link);
  nlohmann::json question{{"do", "set"}};
  const bool whole = command.count("--link") != 0;
  if (whole || command.count("--a-to-b") != 0)
    question["a_to_b"] = print_stages(link.directions[0]);
  if (whole || command.count("--b-to-a") != 0)
    question["b_to_a"] = print_stages(link.directions[1]);
  if (link.seed) question["seed"] = *link.seed;
  if (question.size() == 1)
    throw_usage_error("change", "nothing", "no flag says what",
                      "add --a-to-b, --b-to-a, --link or --seed");
  return ask_for_link(flags, question);
}

}  // namespace

std::function<int()> add_link_control_verbs(CLI::App& link) {
  auto flags = std::make_shared<LinkControlFlags>();
  const auto add = [&](const char* name, const char* help) {
    CLI::App* command = link.add_subcommand(name, help);
    command->add_option("--control", flags->control,
                        "the running relay's socket [that of the only one]");
    command->add_flag("--json", flags->json_wanted, "the answer as JSON");
    return command;
  };
  CLI::App* show = add("show", "the link of a running relay, and what it has done");
  CLI::App* set = add("set", "change the link of a running relay; what is not named stays");
  add_link_flags(*set, flags->link);
  CLI::App* clear = add("clear", "nothing is done to packets any more");
  return [=] {
    if (show->parsed()) return show_link(*flags);
    if (set->parsed()) return set_link(*set, *flags);
    static_cast<void>(clear);
    return ask_for_link(*flags, {{"do", "set"}, {"a_to_b", ""}, {"b_to_a", ""}});
  };
}

}  // namespace tunrelay
