// SPDX-License-Identifier: MIT
#include "link/link_file.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "base/error.hpp"
#include "link/link_toml.hpp"
#include "link/profile_text.hpp"
#include "link/stage_files.hpp"
#include "link/stage_text.hpp"
#include "os/input_file.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMaxLinkFileBytes = std::size_t{1} << 20U;

}  // namespace

void append_stages(const toml::node& node, const std::string& file, StageList& stages) {
  if (const auto* array = node.as_array()) {
    for (const toml::node& element : *array) append_stages(element, file, stages);
    return;
  }
  const auto* text = node.as_string();
  if (text == nullptr)
    throw_usage_error("read", toml_place(file, node.source()),
                      "stages are a text, or an array of texts",
                      "write for example a-to-b = [\"delay 20ms\", \"loss 0.1%\"]");
  const std::string name = toml_place(file, node.source());
  for (StageDescription& stage : parse_stages({text->get(), name}))
    stages.push_back(std::move(stage));
  if (stages.size() > kMaxStages)
    throw_usage_error("read", name, fmt::format("a direction has over {} stages", kMaxStages));
}

std::uint64_t seed_of(const toml::node& node, const std::string& file) {
  const auto* number = node.as_integer();
  if (number == nullptr || number->get() < 0)
    throw_usage_error("read", toml_place(file, node.source()), "a seed is a whole number from 0");
  return static_cast<std::uint64_t>(number->get());
}

void place_files(StageList& stages, const std::filesystem::path& folder) {
  for (StageFile* file : files_of(stages)) file->name = (folder / file->name).string();
}

bool is_file_name(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".toml");
}

std::span<const LinkProfile> link_profiles() noexcept {
  static const std::array<LinkProfile, 6> kProfiles{{{"3g", kProfile3g},
                                                     {"datacentre", kProfileDatacentre},
                                                     {"dsl", kProfileDsl},
                                                     {"lte", kProfileLte},
                                                     {"satellite", kProfileSatellite},
                                                     {"wifi", kProfileWifi}}};
  return kProfiles;
}

const LinkProfile& find_profile(std::string_view name) {
  return find_named(link_profiles(), name, "link profile");
}

const LinkProfile& find_named(std::span<const LinkProfile> all, std::string_view name,
                              std::string_view what) {
  std::string names;
  for (const LinkProfile& one : all) {
    if (one.name == name) return one;
    names += (names.empty() ? "" : ", ") + std::string(one.name);
  }
  throw_usage_error(fmt::format("find the {}", what), fmt::format("'{}'", name),
                    "there is none of that name",
                    fmt::format("{}s are {}; a file is written with a slash or .toml, such as "
                                "./mine.toml",
                                what, names));
}

NamedLink parse_link(std::string_view toml, const std::string& file) {
  NamedLink link;
  const toml::table table = parse_toml(toml, file);
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    if (name == "a-to-b")
      append_stages(node, file, link.description.directions[0]);
    else if (name == "b-to-a")
      append_stages(node, file, link.description.directions[1]);
    else if (name == "seed")
      link.description.seed = seed_of(node, file);
    else if (name == "summary" && node.is_string())
      link.summary = node.as_string()->get();
    else
      throw_usage_error("read", toml_place(file, node.source()),
                        fmt::format("'{}' is not expected in a link's file", name),
                        "its keys are a-to-b, b-to-a, seed, and summary, a text");
  }
  return link;
}

NamedLink load_link(const std::string& name_or_file) {
  if (!is_file_name(name_or_file)) return parse_link(find_profile(name_or_file).toml, name_or_file);
  NamedLink link =
      parse_link(read_whole_file(name_or_file, "read the link", kMaxLinkFileBytes), name_or_file);
  const std::filesystem::path folder = std::filesystem::path(name_or_file).parent_path();
  for (StageList& stages : link.description.directions) place_files(stages, folder);
  return link;
}

}  // namespace tunrelay
