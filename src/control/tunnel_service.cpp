// SPDX-License-Identifier: MIT
#include "control/tunnel_service.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/build_info.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_number.hpp"
#include "capture/capture_text.hpp"
#include "control/control_place.hpp"
#include "flow/flow_json.hpp"
#include "link/link_change.hpp"
#include "link/stage_files.hpp"
#include "link/stage_text.hpp"
#include "os/attachment.hpp"
#include "os/print.hpp"
#include "record/record_text.hpp"
#include "scenario/scenario_file.hpp"
#include "tunnel/tunnel_report_text.hpp"

namespace tunrelay {
namespace {

constexpr const char* kDirectionKeys[] = {"a_to_b", "b_to_a"};
constexpr const char* kFileBytes = "file_bytes";
constexpr std::size_t kMaxFlows = 50;     // in an answer
constexpr const char* kOldMethod = "do";  // of clients of version 0.1

/// Gives FILES, in their order, what came with the request.
void fill_files(const std::vector<StageFile*>& files, const nlohmann::json& request,
                const FileDescriptor& attachment) {
  const auto sizes = request.value(kFileBytes, std::vector<std::uint64_t>{});
  if (sizes.size() != files.size())
    throw_usage_error("use", files.front()->name,
                      fmt::format("{} files are named, and {} came", files.size(), sizes.size()),
                      "use the `tunrelay` of this version: it sends what files hold");
  const std::string bytes = read_attachment(attachment, kMaxStageFileBytes);
  std::size_t begin = 0;
  for (std::size_t at = 0; at < files.size(); ++at) {
    if (sizes[at] > bytes.size() - begin)
      throw_usage_error("use", files[at]->name, "not all of it came");
    files[at]->text = std::make_shared<const std::string>(bytes, begin, sizes[at]);
    begin += sizes[at];
  }
}

}  // namespace

nlohmann::ordered_json TunnelService::answer(ControlClientId client, const nlohmann::json& request,
                                             FileDescriptor passed) {
  const std::string method = request.at(request.contains(kOldMethod) ? kOldMethod : "method");
  if (method == "show")
    return {{"version", kVersion},
            {"a", tunnel_.options().a.device},
            {"b", tunnel_.options().b.device},
            {"link", link()},
            {"report", report_json(tunnel_.report(), "counters")}};
  if (method == "set") return set_link(request, passed);
  if (method == "scenario") return play_scenario(request, passed);
  if (method == "interval") return next_interval(client, request);
  if (method == "capture_start") {
    start_capture(client, request, std::move(passed));
    return nlohmann::ordered_json::object();
  }
  if (method == "capture_report") return {{"capture", capture_json(tunnel_.report().capture)}};
  if (method == "capture_stop") {
    if (client != capturing_)
      throw_usage_error("end", "the capture", "this client has not started one");
    capturing_ = 0;
    tunnel_.end_capture();
    return {{"capture", capture_json(tunnel_.report().capture)}};
  }
  if (method == "record_start") {
    start_record(client, request, std::move(passed));
    return nlohmann::ordered_json::object();
  }
  if (method == "record_report") return {{"record", record_json(tunnel_.report().record)}};
  if (method == "record_stop") {
    if (client != recording_)
      throw_usage_error("end", "the record", "this client has not started one");
    recording_ = 0;
    tunnel_.end_record();
    return {{"record", record_json(tunnel_.report().record)}};
  }
  if (method == "record_mark") {
    tunnel_.mark_record(request.at("text").get<std::string>());
    return nlohmann::ordered_json::object();
  }
  throw_usage_error(
      "do", "'" + method + "'",
      "a relay does show, set, scenario, interval, capture_start, capture_report, capture_stop, "
      "record_start, record_report, record_stop and record_mark");
}

void TunnelService::left(ControlClientId client) noexcept {
  followers_.erase(client);
  if (client == capturing_) {
    capturing_ = 0;
    tunnel_.end_capture();
  }
  if (client == recording_) {
    recording_ = 0;
    tunnel_.end_record();
  }
}

nlohmann::ordered_json TunnelService::next_interval(ControlClientId client,
                                                    const nlohmann::json& request) {
  Follower& follower = followers_[client];
  if (!follower.reader) {
    follower = {.reader = tunnel_.read_intervals(), .link_changed_ns = tunnel_.link_changed_ns()};
  } else if (follower.link_changed_ns != tunnel_.link_changed_ns()) {
    follower.reader->follow(tunnel_.emulated_link(), tunnel_.link_changed_ns());
    follower.link_changed_ns = tunnel_.link_changed_ns();
  }
  const RecordInterval interval = follower.reader->next(monotonic_ns());
  nlohmann::ordered_json stages;
  for (std::size_t direction = 0; direction < kDirections; ++direction)
    stages[kDirectionKeys[direction]] = follower.reader->link().stages.at(direction);
  const std::size_t flows = std::min(whole_number_or(request, "flows", std::size_t{0}), kMaxFlows);
  return {{"version", kVersion},
          {"a", tunnel_.options().a.device},
          {"b", tunnel_.options().b.device},
          {"link", link()},
          {"path_proven", tunnel_.is_path_proven()},
          {"stages", std::move(stages)},
          {"interval", interval_json(interval)},
          {"flows", flows_json(tunnel_.flows(flows))}};
}

nlohmann::ordered_json TunnelService::link() const {
  const LinkDescription& description = tunnel_.link();
  nlohmann::ordered_json link;
  for (std::size_t direction = 0; direction < kDirections; ++direction)
    link[kDirectionKeys[direction]] = print_stages(description.directions.at(direction));
  link["seed"] = description.seed.value_or(0);
  return link;
}

nlohmann::ordered_json TunnelService::set_link(const nlohmann::json& request,
                                               const FileDescriptor& attachment) {
  LinkDescription description = tunnel_.link_to_change();
  std::vector<StageFile*> files;
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    const char* key = kDirectionKeys[direction];
    if (!request.contains(key)) continue;
    StageList& stages = description.directions.at(direction);
    stages = parse_stages({request.at(key).get<std::string>(), key});
    for (StageFile* file : files_of(stages)) files.push_back(file);
  }
  if (!files.empty()) fill_files(files, request, attachment);
  // Without a seed another one is drawn: who measures twice wants two samples, not one twice.
  description.seed.reset();
  if (request.contains("seed")) description.seed = whole_number<std::uint64_t>(request, "seed");
  return change_answer(tunnel_.change_link(std::move(description)));
}

