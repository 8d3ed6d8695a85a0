// SPDX-License-Identifier: MIT
// A Prometheus server of the test's own, which scrapes one target, on the loopback of the caller's
// network namespace.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "support/tunnel_process.hpp"

namespace tunrelay::test {

/// Used by the thread that made it.
class Prometheus {
 public:
  /// TARGET: "127.0.0.1:9469". RULES: a file of rules, or nothing. Returns when it has scraped it
  /// once; throws std::runtime_error when it does not get there.
  explicit Prometheus(const std::string& target, const std::string& rules = "")
      : process_({"prometheus", "--config.file=" + write_config(target, rules),
                  "--storage.tsdb.path=" + folder_ / "data",
                  "--web.listen-address=127.0.0.1:" + std::string(kPort)}) {
    if (!eventually(std::chrono::seconds(30), [this] { return value("up") == 1.0; }))
      throw std::runtime_error("Prometheus has not scraped: " + process_.standard_error());
  }
  ~Prometheus() {
    process_.send_signal(SIGTERM);
    process_.wait(std::chrono::seconds(10));
  }
  Prometheus(const Prometheus&) = delete;
  Prometheus& operator=(const Prometheus&) = delete;

  /// Waits for a scrape that began after this call; all later queries are about that moment, so
  /// that a scrape which a busy machine holds up changes nothing in them.
  void look_at_next_scrape() {
    moment_.clear();
    using Seconds = std::chrono::duration<double>;
    const double now_s = Seconds(std::chrono::system_clock::now().time_since_epoch()).count();
    if (!eventually(std::chrono::seconds(30), [this, now_s] {
          const std::optional<double> scraped_s = value("timestamp(up) and up == 1");
          if (!scraped_s || *scraped_s <= now_s) return false;
          moment_ = {"--data-urlencode", fmt::format("time={:.3f}", *scraped_s)};
          return true;
        }))
      throw std::runtime_error("Prometheus scrapes no more: " + process_.standard_error());
  }

  /// The samples of an instant query. Throws where Prometheus refuses EXPRESSION.
  [[nodiscard]] nlohmann::json query(const std::string& expression) const {
    std::vector<std::string> command{"curl",
                                     "-sS",
                                     "--max-time",
                                     "10",
                                     "--data-urlencode",
                                     "query=" + expression,
                                     "http://127.0.0.1:" + std::string(kPort) + "/api/v1/query"};
    command.insert(command.end(), moment_.begin(), moment_.end());
    const ProcessResult asked = run(command);
    const nlohmann::json answer = nlohmann::json::parse(asked.standard_output, nullptr, false);
    if (!answer.is_object()) return nlohmann::json::array();  // it does not listen yet
    if (answer.value("status", "") != "success")
      throw std::runtime_error(expression + ": " + asked.standard_output);
    return answer.at("data").at("result");
  }
  /// Of the only sample; nothing where there is none or several.
  [[nodiscard]] std::optional<double> value(const std::string& expression) const {
    const nlohmann::json samples = query(expression);
    if (samples.size() != 1) return std::nullopt;
    return std::stod(samples.at(0).at("value").at(1).get<std::string>());
  }

 private:
  static constexpr const char* kPort = "9390";

  [[nodiscard]] std::string write_config(const std::string& target,
                                         const std::string& rules) const {
    return folder_.write("prometheus.yml",
                         "global:\n  scrape_interval: 500ms\n  scrape_timeout: 500ms\n"
                         "  evaluation_interval: 200ms\n" +
                             (rules.empty() ? "" : "rule_files: [" + rules + "]\n") +
                             "scrape_configs:\n  - job_name: tunrelay\n"
                             "    static_configs:\n      - targets: ['" +
                             target + "']\n");
  }

  const TemporaryFolder folder_;
  /// curl's arguments for the time that queries are about; empty: now.
  std::vector<std::string> moment_;
  BackgroundProcess process_;
};

}  // namespace tunrelay::test
