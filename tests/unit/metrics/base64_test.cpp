// SPDX-License-Identifier: MIT
// Base64: the vectors of RFC 4648, section 10, and what is not quite it.
#include "metrics/base64.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "support/random.hpp"

namespace tunrelay {
namespace {

TEST(Base64, AgreesWithTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
  EXPECT_EQ(base64_encode("\xfb\xff\xfe"), "+//+");
}

TEST(Base64, GoesThereAndBack) {
  test::SeededRandom random;
  for (std::size_t length = 0; length < 300; ++length) {
    std::string bytes(length, '\0');
    random.fill(std::as_writable_bytes(std::span{bytes}));
    ASSERT_EQ(base64_decode(base64_encode(bytes)), bytes);
  }
}

TEST(Base64, RefusesWhatItWouldNotWrite) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zh==", "Zm9=", "Zg==Zg==", "Zm 8",
        "Zm9v\n", "Zm9-", "Zm9_", "Zm\xc3\xa9", "=Zm8", "Z=m8"})
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  EXPECT_EQ(base64_decode(std::string("Zm9\0", 4)), std::nullopt);
}

}  // namespace
}  // namespace tunrelay
