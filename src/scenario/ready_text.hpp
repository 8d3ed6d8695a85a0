// SPDX-License-Identifier: MIT
// The files of scenario/scenarios, put into the program by the build (cmake/EmbedText.cmake).
#pragma once

#include <string_view>

namespace tunrelay {

extern const std::string_view kScenarioCongestedEvening;
extern const std::string_view kScenarioFlappingLink;
extern const std::string_view kScenarioLeoSatellite;
extern const std::string_view kScenarioLteHandover;
extern const std::string_view kScenarioTrain;
extern const std::string_view kScenarioWifiRoaming;

}  // namespace tunrelay