nlohmann::ordered_json TunnelService::play_scenario(const nlohmann::json& request,
                                                    const FileDescriptor& attachment) {
  if (request.value("stop", false)) return change_answer(tunnel_.stop_scenario());
  if (!request.contains("files") || request.at("files").empty())
    throw_usage_error("play", "a scenario", "no file came with the request");
  const std::string bytes = read_attachment(attachment, kMaxScenarioBytes);
  std::map<std::string, std::string> files;
  std::string first;
  std::size_t begin = 0;
  for (const nlohmann::json& file : request.at("files")) {
    const std::string name = file.at("name");
    const auto size = whole_number<std::size_t>(file, "bytes");
    if (size > bytes.size() - begin) throw_usage_error("play", name, "not all of it came");
    if (files.empty()) first = name;
    files[name] = bytes.substr(begin, size);
    begin += size;
  }
  auto scenario = std::make_shared<const Scenario>(
      parse_scenario(files.at(first), first, [&files](const std::string& name) {
        const auto found = files.find(name);
        if (found == files.end())
          throw_usage_error("read", name, "it did not come with the request",
                            "use the `tunrelay` of this version: it sends what files hold");
        return found->second;
      }));
  std::optional<std::uint64_t> seed;
  if (request.contains("seed")) seed = whole_number<std::uint64_t>(request, "seed");
  return change_answer(tunnel_.play_scenario(std::move(scenario), seed));
}

nlohmann::ordered_json TunnelService::change_answer(
    const std::array<bool, kDirections>& in_place) const {
  nlohmann::ordered_json answer{{"link", link()}};
  for (std::size_t direction = 0; direction < kDirections; ++direction)
    answer["change"][kDirectionKeys[direction]] = change_text(in_place.at(direction));
  return answer;
}

