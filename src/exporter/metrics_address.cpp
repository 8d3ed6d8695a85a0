// SPDX-License-Identifier: MIT
#include "exporter/metrics_address.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr std::string_view kUnix = "unix:";

[[noreturn]] void refuse(std::string_view text, const std::string& cause) {
  throw_usage_error("serve metrics at", std::string(text), cause,
                    "write PORT, ADDRESS:PORT, [ADDRESS]:PORT for IPv6, or unix:PATH");
}

std::uint16_t parse_port(std::string_view digits, std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size())
    refuse(text, "'" + std::string(digits) + "' is not a port, a number from 0 to 65535");
  return port;
}

}  // namespace

MetricsAddress MetricsAddress::parse(std::string_view text) {
  MetricsAddress parsed;
  if (text.starts_with(kUnix)) {
    parsed.path = text.substr(kUnix.size());
    if (parsed.path.empty()) refuse(text, "no path follows");
    return parsed;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    parsed.port = parse_port(text, text);
    return parsed;
  }
  parsed.port = parse_port(text.substr(colon + 1), text);
  std::string_view host = text.substr(0, colon);
  if (host.empty()) return parsed;
  const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (has_brackets) host = host.substr(1, host.size() - 2);
  try {
    parsed.address = IpAddress::parse(host);
  } catch (const Error&) {
    refuse(text, "'" + std::string(host) + "' is not an address (names are not looked up)");
  }
  if (parsed.address.is_ipv4() == has_brackets)
    refuse(text, has_brackets ? "an IPv4 address has no brackets"
                              : "an IPv6 address with a port stands in brackets");
  return parsed;
}

std::string MetricsAddress::to_string() const {
  if (!path.empty()) return std::string(kUnix) + path;
  const std::string host = address.to_string();
  return fmt::format("{}:{}", address.is_ipv4() ? host : "[" + host + "]", port);
}

}  // namespace tunrelay
