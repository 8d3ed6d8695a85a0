# SPDX-License-Identifier: MIT
# Makes a C++ header that names the commit of this tree, and writes it only when it has changed, so
# that nothing is compiled again without need. Run with cmake -P, on each build:
#   SOURCE  the tree
#   OUTPUT  the header
# A tree that is not under git, as a released archive, has no commit.
cmake_minimum_required(VERSION 3.22)  # a script of its own has no policies else
set(COMMIT "")
find_program(GIT git)
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --abbrev=12 --dirty --exclude=*
    OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT
"// Made by cmake/GitCommit.cmake.
#pragma once

namespace tunrelay {

inline constexpr const char* kCommit = \"@COMMIT@\";

}  // namespace tunrelay
")