void TunnelService::start_capture(ControlClientId client, const nlohmann::json& request,
                                  FileDescriptor file) {
  if (!file.is_open())
    throw_usage_error("start", "a capture", "no open file came with the request");
  CaptureOptions options;
  options.file = request.value("file", "the client's file");
  options.filter = request.value("filter", "");
  options.snap_bytes = whole_number_or(request, "snap_bytes", options.snap_bytes);
  options.wire_segments = request.value("wire_segments", false);
  options.buffer_bytes = whole_number_or(request, "buffer_bytes", options.buffer_bytes);
  tunnel_.start_capture(options, std::move(file));
  capturing_ = client;
}

void TunnelService::start_record(ControlClientId client, const nlohmann::json& request,
                                 FileDescriptor file) {
  if (!file.is_open()) throw_usage_error("start", "a record", "no open file came with the request");
  RecordOptions options;
  options.file = request.value("file", "the client's file");
  options.interval_ns = whole_number_or(request, "interval_ns", options.interval_ns);
  tunnel_.start_record(options, std::move(file));
  recording_ = client;
}

LinkRequest make_link_request(LinkDescription link, std::array<bool, 2> is_named) {
  LinkRequest request{.json = {{"method", "set"}}, .attachment = {}};
  std::string bytes;
  auto sizes = nlohmann::json::array();
  for (std::size_t direction = 0; direction < kDirections; ++direction) {
    if (!is_named.at(direction)) continue;
    StageList& stages = link.directions.at(direction);
    request.json[kDirectionKeys[direction]] = print_stages(stages);
    for (const StageFile* file : files_of(stages)) {
      bytes += *file->text;
      sizes.push_back(file->text->size());
    }
  }
  if (link.seed) request.json["seed"] = *link.seed;
  if (sizes.empty()) return request;
  request.json[kFileBytes] = std::move(sizes);
  request.attachment = make_attachment(bytes);
  return request;
}

LinkRequest make_scenario_request(const Scenario& scenario, std::optional<std::uint64_t> seed) {
  LinkRequest request{.json = {{"method", "scenario"}}, .attachment = {}};
  std::string bytes;
  auto files = nlohmann::json::array();
  for (const ScenarioSource& source : scenario.sources) {
    files.push_back({{"name", source.name}, {"bytes", source.text->size()}});
    bytes += *source.text;
  }
  request.json["files"] = std::move(files);
  if (seed) request.json["seed"] = *seed;
  request.attachment = make_attachment(bytes);
  return request;
}

void change_link(Tunnel& tunnel, const char* a_to_b, const char* b_to_a) {
  LinkDescription link = tunnel.link_to_change();
  if (a_to_b != nullptr) link.directions[0] = parse_stages({a_to_b, kDirectionKeys[0]});
  if (b_to_a != nullptr) link.directions[1] = parse_stages({b_to_a, kDirectionKeys[1]});
  read_stage_files(link);
  tunnel.change_link(std::move(link));
}

ControlConfig control_config(const std::string& path, const TunnelOptions& options) {
  if (path == "none") return {};
  if (path != "auto") return {.path = path, .is_asked_for = true};
  const std::string directory = control_directory();
  if (directory.empty()) return {};
  return {.path = control_path(directory, instance_name(options)), .is_asked_for = false};
}

std::unique_ptr<ControlServer> open_control(const ControlConfig& config, ControlService& service) {
  if (config.path.empty()) return nullptr;
  if (config.is_asked_for) return std::make_unique<ControlServer>(config.path, service);
  try {
    const std::string directory = config.path.substr(0, config.path.rfind('/'));
    constexpr mode_t kOwnerOnly = 0700;
    ::mkdir(directory.c_str(), kOwnerOnly);
    static_cast<void>(living_controls(directory));  // what killed relays have left goes
    return std::make_unique<ControlServer>(config.path, service);
  } catch (const Error& error) {
    print_wrapped(stderr,
                  fmt::format("tunrelay: note: nobody can change this relay while it runs: {}\n",
                              error.what()));
    return nullptr;
  }
}

}  // namespace tunrelay
