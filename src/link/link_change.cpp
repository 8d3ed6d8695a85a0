// SPDX-License-Identifier: MIT
#include "link/link_change.hpp"

#include <algorithm>

#include "link/stage_factory.hpp"

namespace tunrelay {
namespace {

bool is_same_shape(const StageList& former, const StageList& next) {
  return std::equal(former.begin(), former.end(), next.begin(), next.end(),
                    [](const StageDescription& left, const StageDescription& right) {
                      return can_change_in_place(left.choice, right.choice);
                    });
}

bool has_any_answers(const StageList& stages) {
  return std::any_of(stages.begin(), stages.end(),
                     [](const StageDescription& stage) { return has_answers(stage.choice); });
}

}  // namespace

bool can_change_in_place(const StageChoice& former, const StageChoice& next) {
  return former.index() == next.index() && has_answers(former) == has_answers(next);
}

std::array<bool, 2> directions_in_place(const LinkDescription& former,
                                        const LinkDescription& next) {
  std::array<bool, 2> in_place{};
  for (std::size_t direction = 0; direction < in_place.size(); ++direction)
    in_place.at(direction) =
        is_same_shape(former.directions.at(direction), next.directions.at(direction));
  // A list that is replaced has other ways back, which begin in the other direction's chain.
  for (std::size_t direction = 0; direction < in_place.size(); ++direction)
    if (!in_place.at(direction) && (has_any_answers(former.directions.at(direction)) ||
                                    has_any_answers(next.directions.at(direction))))
      return {};
  return in_place;
}

}  // namespace tunrelay
