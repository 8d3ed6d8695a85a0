// SPDX-License-Identifier: MIT
// A library with a symbol of the stage's name that is something else.
// NOLINTNEXTLINE(readability-identifier-naming): the name is the ABI's
extern "C" const unsigned long long tunrelay_stage[16];
const unsigned long long tunrelay_stage[16] = {1, 2, 3};
