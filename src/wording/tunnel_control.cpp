#include "wording/tunnel_control.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/wrap.hpp"
#include "control/attachment.hpp"
#include "control/control_place.hpp"
#include "link/stage_files.hpp"
#include "link/stage_text.hpp"
#include "wording/build_info.hpp"
#include "wording/capture_text.hpp"
#include "wording/summary.hpp"

namespace tunrelay {
namespace {

constexpr const char* kDirectionKeys[] = {"a_to_b", "b_to_a"};
constexpr const char* kFileBytes = "file_bytes";

/// Gives FILES, in their order, what came with the question.
void fill_files(const std::vector<StageFile*>& files, const nlohmann::json& question,
                const FileDescriptor& attachment) {
  const auto sizes = question.value(kFileBytes, std::vector<std::uint64_t>{});
  if (sizes.size() != files.size())
    throw_usage_error("use", files.front()->name,
                      fmt::format("{} files are named, and {} came", files.size(), sizes.size()),
                      "ask by the `tunrelay` of this version: it sends what files hold");
  const std::string bytes = read_attachment(attachment, kMostStageFileBytes);
  std::size_t begin = 0;
  for (std::size_t at = 0; at < files.size(); ++at) {
    if (sizes[at] > bytes.size() - begin)
      throw_usage_error("use", files[at]->name, "not all of it came");
    files[at]->text = std::make_shared<const std::string>(bytes, begin, sizes[at]);
    begin += sizes[at];
  }
}

}  // namespace

nlohmann::ordered_json TunnelControl::answer(ControlClientId client, const nlohmann::json& question,
                                             FileDescriptor passed) {
  const std::string wish = question.at("do");
  if (wish == "show")
    return {{"version", kVersion},
            {"a", tunnel_.options().a.device},
            {"b", tunnel_.options().b.device},
            {"link", link()},
            {"report", report_json(tunnel_.report(), "counters")}};
  if (wish == "set") {
    set_link(question, passed);
    return {{"link", link()}};
  }
  if (wish == "capture_start") {
    start_capture(client, question, std::move(passed));
    return nlohmann::ordered_json::object();
  }
  if (wish == "capture_report") return {{"capture", capture_json(tunnel_.report().capture)}};
  if (wish == "capture_stop") {
    if (client != capturing_)
      throw_usage_error("end", "the capture", "this client has not started one");
    capturing_ = 0;
    tunnel_.end_capture();
    return {{"capture", capture_json(tunnel_.report().capture)}};
  }
  throw_usage_error("do", "'" + wish + "'",
                    "a relay does show, set, capture_start, capture_report "
                    "and capture_stop");
}

void TunnelControl::left(ControlClientId client) noexcept {
  if (client != capturing_) return;
  capturing_ = 0;
  tunnel_.end_capture();
}

nlohmann::ordered_json TunnelControl::link() const {
  const LinkDescription& description = tunnel_.link();
  nlohmann::ordered_json link;
  for (std::size_t direction = 0; direction < kDirections; ++direction)
    link[kDirectionKeys[direction]] = print_stages(description.directions.at(direction));
  link["seed"] = description.seed.value_or(0);
  return link;
}

void TunnelControl::set_link(const nlohmann::json& question, const FileDescriptor& attachment) {
  LinkDescription description = tunnel_.link();
  std::vector<StageFile*> files;
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    const char* key = kDirectionKeys[direction];
    if (!question.contains(key)) continue;
    StageList& stages = description.directions.at(direction);
    stages = parse_stages({question.at(key).get<std::string>(), key});
    for (StageFile* file : files_of(stages)) files.push_back(file);
  }
  if (!files.empty()) fill_files(files, question, attachment);
  // Without a seed another one is drawn: who measures twice wants two samples, not one twice.
  description.seed.reset();
  if (question.contains("seed")) description.seed = question.at("seed").get<std::uint64_t>();
  tunnel_.change_link(std::move(description));
}

void TunnelControl::start_capture(ControlClientId client, const nlohmann::json& question,
                                  FileDescriptor file) {
  if (!file.is_open())
    throw_usage_error("start", "a capture", "no open file came with the question");
  CaptureOptions options;
  options.file = question.value("file", "the client's file");
  options.filter = question.value("filter", "");
  options.snap_bytes = question.value("snap_bytes", options.snap_bytes);
  options.wire_segments = question.value("wire_segments", false);
  options.buffer_bytes = question.value("buffer_bytes", options.buffer_bytes);
  tunnel_.start_capture(options, std::move(file));
  capturing_ = client;
}

LinkQuestion ask_for_link(LinkDescription link, std::array<bool, 2> is_named) {
  LinkQuestion question{.json = {{"do", "set"}}, .attachment = {}};
  std::string bytes;
  auto sizes = nlohmann::json::array();
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    if (!is_named.at(direction)) continue;
    StageList& stages = link.directions.at(direction);
    question.json[kDirectionKeys[direction]] = print_stages(stages);
    for (const StageFile* file : files_of(stages)) {
      bytes += *file->text;
      sizes.push_back(file->text->size());
    }
  }
  if (link.seed) question.json["seed"] = *link.seed;
  if (sizes.empty()) return question;
  question.json[kFileBytes] = std::move(sizes);
  question.attachment = make_attachment(bytes);
  return question;
}

void change_link(Tunnel& tunnel, const char* a_to_b, const char* b_to_a) {
  LinkDescription link = tunnel.link();
  if (a_to_b != nullptr) link.directions[0] = parse_stages({a_to_b, kDirectionKeys[0]});
  if (b_to_a != nullptr) link.directions[1] = parse_stages({b_to_a, kDirectionKeys[1]});
  read_stage_files(link);
  tunnel.change_link(std::move(link));
}

ControlWish control_wish(const std::string& path, const TunnelOptions& options) {
  if (path == "none") return {};
  if (path != "auto") return {.path = path, .is_asked_for = true};
  const std::string directory = control_directory();
  if (directory.empty()) return {};
  return {.path = control_path(directory, options.a.device + "-" + options.b.device),
          .is_asked_for = false};
}

std::unique_ptr<ControlServer> open_control(const ControlWish& wish, ControlService& service) {
  if (wish.path.empty()) return nullptr;
  if (wish.is_asked_for) return std::make_unique<ControlServer>(wish.path, service);
  try {
    const std::string directory = wish.path.substr(0, wish.path.rfind('/'));
    constexpr mode_t kOwnerOnly = 0700;
    ::mkdir(directory.c_str(), kOwnerOnly);
    static_cast<void>(living_controls(directory));  // what killed relays have left goes
    return std::make_unique<ControlServer>(wish.path, service);
  } catch (const Error& error) {
    print_wrapped(stderr,
                  fmt::format("tunrelay: note: nobody can change this relay while it runs: {}\n",
                              error.what()));
    return nullptr;
  }
}

}  // namespace tunrelay
