// SPDX-License-Identifier: MIT
// A stage that fits: passes everything.
#include <tunrelay/stage.hpp>

TUNRELAY_STAGE(tunrelay::plugin::Endpoint, "fit", Access::kLooksAtWireSegments, Pairs::kOne);
