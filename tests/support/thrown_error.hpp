// SPDX-License-Identifier: MIT
// The Error that something throws, to be looked at.
#pragma once

#include <gtest/gtest.h>

#include <utility>

#include "base/error.hpp"

namespace tunrelay::test {

/// What ATTEMPT throws. When it throws nothing the test has failed, and an empty Error comes back.
template <typename Attempt>
Error thrown_error(Attempt&& attempt) {
  try {
    static_cast<void>(std::forward<Attempt>(attempt)());
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error({});
}

}  // namespace tunrelay::test
