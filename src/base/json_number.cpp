// SPDX-License-Identifier: MIT
#include "base/json_number.hpp"

#include <fmt/format.h>

#include <string>

#include "base/json_text.hpp"

namespace tunrelay {
namespace {

class NumberError : public nlohmann::json::exception {
 public:
  explicit NumberError(const std::string& text) : exception(0, text.c_str()) {}
};

}  // namespace

void refuse_number(const nlohmann::json& value, long long min, unsigned long long max) {
  throw NumberError(
      fmt::format("a whole number from {} to {} is needed, not {}", min, max, json_text(value)));
}

}  // namespace tunrelay
