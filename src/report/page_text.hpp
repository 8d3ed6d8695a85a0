// SPDX-License-Identifier: MIT
// The files of report/page, put into the program by the build (cmake/EmbedText.cmake).
#pragma once

#include <string_view>

namespace tunrelay {

extern const std::string_view kPageStyle;   ///< report.css
extern const std::string_view kPageScript;  ///< axis.js, chart.js and report.js

}  // namespace tunrelay
