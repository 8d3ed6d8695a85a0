// SPDX-License-Identifier: MIT
// `tunrelay convert`: a link as other programs describe it, as a file for --link.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "cli/result_outputs.hpp"
#include "cli/subcommand.hpp"
#include "config/flag_group.hpp"
#include "convert/conversion.hpp"
#include "os/input_file.hpp"
#include "os/print.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kMaxInputBytes = std::size_t{4} << 20U;

struct ConvertFlags {
  std::string input;
  std::string from = "auto";
  std::string out = "-";
  bool strict = false;
};

const ForeignForm& form_of(const ConvertFlags& flags, const std::string& text,
                           const std::string& source) {
  for (const ForeignForm& form : foreign_forms())
    if (flags.from == form.name) return form;
  return detect_form(text, source);
}

int convert(const ConvertFlags& flags) {
  const bool is_standard_input = flags.input == "-";
  const std::string text =
      read_whole_file(is_standard_input ? "/dev/stdin" : flags.input, "convert", kMaxInputBytes);
  const std::string source = is_standard_input ? "standard input" : flags.input;
  const ForeignForm& form = form_of(flags, text, source);
  const Conversion conversion = form.convert(text, source);
  for (const LeftOut& one : conversion.left_out())
    print_wrapped(stderr,
                  fmt::format("tunrelay: left out: {}: {}: {}\n", one.place, one.what, one.reason));
  if (flags.strict && !conversion.left_out().empty())
    throw Error({.attempt = "convert",
                 .object = source,
                 .cause = fmt::format("{} of it can't be taken over", conversion.left_out().size()),
                 .hint = "without --strict the rest becomes a link"});
  write_output(flags.out, link_file_text(conversion, form.name));
  return 0;
}

}  // namespace

Subcommand add_convert_command(CLI::App& app) {
  auto flags = std::make_shared<ConvertFlags>();
  CLI::App* command = app.add_subcommand(
      "convert", "make a link's file of what mahimahi, tc, Rattan or tcconfig describe");
  command->add_option("input", flags->input, "a file with it; '-' is standard input")->required();
  FlagGroup input(*command, "Input");
  std::vector<std::string> forms{"auto"};
  for (const ForeignForm& form : foreign_forms()) forms.emplace_back(form.name);
  input.choice("--from", flags->from, forms, "whose form it has");
  input.flag("--strict", flags->strict, "fail when anything is left out");
  FlagGroup output(*command, kOutputFlags);
  output.value("-o,--out", flags->out, "FILE", "where the link's file goes")->capture_default_str();
  command->footer(
      "What has no counterpart is reported, and stands in the file as a comment.\n"
      "example: echo 'mm-delay 20 mm-loss uplink 0.01' | tunrelay convert - --out link.toml\n"
      "         tunrelay exec --link ./link.toml -- ping 192.168.13.2");
  return {command, [flags] { return convert(*flags); }};
}

}  // namespace tunrelay
