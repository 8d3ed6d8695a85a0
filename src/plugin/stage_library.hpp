// SPDX-License-Identifier: MIT
// A user's stage, of a shared library or of the program itself: from the arguments of `--stage
// ./libmine.so,key=value` to a checked table of functions (plugin/tunrelay/stage_abi.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/tunrelay/stage_abi.h"

namespace tunrelay {

/// What a user requests: a library, or a stage of the program itself, and what its endpoints get.
struct StageRequest {
  std::string library;                                       ///< a path with a slash
  std::vector<std::pair<std::string, std::string>> options;  ///< as they were written
  /// Of a stage of the program, which outlives it; `library` is then only what it is called.
  const tunrelay_stage_descriptor* built_in = nullptr;
  void* context = nullptr;  ///< of the program, for the endpoints of a stage of its own

  /// "LIBRARY[,KEY=VALUE]..."; a key without a value has the value "1". Throws a usage Error.
  static StageRequest parse(std::string_view text);
  bool operator==(const StageRequest&) const = default;
};

class StageLibrary {
 public:
  /// Loads it, unless it is built in, and checks it. Throws a usage Error: for what is not a
  /// library, has no stage, or was made for another version of the boundary, with both versions.
  explicit StageLibrary(StageRequest request);

  [[nodiscard]] const StageRequest& request() const noexcept { return request_; }
  [[nodiscard]] const tunrelay_stage_descriptor& descriptor() const noexcept {
    return *descriptor_;
  }
  [[nodiscard]] std::string name() const { return descriptor_->name; }
  /// Unless it declares that it makes none, but for memory. Those before version 3 can't.
  [[nodiscard]] bool makes_system_calls() const noexcept {
    return descriptor_->abi_version < 3 || descriptor_->system_calls != TUNRELAY_NO_SYSTEM_CALLS;
  }

 private:
  struct Close {
    void operator()(void* handle) const noexcept;
  };

  void load();

  StageRequest request_;
  std::unique_ptr<void, Close> handle_;
  const tunrelay_stage_descriptor* descriptor_ = nullptr;
};

}  // namespace tunrelay
