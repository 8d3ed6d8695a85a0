// SPDX-License-Identifier: MIT
// What a capture has done, as text and as JSON.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "capture/capture.hpp"

namespace tunrelay {

/// A line of a summary, or two.
[[nodiscard]] std::string capture_line(const CaptureReport& capture);
/// Null where there was no capture.
[[nodiscard]] nlohmann::ordered_json capture_json(const std::optional<CaptureReport>& capture);

}  // namespace tunrelay
