// SPDX-License-Identifier: MIT
// A library that needs a function which nobody has.
extern "C" int nobody_has_this();
extern "C" int asks_for_it();
int asks_for_it() {
  return nobody_has_this();
}
