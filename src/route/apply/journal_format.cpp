// SPDX-License-Identifier: MIT
#include "route/apply/journal_format.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json_number.hpp"
#include "base/json_text.hpp"
#include "route/model/step_json.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;

std::string line_of(const json& record) {
  return json_text(record) + "\n";
}

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw_unsupported_error(
      "read the journal", name, why,
      "restore the routes by hand (`tunrelay routes plan` shows what they were for), "
      "then remove the file");
}

JournalHeader header_from(const json& record, const std::string& name) {
  JournalHeader header;
  header.version = whole_number<int>(record, "version");
  if (header.version != kJournalVersion)
    throw_unsupported_error(
        "read the journal", name,
        fmt::format("it has version {}, and this program knows version {} alone", header.version,
                    kJournalVersion),
        "clean up with the tunrelay that wrote it");
  header.boot_id = record.at("boot_id").get<std::string>();
  header.netns_inode = whole_number<std::uint64_t>(record, "netns_inode");
  header.netns_cookie = whole_number<std::uint64_t>(record, "netns_cookie");
  header.instance = record.at("instance").get<std::string>();
  header.owner = {whole_number<pid_t>(record, "pid"),
                  whole_number<std::uint64_t>(record, "start_ticks")};
  header.persistent = record.at("persistent").get<bool>();
  return header;
}

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  void read(std::string_view line) {
    const json record = json::parse(line);
    const auto kind = record.at("record").get<std::string>();
    if (!contents_) {
      if (kind != "header") refuse(name_, "it does not begin with a header");
      contents_ = JournalContents{.header = header_from(record, name_)};
    } else if (kind == "step") {
      steps_.insert_or_assign(whole_number<std::size_t>(record, "index"), step_from_json(record));
    } else if (kind == "withdrawn") {
      steps_.erase(whole_number<std::size_t>(record, "index"));
    } else if (kind == "complete") {
      contents_->complete = true;
    } else {
      refuse(name_, fmt::format("it has a record of the unknown kind '{}'", kind));
    }
  }

  std::optional<JournalContents> finish() && {
    if (contents_)
      for (auto& [index, step] : steps_) contents_->steps.push_back(std::move(step));
    return std::move(contents_);
  }

 private:
  const std::string& name_;
  std::optional<JournalContents> contents_;
  std::map<std::size_t, Step> steps_;
};

}  // namespace

std::string header_line(const JournalHeader& header) {
  return line_of({{"record", "header"},
                  {"version", header.version},
                  {"boot_id", header.boot_id},
                  {"netns_inode", header.netns_inode},
                  {"netns_cookie", header.netns_cookie},
                  {"instance", header.instance},
                  {"pid", header.owner.pid},
                  {"start_ticks", header.owner.start_ticks},
                  {"persistent", header.persistent}});
}

std::string step_line(std::size_t index, const Step& step) {
  json record = step_to_json(step);
  record["record"] = "step";
  record["index"] = index;
  return line_of(record);
}

std::string withdrawn_line(std::size_t index) {
  return line_of({{"record", "withdrawn"}, {"index", index}});
}

std::string complete_line() {
  return line_of({{"record", "complete"}});
}

std::optional<JournalContents> parse_journal(std::string_view text, const std::string& name) {
  Reader reader(name);
  std::size_t line_number = 1;
  try {
    for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; ++line_number) {
      reader.read(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
  } catch (const json::exception& error) {
    refuse(name, fmt::format("line {} makes no sense: {}", line_number, bare_message(error)));
  } catch (const Error& error) {
    if (error.exit_code() != ExitCode::kUsage) throw;
    refuse(name, fmt::format("line {} makes no sense: {}", line_number, error.what()));
  }
  return std::move(reader).finish();
}

}  // namespace tunrelay
