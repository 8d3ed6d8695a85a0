// SPDX-License-Identifier: MIT
// Starting a thread: the standard library's exception says neither what was tried nor the errno.
#pragma once

#include <pthread.h>

#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.hpp"

namespace tunrelay {

/// A thread that runs BODY, with NAME, 15 characters at most. Throws Error: EAGAIN where the system
/// has no more threads or no memory for one.
template <typename Body>
[[nodiscard]] std::thread start_thread(const std::string& name, Body body) try {
  return std::thread([name, body = std::move(body)]() mutable {
    ::pthread_setname_np(::pthread_self(), name.c_str());
    body();
  });
} catch (const std::system_error& error) {
  throw_system_error(error.code().value(), "start the thread", name);
}

}  // namespace tunrelay
