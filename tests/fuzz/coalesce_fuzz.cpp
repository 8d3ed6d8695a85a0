// SPDX-License-Identifier: MIT
// The Coalescer on scripted batches (support/scripted_batch.hpp): all that merge_checks.hpp
// requires must hold, whatever the batch and the ones before it.
// Input: the rules (1 byte), the script.
// Covers: packet/coalesce.cpp packet/merge_rules.cpp packet/merged_headers.cpp
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "support/merge_checks.hpp"

using namespace tunrelay;
using namespace tunrelay::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const MergeRules rules{.tcp = (data[0] & 2) == 0,
                         .udp = (data[0] & 4) == 0,
                         .renumber_atomic = (data[0] & 1) != 0,
                         .big_tcp = (data[0] & 8) != 0};
  Coalescer coalescer{rules};
  MergeChecks checks{coalescer, rules, batch_of(std::span{data, size}.subspan(1))};
  // Half of them meet a coalescer that has planned before.
  if ((data[0] & 16) != 0) checks.plan();
  const std::string fault = checks.run();
  if (fault.empty()) return 0;
  std::fprintf(stderr, "%s\n", fault.c_str());
  std::abort();
}
