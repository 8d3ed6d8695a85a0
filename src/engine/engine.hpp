// SPDX-License-Identifier: MIT
// How bytes move between queues and buffers. An Engine belongs to one worker and serves a
// few endpoints: plain descriptors that give and take one packet a read or write. Two
// engines stand behind this contract: `uring` (io_uring) and `syscall` (epoll, readv, writev).
//
// A turn: the writes requested since the last turn are done, then what can be read is read.
// Every write is finished when the next turn() returns, in order for each endpoint; an
// endpoint never makes us wait, a full one drops.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/counter.hpp"
#include "base/drop_reason.hpp"
#include "base/tally.hpp"
#include "engine/buffer_arena.hpp"
#include "engine/busy_poll.hpp"
#include "engine/wait_limit.hpp"
#include "packet/batch.hpp"

namespace tunrelay {

enum class EngineKind : std::uint8_t { kUring, kSyscall };
[[nodiscard]] constexpr std::string_view to_string(EngineKind kind) noexcept {
  return kind == EngineKind::kUring ? "uring" : "syscall";
}

/// A worker has two: the queues of device a and of device b.
using EndpointIndex = std::uint8_t;
inline constexpr std::size_t kMaxEndpoints = 2;

struct Endpoint {
  int fd = -1;                  ///< non-blocking; stays the caller's to close
  std::size_t read_offset = 0;  ///< where in a slot a read begins (room for a missing header)
};

/// One packet read: LENGTH bytes at arena.data(buffer) + read_offset, one reference given.
struct Arrival {
  EndpointIndex endpoint = 0;
  BufferId buffer = 0;
  std::uint32_t length = 0;
};

/// Whether a write is a super-packet that we merged, and of which protocol: a target
/// may refuse those although it takes all that was read (Linux before 6.2 takes no UDP).
enum class Merged : std::uint8_t { kNo, kTcp, kUdp, kBigTcp /**< beyond 64 KiB */ };
inline constexpr std::size_t kMergedKinds = 4;

/// One of the packets that a write was merged of, as it would be written by itself: the virtio-net
/// header and the frame, in one piece.
struct WritePart {
  iovec bytes{};
  Tally tally;
};

/// One packet to write. The bytes of all pieces must stay until the next flush() or turn()
/// returns; the engine takes over one reference of each buffer and releases it then.
struct Write {
  EndpointIndex endpoint = 0;
  std::span<const BufferId> buffers{};  ///< 1 to kMaxBatch; the array is copied by write()
  Tally tally;                          ///< what this write counts for
  std::span<const iovec> pieces;        ///< 1 to kMaxPieces, in order; the array is copied
  Merged merged = Merged::kNo;
  /// With Merged::kBigTcp, which is written at once (big_write.hpp): used within write() alone.
  std::span<const WritePart> parts{};
};
/// A header, and a payload slice of each packet that was merged.
inline constexpr std::size_t kMaxPieces = 1 + kMaxBatch;

/// What the engine did and what slowed it; none of it loses a packet.
struct EngineCounts {
  std::uint64_t turns = 0;
  std::uint64_t system_calls = 0;
  std::uint64_t waits = 0;      ///< turns that were ready to sleep until a packet came
  std::uint64_t no_buffer = 0;  ///< reads stopped since all buffers were in use
  std::uint64_t rearms = 0;     ///< multishot reads started again
  std::uint64_t completion_overflows = 0;
};

/// The same, counted by the worker's thread and readable by any.
struct EngineCounters {
  Counter turns;
  Counter system_calls;
  Counter waits;
  Counter no_buffer;
  Counter rearms;
  Counter completion_overflows;

  [[nodiscard]] EngineCounts snapshot() const noexcept {
    return {turns.get(),     system_calls.get(), waits.get(),
            no_buffer.get(), rearms.get(),       completion_overflows.get()};
  }
};

/// What became of the writes to one endpoint since the last turn.
struct WriteOutcome {
  Tally written;
  bool any_dropped = false;  ///< spares readers the look at `dropped`
  std::array<Tally, kDropReasons> dropped;
  /// Packets that were in refused super-packets of ours, by Merged.
  std::array<std::uint64_t, kMergedKinds> refused_merged{};
  /// Packets beyond 64 KiB that went in their parts, and that the device counts as dropped.
  std::uint64_t split_big_tcp = 0;

  void drop(DropReason reason, const Tally& tally, Merged merged = Merged::kNo) noexcept {
    any_dropped = true;
    dropped[static_cast<std::size_t>(reason)] += tally;
    if (reason == DropReason::kTargetRefused)
      refused_merged[static_cast<std::size_t>(merged)] += tally.packets;
  }
};

/// The outcome of one turn, filled by Engine::turn().
struct Turn {
  std::array<Arrival, kMaxBatch> arrivals;
  std::size_t arrival_count = 0;
  std::array<WriteOutcome, kMaxEndpoints> writes;  ///< by endpoint
  bool woken = false;                              ///< the wake descriptor was signalled
  /// Not 0: nothing more comes from this endpoint, for good. The errno of its read: EBADFD is a
  /// device that was deleted; EPIPE stands for the end of a socketpair.
  std::array<int, kMaxEndpoints> gone_errno{};
};

/// Whether an engine's ring can do nothing but what the engine needs.
struct RingState {
  bool is_restricted = false;
  std::string refusal;  ///< why it is not, where that was wanted
};

class Engine {
 public:
  /// Never: until a packet or a wake-up comes.
  static constexpr std::int64_t kNever = -1;

  virtual ~Engine() = default;
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] virtual EngineKind kind() const noexcept = 0;
  /// Of an engine without a ring as it is here.
  [[nodiscard]] virtual RingState ring_state() const { return {}; }
  /// Queues a write, or does it at once. Never fails: outcomes come with the next turn.
  virtual void write(const Write& write) noexcept = 0;
  /// Does the queued writes now: for a caller that needs its piece memory back.
  virtual void flush() noexcept = 0;
  /// Does the queued writes, waits within LIMIT (kNever: without one) for something to come, and
  /// fills TURN.
  virtual void turn(WaitLimit limit, Turn& turn) noexcept = 0;
};

struct EngineOptions {
  EngineKind kind = EngineKind::kUring;
  /// Packets that the kernel may read ahead for each endpoint; a power of two.
  std::size_t read_ahead = 64;
  /// A turn that must wait first polls a while: a sleep and its wake-up
  /// cost more than a small packet's whole way. It yields to other threads meanwhile.
  BusyPollRule spin{};
  /// The ring does from its first entry on what the engine needs, and nothing else: no filter of
  /// system calls sees the operations of a ring.
  bool restrict_ring = false;
};

/// Whether this kernel, and the policy we run under, allow the uring engine; if not, REASON
/// says what was missing and HINT what helps. Makes and closes a ring.
struct UringSupport {
  bool available = false;
  std::string reason;
  std::string hint;
};
[[nodiscard]] UringSupport probe_uring();

/// Must be called, and the engine used and destroyed, in the worker's own thread (the ring
/// has a single issuer). WAKE_FD: an eventfd that ends a wait. The arena must outlive the
/// engine and have at least one slot more than endpoints * read_ahead. Throws Error.
std::unique_ptr<Engine> make_engine(const EngineOptions& options, BufferArena& arena,
                                    std::span<const Endpoint> endpoints, int wake_fd,
                                    EngineCounters& counters);

}  // namespace tunrelay
