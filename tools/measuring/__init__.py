# SPDX-License-Identifier: MIT
"""What tools/compare-peers and tools/measure-cost share: private networks, the programs that
make load, the environment of a result, statistics and charts."""
