// SPDX-License-Identifier: MIT
// A library without a stage.
extern "C" int nothing_to_see();
int nothing_to_see() {
  return 0;
}
