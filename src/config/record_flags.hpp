// SPDX-License-Identifier: MIT
// The flags that describe a record.
#pragma once

#include <string>

#include "record/recorder.hpp"

namespace CLI {
class App;
}

namespace tunrelay {

/// The heading of what is written over time.
inline constexpr const char* kRecordHeading = "Record";

/// As the user wrote them.
struct RecordFlags {
  std::string file;  ///< empty: no record
  std::string interval = "100ms";
};

/// Adds `--record FILE` and `--record-interval`. FLAGS must outlive the parser.
void add_record_flags(CLI::App& command, RecordFlags& flags);
/// Adds --PREFIXinterval.
void add_record_interval_flag(CLI::App& command, RecordFlags& flags, const std::string& prefix);

/// Throws a usage Error that names the flag.
RecordOptions record_options(const RecordFlags& flags);

}  // namespace tunrelay
