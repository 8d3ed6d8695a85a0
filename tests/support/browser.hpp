// SPDX-License-Identifier: MIT
// A headless Chromium, driven by its DevTools protocol over a pair of pipes
// (chromedevtools.github.io/devtools-protocol): pages as a reader sees them, at any width, light or
// dark, with all that the browser complains of and requests from the network.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "metrics/base64.hpp"
#include "os/file_descriptor.hpp"
#include "os/whole_file.hpp"
#include "support/png_image.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay::test {

/// One tab, used by one thread. Every function throws std::runtime_error when the browser refuses,
/// dies, or does not answer.
class Browser {
 public:
  /// Starts it in the caller's network namespace, which had better be a private one.
  Browser()
      : to_(pipe_at("to")),
        from_(pipe_at("from")),
        process_({"sh", "-c",
                  "exec chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars "
                  "--disable-dev-shm-usage --no-first-run --remote-debugging-pipe "
                  "--user-data-dir=" +
                      folder_.path() + " about:blank 3<" + folder_ / "to" + " 4>" +
                      folder_ / "from"}) {
    const nlohmann::json target =
        call("Target.createTarget", {{"url", "about:blank"}}).at("targetId");
    session_ =
        call("Target.attachToTarget", {{"targetId", target}, {"flatten", true}}).at("sessionId");
    for (const char* domain : {"Page", "Runtime", "Log", "Network"})
      call(std::string(domain) + ".enable");
  }
  ~Browser() {
    process_.send_signal(SIGTERM);
    process_.wait(std::chrono::seconds(5));
  }
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  void set_width(int width) {
    constexpr int kHeight = 900;
    call("Emulation.setDeviceMetricsOverride",
         {{"width", width}, {"height", kHeight}, {"deviceScaleFactor", 1}, {"mobile", false}});
  }
  void prefer_dark(bool dark) {
    call("Emulation.setEmulatedMedia",
         {{"features", {{{"name", "prefers-color-scheme"}, {"value", dark ? "dark" : "light"}}}}});
  }

  /// Opens the file at PATH and waits until it is loaded. Complaints and requests begin again.
  void open(const std::string& path) {
    complaints_.clear();
    requests_.clear();
    loaded_ = false;
    call("Page.navigate", {{"url", "file://" + path}});
    while (!loaded_) take_message();
  }

  /// The value of the JavaScript EXPRESSION, or of the promise that it is.
  nlohmann::json evaluate(const std::string& expression) {
    const nlohmann::json answer =
        call("Runtime.evaluate",
             {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}});
    if (answer.contains("exceptionDetails"))
      throw std::runtime_error("the script failed: " + answer.at("exceptionDetails").dump());
    return answer.at("result").value("value", nlohmann::json());
  }

  /// The whole page, also what lies below the window, as a PNG file.
  std::string screenshot() {
    const nlohmann::json size = call("Page.getLayoutMetrics").at("cssContentSize");
    const nlohmann::json answer = call("Page.captureScreenshot", {{"format", "png"},
                                                                  {"captureBeyondViewport", true},
                                                                  {"clip",
                                                                   {{"x", 0},
                                                                    {"y", 0},
                                                                    {"width", size.at("width")},
                                                                    {"height", size.at("height")},
                                                                    {"scale", 1}}}});
    return base64_decode(answer.at("data").get<std::string>()).value();
  }

  /// Uncaught exceptions, messages on the console, and the browser's own, since open().
  [[nodiscard]] const std::vector<std::string>& complaints() const noexcept { return complaints_; }
  /// URLs, since open(), but for the page's own.
  [[nodiscard]] const std::vector<std::string>& requests() const noexcept { return requests_; }

 private:
  [[nodiscard]] FileDescriptor pipe_at(const char* name) const {
    const std::string path = folder_ / name;
    if (::mkfifo(path.c_str(), S_IRUSR | S_IWUSR) != 0) throw std::runtime_error("no " + path);
    // For both ways, or the opening would wait for the browser's.
    return FileDescriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  }

  nlohmann::json call(const std::string& method,
                      const nlohmann::json& parameters = nlohmann::json::object()) {
    nlohmann::json question{{"id", ++last_id_}, {"method", method}, {"params", parameters}};
    if (!session_.empty()) question["sessionId"] = session_;
    const std::string text = question.dump();
    if (write_all(to_.get(), {text.c_str(), text.size() + 1}) != 0)  // with the 0 that ends it
      throw std::runtime_error("the browser does not listen");
    while (true) {
      const nlohmann::json message = take_message();
      if (message.value("id", 0) != last_id_) continue;
      if (message.contains("error")) throw std::runtime_error(method + ": " + message.dump());
      return message.at("result");
    }
  }

  nlohmann::json take_message() {
    std::size_t end = 0;
    while ((end = received_.find('\0')) == std::string::npos) receive();
    nlohmann::json message = nlohmann::json::parse(received_.substr(0, end));
    received_.erase(0, end + 1);
    note(message);
    return message;
  }

  void receive() {
    constexpr int kAnswerLimitMs = 60'000;
    pollfd ready{.fd = from_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, kAnswerLimitMs) <= 0)
      throw std::runtime_error("the browser does not answer: " + process_.standard_error());
    std::array<char, 65536> part{};
    const ssize_t got = ::read(from_.get(), part.data(), part.size());
    if (got > 0) received_.append(part.data(), static_cast<std::size_t>(got));
  }

  void note(const nlohmann::json& message) {
    const std::string method = message.value("method", "");
    if (method == "Page.loadEventFired") loaded_ = true;
    if (method == "Runtime.exceptionThrown" || method == "Runtime.consoleAPICalled" ||
        method == "Log.entryAdded")
      complaints_.push_back(message.at("params").dump());
    if (method != "Network.requestWillBeSent") return;
    const nlohmann::json& parameters = message.at("params");
    if (parameters.value("type", "") != "Document")
      requests_.push_back(parameters.at("request").at("url").get<std::string>());
  }

  TemporaryFolder folder_;
  FileDescriptor to_;
  FileDescriptor from_;
  BackgroundProcess process_;
  std::string session_;
  std::string received_;
  int last_id_ = 0;
  bool loaded_ = false;
  std::vector<std::string> complaints_;
  std::vector<std::string> requests_;
};

}  // namespace tunrelay::test
