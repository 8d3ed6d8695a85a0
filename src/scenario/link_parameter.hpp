// SPDX-License-Identifier: MIT
// What a scenario can set of a direction's stages by name, without writing the whole list.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "link/description.hpp"

namespace tunrelay {

/// Values are numbers: bits a second, ns, ns, and a ratio from 0 to 1.
enum class LinkParameter : std::uint8_t { kRate, kDelay, kJitter, kLoss };

/// In the order of LinkParameter.
inline constexpr std::array<std::string_view, 4> kLinkParameterNames{"rate", "delay", "jitter",
                                                                     "loss"};

[[nodiscard]] std::optional<LinkParameter> link_parameter_of(std::string_view name) noexcept;

/// "10mbit", "20ms", "1%", as stages have them. Throws a usage Error.
[[nodiscard]] double parse_link_parameter(LinkParameter parameter, std::string_view text);

/// VALUE within what a stage can have.
[[nodiscard]] double clamp_link_parameter(LinkParameter parameter, double value) noexcept;

/// Sets it in the first stage of STAGES that it is of, for all packets; where there is none, one is
/// added at the end. A rate or loss of another model becomes a constant one.
void set_link_parameter(StageList& stages, LinkParameter parameter, double value);

}  // namespace tunrelay
