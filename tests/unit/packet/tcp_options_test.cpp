// SPDX-License-Identifier: MIT
// The options of a TCP header: those that a Linux sender makes, and any bytes.
#include "packet/tcp_options.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <vector>

#include "support/random.hpp"

namespace tunrelay {
namespace {

std::vector<std::byte> option_bytes(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

TEST(TcpOptionsTest, ReadsThoseOfASyn) {
  const TcpOptions options = read_tcp_options(
      option_bytes({2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 3, 7}));
  EXPECT_EQ(options.mss_bytes, 1460);
  EXPECT_TRUE(options.sack_permitted);
  EXPECT_EQ(options.window_scale, 7);
  ASSERT_TRUE(options.timestamps.has_value());
  EXPECT_EQ(options.timestamps->value, 256U);
  EXPECT_EQ(options.timestamps->echo, 0U);
  EXPECT_EQ(options.sack_block_count, 0);
}

TEST(TcpOptionsTest, ReadsSackBlocks) {
  const TcpOptions options =
      read_tcp_options(option_bytes({1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 2, 0}));
  ASSERT_EQ(options.sack_block_count, 2);
  EXPECT_EQ(options.sack_blocks[1].begin, 256U);
  EXPECT_EQ(options.sack_blocks[1].end, 512U);
  EXPECT_FALSE(options.timestamps.has_value());
}

TEST(TcpOptionsTest, StopsAtWhatCantBe) {
  EXPECT_FALSE(read_tcp_options(option_bytes({8, 1, 8, 10})).timestamps.has_value());
  EXPECT_FALSE(read_tcp_options(option_bytes({0, 4, 2, 1})).sack_permitted) << "behind the end";
  EXPECT_FALSE(read_tcp_options(option_bytes({2, 4, 5})).mss_bytes.has_value());
  EXPECT_FALSE(read_tcp_options(option_bytes({2, 3, 5})).mss_bytes.has_value());
  EXPECT_TRUE(read_tcp_options(option_bytes({254, 3, 9, 4, 2})).sack_permitted) << "unknown ones";
  EXPECT_EQ(read_tcp_options({}).sack_block_count, 0);
}

TEST(TcpOptionsTest, ReadsNothingBehindAnyBytes) {
  test::SeededRandom random;
  for (std::size_t round = 0; round < test::scaled(20'000); ++round) {
    // Memory of just that size, so that AddressSanitizer sees every access outside.
    const auto size = static_cast<std::size_t>(random.between(1, 40));
    const auto memory = std::make_unique<std::byte[]>(size);
    random.fill({memory.get(), size});
    EXPECT_LE(read_tcp_options({memory.get(), size}).sack_block_count, 4);
  }
}

}  // namespace
}  // namespace tunrelay
