// SPDX-License-Identifier: MIT
#include "tunnel/plan_request.hpp"

namespace tunrelay {
namespace {

EndRequest end_request(const EndOptions& end, Strategy strategy, bool made_by_us) {
  EndRequest request;
  request.device = end.device;
  request.addresses = end.addresses;
  request.made_by_us = made_by_us;
  request.netns_name = strategy == Strategy::kNamespaces ? end.netns : "";
  return request;
}

}  // namespace

PlanRequest plan_request(const TunnelOptions& options, std::array<bool, 2> made_by_us) {
  PlanRequest request;
  request.strategy = options.strategy;
  request.a = end_request(options.a, options.strategy, made_by_us[0]);
  request.b = end_request(options.b, options.strategy, made_by_us[1]);
  request.mtu_bytes = options.mtu_bytes;
  request.txqueuelen = options.txqueuelen;
  request.congestion_control = options.congestion_control;
  return request;
}

}  // namespace tunrelay
