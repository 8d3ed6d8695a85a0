// SPDX-License-Identifier: MIT
#include "os/cpu_topology.hpp"

#include <hwloc.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <type_traits>

#include "base/error.hpp"

namespace tunrelay {
namespace {

struct DestroyTopology {
  void operator()(hwloc_topology* topology) const noexcept { hwloc_topology_destroy(topology); }
};
using Topology = std::unique_ptr<hwloc_topology, DestroyTopology>;

struct FreeBitmap {
  void operator()(hwloc_bitmap_s* bitmap) const noexcept { hwloc_bitmap_free(bitmap); }
};
using Bitmap = std::unique_ptr<hwloc_bitmap_s, FreeBitmap>;

Topology load_topology() {
  hwloc_topology* raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) throw_system_error(errno, "start", "hwloc");
  Topology topology(raw);
  // Cores and threads are all that placement needs; caches, NUMA distances and devices
  // would only make the start slower.
  hwloc_topology_set_all_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_NONE);
  hwloc_topology_set_type_filter(raw, HWLOC_OBJ_CORE, HWLOC_TYPE_FILTER_KEEP_ALL);
  if (hwloc_topology_load(raw) != 0) throw_system_error(errno, "read", "the CPU topology by hwloc");
  return topology;
}

/// Where the process may run at this moment: a cpuset can shrink after the topology was read.
Bitmap allowed_now(hwloc_topology* topology) {
  Bitmap allowed(hwloc_bitmap_alloc());
  if (hwloc_get_cpubind(topology, allowed.get(), HWLOC_CPUBIND_THREAD) != 0)
    hwloc_bitmap_copy(allowed.get(), hwloc_topology_get_allowed_cpuset(topology));
  return allowed;
}

}  // namespace

std::vector<int> cpus_for_workers() {
  const Topology topology = load_topology();
  const Bitmap allowed = allowed_now(topology.get());
  std::vector<int> order;
  // Round 0 takes each core's first allowed thread, round 1 each core's second, and so on.
  const int cores = hwloc_get_nbobjs_by_type(topology.get(), HWLOC_OBJ_CORE);
  for (unsigned round = 0, found = 1; found != 0; ++round) {
    found = 0;
    for (int core = 0; core < cores; ++core) {
      const hwloc_obj* object =
          hwloc_get_obj_by_type(topology.get(), HWLOC_OBJ_CORE, static_cast<unsigned>(core));
      const Bitmap threads(hwloc_bitmap_alloc());
      hwloc_bitmap_and(threads.get(), object->cpuset, allowed.get());
      int cpu = hwloc_bitmap_first(threads.get());
      for (unsigned skip = 0; skip < round && cpu >= 0; ++skip)
        cpu = hwloc_bitmap_next(threads.get(), cpu);
      if (cpu < 0) continue;
      order.push_back(cpu);
      ++found;
    }
  }
  if (order.empty())  // a machine that shows no cores: its threads in their order
    for (int cpu = hwloc_bitmap_first(allowed.get()); cpu >= 0;
         cpu = hwloc_bitmap_next(allowed.get(), cpu))
      order.push_back(cpu);
  return order;
}

std::vector<int> parse_cpu_list(const std::string& text) {
  const auto refuse = [&text](const char* answer) {
    throw_usage_error("read the CPU list", "'" + text + "'", answer, "write for example 0,2-3");
  };
  std::vector<int> cpus;
  const char* at = text.data();
  const char* end = at + text.size();
  const auto number = [&] {
    int value = -1;
    const auto [rest, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || value < 0 || value >= CPU_SETSIZE)
      refuse("a CPU is a number from 0 to 1023");
    at = rest;
    return value;
  };
  for (;;) {
    const int first = number();
    int last = first;
    if (at != end && *at == '-') {
      ++at;
      last = number();
    }
    if (last < first) refuse("a range runs from the smaller to the larger CPU");
    for (int cpu = first; cpu <= last; ++cpu)
      if (std::find(cpus.begin(), cpus.end(), cpu) == cpus.end()) cpus.push_back(cpu);
    if (at == end) return cpus;
    if (*at++ != ',') refuse("CPUs are comma-separated");
  }
}

bool pin_this_thread(int cpu) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

int current_cpu() noexcept {
  return ::sched_getcpu();
}

}  // namespace tunrelay
