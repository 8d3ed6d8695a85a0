// SPDX-License-Identifier: MIT
/* A tunnel in a program of yours, by libtunrelay: plain C, so that any compiler and any language
 * fits. C++ users write against tunrelay/tunnel.hpp, which stands on this. The guide is
 * share/doc/tunrelay/embedding.md (src/embed/README.md).
 *
 * Functions that return int return one of TUNRELAY_DONE, _FAILED, _USAGE and _UNFIT;
 * tunrelay_failure_text() then has the message. No exception comes out of any of them.
 *
 * Threads: a tunnel is used by one thread at a time, which is in the network namespace in which it
 * was opened; tunrelay_tunnel_request_stop() alone goes anywhere. The relay has threads of its own,
 * to which no signal comes. Signals, their handlers and masks stay the program's.
 *
 * Processes: unless TUNRELAY_NO_JANITOR is given, tunrelay_tunnel_open() forks the janitor, which
 * restores the host should the program be killed. It is a child of the program that lives as long
 * as the tunnel: wait for your own children by number. */
#ifndef TUNRELAY_TUNNEL_ABI_H
#define TUNRELAY_TUNNEL_ABI_H

#include <stddef.h>
#include <stdint.h>
#include <tunrelay/stage_abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(readability-identifier-naming): names as C has them */
/* Seen from outside the library, whatever the compiler's flags say. */
#pragma GCC visibility push(default)

/* Another one for each change that a program built before would not survive. */
#define TUNRELAY_TUNNEL_ABI_VERSION 1u

/* What a function returns: the exit codes of the program. */
#define TUNRELAY_DONE 0
#define TUNRELAY_FAILED 1
#define TUNRELAY_USAGE 2                    /* a usage error */
#define TUNRELAY_UNSUPPORTED 3              /* this host can't: no permission, no tun, a conflict */
#define TUNRELAY_UNFIT TUNRELAY_UNSUPPORTED /* its name in version 0.1 */

/* tunrelay_tunnel_setup.flags */
/* As `tunrelay exec`: the calling process moves into network and mount namespaces of its own, for
 * good, in which the tunnel is then made; the host's network is not touched. It must have one
 * thread. When the process dies, all that still lives in its network is killed. */
#define TUNRELAY_PRIVATE_NETWORK 1u
/* No process is forked, so that other threads may run already. What a killed program leaves stays
 * until `tunrelay cleanup`, `tunrelay run` or the next tunnel takes it away. */
#define TUNRELAY_NO_JANITOR 2u
/* With TUNRELAY_PRIVATE_NETWORK: the calling thread alone moves, and what it makes from then on,
 * threads and processes. So there may be other threads, and as many private networks; and none of
 * them has a janitor: what still lives in the network when the process dies lives on. It needs
 * CAP_SYS_ADMIN: an ordinary user calls tunrelay_enter_user_namespace() before. Since version
 * 0.2. */
#define TUNRELAY_PRIVATE_THREAD 4u

/* tunrelay_tunnel_attend(): why it has returned. */
#define TUNRELAY_DEADLINE 0u
#define TUNRELAY_STOP_REQUESTED 1u
#define TUNRELAY_GONE 2u /* a device was deleted: nothing can cross any more */

/* A stage that is compiled into the program. */
struct tunrelay_built_in_stage {
  const struct tunrelay_stage_descriptor* descriptor; /* outlives the tunnel */
  const struct tunrelay_option* options;
  size_t option_count;
  void* context; /* its endpoints find it in tunrelay_site.context */
};

/* Valid during tunrelay_tunnel_open(), but for the descriptors, the contexts and on_event. */
struct tunrelay_tunnel_setup {
  /* TUNRELAY_TUNNEL_ABI_VERSION; stands here in every version. */
  uint32_t abi_version;
  uint32_t flags;
  /* The flags of `tunrelay run` without their dashes ("a-to-b", "engine", "config"); a flag that
   * has no value has "true". Of the same key the last wins; "stage" may be given several times. The
   * control socket is "none" unless set. */
  const struct tunrelay_option* options;
  size_t option_count;
  /* The first is next to the devices; behind the last come those of the key "stage". */
  const struct tunrelay_built_in_stage* stages;
  size_t stage_count;
  /* What happens to the running tunnel, reported within tunrelay_tunnel_attend(): KIND is "note",
   * "broken", "repaired" or "gone", TEXT a sentence. May be null. */
  void (*on_event)(void* context, const char* kind, const char* text);
  void* context;
};

struct tunrelay_tunnel;

