# SPDX-License-Identifier: MIT
"""Debian's kernels, booted in QEMU above this machine's own root, and what is checked there."""
