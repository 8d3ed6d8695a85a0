// SPDX-License-Identifier: MIT
// A record as text and as CSV. Pure functions, for any thread.
#pragma once

#include <optional>
#include <string>

#include "record/record.hpp"
#include "report/text_table.hpp"

namespace tunrelay {

/// "tun0 -> tun1".
[[nodiscard]] std::string direction_name(const RecordHeader& header, std::size_t direction);
/// A record's time, from when the tunnel was ready.
[[nodiscard]] double record_seconds(std::int64_t time_ns) noexcept;
/// Of BYTES in the interval's time; 0 for an interval without any.
[[nodiscard]] double bits_per_s(std::uint64_t bytes, const RecordInterval& interval);
/// The stage of DIRECTION whose queue is looked at: the first of limited speed, or else the first
/// that queues packets, as far as STAGES' texts say. Nothing where there is none.
[[nodiscard]] std::optional<std::size_t> queueing_stage(const std::vector<std::string>& stages);

/// "queue full": a reason for people.
[[nodiscard]] std::string reason_title(DropReason reason);
/// A row a direction, stage and reason for which that has dropped, over the whole record, and one a
/// reason for which the relay has, around the stages. No rows: nothing was dropped.
[[nodiscard]] TextTable drops_table(const Record& record);
/// A row an interval and direction in which anything was read, written, dropped or queued.
[[nodiscard]] TextTable record_table(const Record& record);
/// RFC 4180, with a line of names: a row an interval, direction and stage; an empty stage stands
/// for the direction as a whole. What does not apply is empty.
[[nodiscard]] std::string record_csv(const Record& record);

}  // namespace tunrelay