/* "0.2.0". */
const char* tunrelay_version(void);
/* The message of the calling thread's last call that failed; valid until the next one that does. */
const char* tunrelay_failure_text(void);

/* Makes the process, which must have one thread, root of a user namespace, for good, unless it is
 * root already: an ordinary user can then have private networks. What it runs is root there too;
 * files still belong to whom they did. Since version 0.2. */
int tunrelay_enter_user_namespace(void);
/* Makes devices, relay and routes, and proves that packets cross; when it can't, all is as before.
 * On TUNRELAY_DONE *TUNNEL must be closed, else it is null. */
int tunrelay_tunnel_open(const struct tunrelay_tunnel_setup* setup,
                         struct tunrelay_tunnel** tunnel);
/* Looks after the tunnel, as it must be at least once a second: reports and repairs what others do
 * to it, answers at the control socket. Returns at DEADLINE_NS (CLOCK_MONOTONIC; one that is past:
 * after a look; TUNRELAY_NEVER), or before, with the reason in *REASON. */
int tunrelay_tunnel_attend(struct tunrelay_tunnel* tunnel, int64_t deadline_ns, uint32_t* reason);
/* For programs with a loop of their own: a descriptor to poll for input. When it is readable, call
 * tunrelay_tunnel_attend() with deadline 0; that happens twice a second at least. -1 when stopped.
 */
int tunrelay_tunnel_fd(const struct tunrelay_tunnel* tunnel);
/* From now on tunrelay_tunnel_attend() returns at once. For any thread, and for signal handlers. */
void tunrelay_tunnel_request_stop(struct tunrelay_tunnel* tunnel);
/* Sends probes across: *IS_PROVEN is 1 when they arrived in both directions and each address
 * family, and the relay has seen them pass; else 0, and the report has the reason. */
int tunrelay_tunnel_check_path(struct tunrelay_tunnel* tunnel, int* is_proven);
/* What packets meet on their way from now on, in the form of "a-to-b"; "" is nothing, and a null
 * direction stays as it was. A list of the same kinds of stages changes in place, and keeps what is
 * queued; a scenario that plays ends. On failure nothing has changed. */
int tunrelay_tunnel_change_link(struct tunrelay_tunnel* tunnel, const char* a_to_b,
                                const char* b_to_a);
/* A request as the management socket has it, a line of JSON: {"method": "show"}, "set", "scenario",
 * "capture_start" or "record_start" (FD is the open file to write to), "capture_report",
 * "capture_stop", "record_report" or "record_stop"; else FD is -1, and it stays the caller's. What
 * is answered is the tunnel's text, valid until the next
 * call of this. Since version 0.2. */
int tunrelay_tunnel_request(struct tunrelay_tunnel* tunnel, const char* request, int fd,
                            const char** answer);
/* All counters, as JSON (that of `tunrelay run --json`) or as text; after a stop the summary. The
 * text is the tunnel's, valid until the next of these two calls. */
int tunrelay_tunnel_report_json(struct tunrelay_tunnel* tunnel, const char** text);
int tunrelay_tunnel_report_text(struct tunrelay_tunnel* tunnel, const char** text);
/* Ends the relay and puts the host back as it was. TUNRELAY_FAILED when something could not be put
 * back, which the message names. The reports stay. */
int tunrelay_tunnel_stop(struct tunrelay_tunnel* tunnel);
/* Stops it, if need be, and frees it. Null is nothing. */
void tunrelay_tunnel_close(struct tunrelay_tunnel* tunnel);

/* Packets of a file through an emulated link and stages, in virtual time, without devices and
 * without root: as `tunrelay replay`. Since version 0.2. */
struct tunrelay_replay_setup {
  /* TUNRELAY_TUNNEL_ABI_VERSION; stands here in every version. */
  uint32_t abi_version;
  uint32_t direction; /* of the packets; 0: from a to b; 1: from b to a */
  const char* input;  /* pcap or pcapng */
  const char* output; /* the pcapng file to write */
  /* The keys "a-to-b", "b-to-a", "link", "scenario", "seed" and "stage". */
  const struct tunrelay_option* options;
  size_t option_count;
  const struct tunrelay_built_in_stage* stages;
  size_t stage_count;
};
/* The endpoints of the stages are called by the calling thread. *REPORT is the JSON that `tunrelay
 * replay --json` prints, valid until the thread's next call of this. */
int tunrelay_replay(const struct tunrelay_replay_setup* setup, const char** report);

#pragma GCC visibility pop
/* NOLINTEND(readability-identifier-naming) */

#ifdef __cplusplus
}
#endif

#endif
