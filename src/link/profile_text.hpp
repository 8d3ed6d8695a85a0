// SPDX-License-Identifier: MIT
// The files of link/profiles, put into the program by the build (cmake/EmbedText.cmake).
#pragma once

#include <string_view>

namespace tunrelay {

extern const std::string_view kProfile3g;
extern const std::string_view kProfileDatacentre;
extern const std::string_view kProfileDsl;
extern const std::string_view kProfileLte;
extern const std::string_view kProfileSatellite;
extern const std::string_view kProfileWifi;

}  // namespace tunrelay
