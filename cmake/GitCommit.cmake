# SPDX-License-Identifier: MIT
# Makes a C++ header that names the commit of this tree, and writes it only when it has changed, so
# that nothing is compiled again without need. Run with cmake -P, on each build:
#   SOURCE  the tree
#   OUTPUT  the header
cmake_minimum_required(VERSION 3.22)  # a script of its own has no policies else
include(${CMAKE_CURRENT_LIST_DIR}/SourceCommit.cmake)
tunrelay_source_commit(${SOURCE} COMMIT TIME)
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT
"// Made by cmake/GitCommit.cmake.
#pragma once

namespace tunrelay {

inline constexpr const char* kCommit = \"@COMMIT@\";

}  // namespace tunrelay
")
