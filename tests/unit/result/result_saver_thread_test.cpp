// SPDX-License-Identifier: MIT
// A result that is saved beside the run: the newest one gets there, and a place that can't be
// written is reported once.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "os/file_descriptor.hpp"
#include "result/result_saver.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

Result result_of(std::uint64_t seed) {
  Result result;
  result.seed = seed;
  return result;
}

template <typename Condition>
bool comes_true(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

bool holds(const std::string& path, std::uint64_t seed) {
  return std::filesystem::exists(path) && read_result(path).seed == seed;
}

TEST(ResultSaverTest, TheNewestGetsThereAndEachFileIsWhole) {
  const test::TemporaryFolder folder;
  ResultFile file(folder / "run.json");
  constexpr std::uint64_t kOffers = 500;
  {
    ResultSaver saver(file, [](const Error& error) { ADD_FAILURE() << error.what(); });
    for (std::uint64_t offer = 1; offer <= kOffers; ++offer) {
      saver.offer(result_of(offer));
      if (!std::filesystem::exists(file.path())) continue;
      EXPECT_LE(read_result(file.path()).seed, offer);
    }
    EXPECT_TRUE(comes_true([&] { return holds(file.path(), kOffers); }));
  }
  EXPECT_EQ(folder.files(), 1U) << "no piece of a file is left";
}

TEST(ResultSaverTest, APlaceThatIsGoneIsReportedOnceAndTriedAgain) {
  const test::TemporaryFolder folder;
  const std::string place = folder / "place";
  std::filesystem::create_directory(place);
  ResultFile file(place + "/run.json");
  std::filesystem::remove(place);
  std::atomic<int> reported{0};
  ResultSaver saver(file, [&](const Error& error) {
    EXPECT_THAT(error.what(), ::testing::StartsWith("could not write " + file.path()));
    ++reported;
  });
  saver.offer(result_of(1));
  ASSERT_TRUE(comes_true([&] { return reported == 1; }));
  for (std::uint64_t offer = 2; offer < 50; ++offer) saver.offer(result_of(offer));
  std::filesystem::create_directory(place);
  saver.offer(result_of(50));
  EXPECT_TRUE(comes_true([&] { return holds(file.path(), 50); }));
  EXPECT_EQ(reported, 1);
}

TEST(ResultSaverTest, APipeGetsTheLastStateAlone) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const FileDescriptor reader(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  ResultFile file(path);
  file.save_or_report(result_of(1), [](const Error& error) { ADD_FAILURE() << error.what(); });
  pollfd ready{.fd = reader.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 0) << "something was written";
  file.save(result_of(2));
  EXPECT_EQ(::poll(&ready, 1, 0), 1);
}

}  // namespace
}  // namespace tunrelay
