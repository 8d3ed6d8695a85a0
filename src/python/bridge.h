// SPDX-License-Identifier: MIT
/* Between the relay's threads and Python: the bridge copies frames of Python stages into chunks of
 * memory, which a Python thread takes, and carries out what that thread has decided. The relay
 * never waits for Python: neither for its lock (the GIL) nor for its answers. Where there is no
 * chunk left, or more frames wait than a stage allows, frames are dropped, and counted under
 * "Python too slow".
 *
 * One bridge a tunnel. Each endpoint has rings of its own, with one writer and one reader: the
 * endpoint's relay thread, and the thread that calls tunrelay_bridge_exchange().
 *
 * cffi reads this file too (build_native.py): plain declarations alone. */
#ifndef TUNRELAY_PYTHON_BRIDGE_H
#define TUNRELAY_PYTHON_BRIDGE_H

#include <stddef.h>
#include <stdint.h>
#include <tunrelay/stage_abi.h>

#include "embed/tunrelay/tunnel_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(readability-identifier-naming): names as C has them */

#define TUNRELAY_BRIDGE_MOST_RECORDS 512
#define TUNRELAY_BRIDGE_MOST_WORK 64

/* tunrelay_bridge_record.way; of a chunk `ways` has the bit 1 << way for each that it has. */
#define TUNRELAY_BRIDGE_FROM_DEVICE 0
#define TUNRELAY_BRIDGE_FROM_LINK 1

/* A frame of a chunk. */
struct tunrelay_bridge_record {
  int64_t arrival_ns;
  uint64_t id;
  uint32_t offset; /* of its bytes, in the chunk's */
  uint32_t length; /* of these; of frames that are cut, less than whole_length */
  uint32_t whole_length;
  uint32_t segments;
  uint32_t flags; /* of tunrelay_frame */
  uint32_t way;
};

struct tunrelay_bridge_chunk {
  uint32_t endpoint;
  uint32_t number; /* among those of the endpoint */
  uint32_t count;
  uint32_t ways;
  uint64_t decisions[512]; /* of each record: TUNRELAY_BRIDGE_PASS for it */
  struct tunrelay_bridge_record records[512];
  uint8_t bytes[1]; /* more, in truth */
};

/* What a stage has decided, an entry a decision: its code in the lowest 3 bits, then 29 of `which`,
 * then 32 of `value`. Of a frame `which` is the endpoint's number for it, until it is answered
 * for. */
#define TUNRELAY_BRIDGE_PASS 0
#define TUNRELAY_BRIDGE_DROP 1 /* `value`: the number of the reason's name */
#define TUNRELAY_BRIDGE_FINISH 2
#define TUNRELAY_BRIDGE_REPLACE 3 /* passes it with the bytes number `value` in its place */
#define TUNRELAY_BRIDGE_SEND 4    /* the bytes number `value`; `which`: TUNRELAY_TO_LINK ... */
#define TUNRELAY_BRIDGE_COUNT 5   /* `value` more under the name number `which` */

struct tunrelay_bridge_reply {
  uint32_t endpoint;
  const uint64_t* decisions;
  size_t decision_count;
  const uint8_t* bytes; /* one behind the other */
  const uint32_t* ends; /* where each of them ends */
  size_t bytes_count;
  int64_t deadline_ns; /* of a synchronous bridge: when the endpoint wants its next turn */
};

/* One stage of the program. */
struct tunrelay_bridge_stage {
  struct tunrelay_stage_descriptor descriptor;
  struct tunrelay_bridge* bridge;
  uint32_t number;
  /* Whether Python has functions for these; what it has none for passes by. */
  uint32_t takes_from_device;
  uint32_t takes_from_link;
  uint32_t most_waiting; /* frames that Python may be behind, an endpoint */
  uint32_t snap_bytes;   /* of each frame that are shown */
};

/* Called by the thread that opens, changes or closes a tunnel, with HANDLE as it was given. */
struct tunrelay_bridge_calls {
  void* handle;
  /* Makes the Python object of endpoint number ENDPOINT. 0, or -1 with words in ERROR. */
  int (*create)(void* handle, uint32_t endpoint, uint32_t stage, const struct tunrelay_site* site,
                const struct tunrelay_option* options, size_t option_count, char* error,
                size_t error_bytes);
  void (*destroy)(void* handle, uint32_t endpoint);
  /* Of a synchronous bridge: the endpoint has frames, or its deadline has come. */
  void (*turn)(void* handle, uint32_t endpoint, int64_t now_ns);
};

struct tunrelay_bridge;

/* Null when there is no memory or no descriptor. IS_SYNCHRONOUS: Python is called by the thread
 * that brings the frames, for a replay in virtual time. */
struct tunrelay_bridge* tunrelay_bridge_new(const struct tunrelay_bridge_calls* calls,
                                            int is_synchronous);
/* When no tunnel uses it any more, and all chunks have come back. */
void tunrelay_bridge_free(struct tunrelay_bridge* bridge);
/* Fills in the descriptor's functions. */
void tunrelay_bridge_describe(struct tunrelay_bridge_stage* stage);

/* The number of NAME, for reasons and counters; the last number is "others". */
uint32_t tunrelay_bridge_name(struct tunrelay_bridge* bridge, const char* name);

/* Submits replies, gives chunks back, and takes what has come into WORK, which has room for
 * TUNRELAY_BRIDGE_MOST_WORK: returns how much. Waits until DEADLINE_NS (CLOCK_MONOTONIC) while
 * there is nothing. One thread at a time. */
int tunrelay_bridge_exchange(struct tunrelay_bridge* bridge,
                             const struct tunrelay_bridge_reply* replies, size_t reply_count,
                             struct tunrelay_bridge_chunk* const* done, size_t done_count,
                             int64_t deadline_ns, struct tunrelay_bridge_chunk** work);
/* Ends the wait of tunrelay_bridge_exchange(). Any thread. */
void tunrelay_bridge_interrupt(struct tunrelay_bridge* bridge);

/* The calling thread's children live in a PID namespace of their own from now on, whose first
 * process is forked here: when the calling thread dies, all of them are killed. The number of that
 * process, or -errno, with nothing changed but that children may be in a namespace that is dead. */
int tunrelay_bridge_begin_children(void);

/* NOLINTEND(readability-identifier-naming) */

#ifdef __cplusplus
}
#endif

#endif
