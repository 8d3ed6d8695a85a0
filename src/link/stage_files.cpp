// SPDX-License-Identifier: MIT
#include "link/stage_files.hpp"

#include "base/error.hpp"
#include "base/units.hpp"
#include "os/input_file.hpp"

namespace tunrelay {

std::vector<StageFile*> files_of(StageList& stages) {
  std::vector<StageFile*> files;
  const auto add = [&files](StageFile& file) {
    if (!file.name.empty()) files.push_back(&file);
  };
  for (StageDescription& stage : stages) {
    if (auto* delay = std::get_if<DelayDescription>(&stage.choice)) add(delay->table_file);
    if (auto* slot = std::get_if<SlotDescription>(&stage.choice)) add(slot->table_file);
    if (auto* bottleneck = std::get_if<BottleneckDescription>(&stage.choice)) add(bottleneck->file);
  }
  return files;
}

void read_stage_files(LinkDescription& link) {
  constexpr const char* kAttempt = "read";
  std::size_t bytes = 0;
  for (StageList& stages : link.directions)
    for (StageFile* file : files_of(stages)) {
      if (file->text == nullptr)
        file->text = std::make_shared<const std::string>(
            read_whole_file(file->name, kAttempt, kMaxStageFileBytes));
      bytes += file->text->size();
      if (bytes > kMaxStageFileBytes)
        throw_usage_error(
            kAttempt, file->name,
            "the files of a link have over " + format_bytes(kMaxStageFileBytes) + " together");
    }
}

}  // namespace tunrelay
