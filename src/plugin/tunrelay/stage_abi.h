// SPDX-License-Identifier: MIT
/* The boundary between tunrelay and a stage of yours: plain C, so that a library built by another
 * compiler, with other flags or in another language fits, or is refused with a reason. C++ users
 * write against tunrelay/stage.hpp, which stands on this.
 *
 *   device a -- [endpoint a of your stage] == link == [endpoint b of your stage] -- device b
 *
 * A stage is a pair of endpoints, one beside each device: what device a's kernel sends comes to
 * endpoint a by from_device(), goes over the link, with whatever impairments it has, and comes to
 * endpoint b by from_link(), which hands it to device b; and the same from b to a. Of several
 * stages the first is next to the devices and the last next to the link.
 *
 * Each queue of the devices has a pair of its own. Both endpoints of a pair and both directions
 * are served by one thread, so that a pair needs no locks; create() and destroy() are called by
 * another thread while that one does not use the pair. No function may block or let an exception
 * out, and none of the host's functions but wake() may be called but from within from_device(),
 * from_link() and at_deadline(). */
#ifndef TUNRELAY_STAGE_ABI_H
#define TUNRELAY_STAGE_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(readability-identifier-naming): names as C has them */

/* "TUNSTAGE". */
#define TUNRELAY_STAGE_MAGIC UINT64_C(0x54554e5354414745)
/* Which of the fields below there are: a stage says the version that it was built for, and a
 * program takes those up to its own. What is added stands at the end of its struct.
 * Version 2: tunrelay_host.wake.
 * Version 3: tunrelay_stage_descriptor.system_calls.
 * Version 4: from_device and from_link may be null. */
#define TUNRELAY_STAGE_ABI_VERSION 4u
/* What a library exports: `const struct tunrelay_stage_descriptor tunrelay_stage`. */
#define TUNRELAY_STAGE_SYMBOL "tunrelay_stage"

/* tunrelay_stage_descriptor.access: what the stage is given, and whether it may write there. */
/* Packets as the kernel has them: super-packets of up to 64 KiB, checksums perhaps pending. */
#define TUNRELAY_LOOKS_AT_SUPER_PACKETS 0u
/* Each as it would stand on a wire, checksums complete. What is passed in order stays together, so
 * that this is nearly as fast. The bytes stand there until the call that gave them returns. */
#define TUNRELAY_LOOKS_AT_WIRE_SEGMENTS 1u
/* The same, in memory of its own, which may be written as long as the frame is held. What goes
 * over the link between the endpoints may then be of any form; what goes to a device is checked. */
#define TUNRELAY_CHANGES_WIRE_SEGMENTS 2u
/* As TUNRELAY_LOOKS_AT_WIRE_SEGMENTS, but nothing is copied and no checksum computed: the frame has
 * the headers up to TCP's or UDP's payload (all bytes of other packets), and the payload stands
 * where the kernel put it. What costs a stage least that decides on each segment. */
#define TUNRELAY_LOOKS_AT_WIRE_HEADERS 3u

/* tunrelay_stage_descriptor.pairs */
#define TUNRELAY_A_PAIR_EACH_QUEUE 0u
/* The tunnel then has one queue. */
#define TUNRELAY_ONE_PAIR 1u

/* tunrelay_stage_descriptor.system_calls: what the functions from from_device() on do, which run in
 * a relay thread; create() and destroy() may do anything. */
/* Perhaps some: the relay threads of this tunnel then keep the rights of the process. */
#define TUNRELAY_ANY_SYSTEM_CALLS 0u
/* None but those of malloc(), free(), locks and clocks, and writing to a descriptor that is open.
 * Another one ends the process: see SANDBOX in tunrelay-run(1). */
#define TUNRELAY_NO_SYSTEM_CALLS 1u

/* tunrelay_frame.flags: the TCP or UDP checksum is the pseudo-header's, to be completed. */
#define TUNRELAY_CHECKSUM_PENDING 1u

/* tunrelay_host.send(): where to. */
#define TUNRELAY_TO_LINK 0u
#define TUNRELAY_TO_DEVICE 1u

