# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts of tools/ share; sourced by them. Sets ROOT to the checkout.
# Talk goes to standard error, so that standard output stays for results.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }
step() { printf '\n== %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

is_root() { [[ $EUID -eq 0 ]]; }

# Whether a command can be run as root: we are root, sudo asks for no password, or there
# is somebody at a terminal to type it.
can_be_root() {
  is_root || { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; }
}

# Runs a command as root.
as_root() {
  if is_root; then
    "$@"
  else
    command -v sudo >/dev/null || die "'$1' needs root, and there is no sudo. Run this as root."
    sudo -- "$@"
  fi
}

# Gives what root made in build/ back to the checkout's owner, so that both `tools/test` and
# `sudo tools/test` can be run in turn.
give_build_back() {
  local owner
  owner=$(stat -c %u:%g "$ROOT")
  [[ -d $ROOT/build && $owner != 0:* ]] || return 0
  as_root find "$ROOT/build" -user 0 -exec chown -h "$owner" {} +
}

# build_target PRESET TARGET: with its progress on a terminal, otherwise only what is wrong.
build_target() {
  local quiet=()
  [[ -t 2 ]] || quiet=(-- --quiet)
  cmake --build "$ROOT/build/$1" --target "$2" -j "$(build_jobs)" "${quiet[@]}" >&2
}

# A machine with more CPUs than memory would swap: a compiler takes up to 1 GB.
build_jobs() {
  local cpus memory_gb
  cpus=$(nproc)
  memory_gb=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
  ((memory_gb < 1)) && memory_gb=1
  echo $((cpus < memory_gb ? cpus : memory_gb))
}
