// SPDX-License-Identifier: MIT
// parse_helper_request() on any message: what is taken names nothing but steps of the plan, and is
// the same bytes again.
// Input: two bytes, how many steps the plan has, then the message.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "route/helper/helper_protocol.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t steps = data[0] + std::size_t{256} * data[1];
  const auto message = std::as_bytes(std::span(data, size)).subspan(2);
  const auto request = tunrelay::parse_helper_request(message, steps);
  if (!request) return 0;
  if (message.size() != sizeof *request || request->number == 0 || request->end > 1 ||
      request->count > request->steps.size() ||
      std::memcmp(message.data(), &*request, sizeof *request) != 0)
    std::abort();
  const auto named = std::span(request->steps).first(request->count);
  if (!std::all_of(named.begin(), named.end(), [steps](std::size_t step) { return step < steps; }))
    std::abort();
  return 0;
}