/* The most frames that one call brings. */
#define TUNRELAY_MOST_FRAMES 64u
/* tunrelay_stage_descriptor.next_deadline_ns(): none. */
#define TUNRELAY_NEVER INT64_MAX

/* A packet, without any virtio-net header: an IP packet of a TUN, an Ethernet frame of a TAP. It is
 * yours until you pass, drop or finish it, also after the call that gave it. */
struct tunrelay_frame {
  uint8_t* bytes;
  uint32_t length;   /* may be changed, up to capacity, by a stage that changes frames */
  uint32_t capacity; /* bytes that may be written; 0: none */
  uint32_t segments; /* wire segments; more than 1: a super-packet */
  uint32_t flags;
  int64_t arrival_ns;     /* CLOCK_MONOTONIC, when the relay read it */
  uint64_t id;            /* of the packet that was read; the same in a capture */
  const uint8_t* payload; /* of TUNRELAY_LOOKS_AT_WIRE_HEADERS, behind the bytes above */
  uint32_t payload_length;
};

/* What a stage may call. CONTEXT: the host's first argument, always. A frame that is not the
 * caller's any more is left alone and counted as misuse. */
struct tunrelay_host {
  void* context;
  /* On in the direction in which it came, in the order of the calls. */
  void (*pass)(void* context, struct tunrelay_frame* frame);
  /* Lost, counted under REASON, a short text; at most 32 are counted separately. */
  void (*drop)(void* context, struct tunrelay_frame* frame, const char* reason);
  /* Neither passed nor lost: it was for this endpoint, or others stand for it. */
  void (*finish)(void* context, struct tunrelay_frame* frame);
  /* Another frame, TOWARDS the link or the device; the bytes are copied. 0: refused, for lack of
   * memory or since what is for a device is not a packet that fits it; else 1. */
  int (*send)(void* context, uint32_t towards, const uint8_t* bytes, uint32_t length);
  /* Adds AMOUNT to a counter of your own, shown in the summary; 32 names at most, as above. */
  void (*count)(void* context, const char* name, uint64_t amount);
  /* Since version 2. at_deadline() is called as soon as the endpoint's thread can. For any thread,
   * between create() and destroy(): for a stage that decides elsewhere. */
  void (*wake)(void* context);
};

/* Where an endpoint stands. */
struct tunrelay_site {
  uint32_t end; /* 0: beside device a; 1: b */
  uint32_t queue;
  uint32_t queues;
  uint32_t is_ethernet; /* 0: TUN, IP packets; 1: TAP */
  uint32_t mtu_bytes;   /* at the start */
  void* context;        /* what a program gives to a stage of its own (tunnel_abi.h); else null */
};

struct tunrelay_option {
  const char* key;
  const char* value;
};

struct tunrelay_stage_descriptor {
  /* These two stand here in every version. */
  uint64_t magic;
  uint32_t abi_version;
  uint32_t access;
  uint32_t pairs;
  const char* name;
  /* Makes an endpoint. HOST outlives it; the rest is valid during the call. On failure null, with
   * words in ERROR, which has room for ERROR_BYTES. */
  void* (*create)(const struct tunrelay_host* host, const struct tunrelay_site* site,
                  const struct tunrelay_option* options, size_t option_count, char* error,
                  size_t error_bytes);
  void (*destroy)(void* endpoint);
  /* Null, since version 4: all that comes that way is passed, and nothing is copied for it. */
  void (*from_device)(void* endpoint, struct tunrelay_frame* const* frames, size_t count,
                      int64_t now_ns);
  void (*from_link)(void* endpoint, struct tunrelay_frame* const* frames, size_t count,
                    int64_t now_ns);
  /* When at_deadline() is wanted, CLOCK_MONOTONIC; called after each call of the endpoint. */
  int64_t (*next_deadline_ns)(void* endpoint);
  void (*at_deadline)(void* endpoint, int64_t now_ns);
  /* Since version 3. */
  uint32_t system_calls;
};

/* NOLINTEND(readability-identifier-naming) */

#ifdef __cplusplus
}
#endif

#endif
