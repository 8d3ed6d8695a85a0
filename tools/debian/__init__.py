# SPDX-License-Identifier: MIT
"""Debian's archive, from the mirror that this machine's apt uses and without a change to it."""
