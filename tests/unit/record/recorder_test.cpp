// SPDX-License-Identifier: MIT
// Whoever changes the link, notes an event or looks at a record waits for nobody who reads it.
#include "record/recorder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

#include "record/record_text.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay {
namespace {

using std::chrono::milliseconds;

/// A record into a pipe that takes little, and whose reader has stopped reading.
class PipedRecordTest : public ::testing::Test {
 protected:
  PipedRecordTest() {
    if (::mkfifo(path_.c_str(), S_IRUSR | S_IWUSR) != 0) throw std::runtime_error("mkfifo");
    reader_ = FileDescriptor(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    ::fcntl(reader_.get(), F_SETPIPE_SZ, 4'096);
    recorder_.emplace(RecordOptions{
        .file = path_, .interval_ns = kNanosecondsPerMillisecond, .title = {}, .into = {}});
    recorder_->begin({.header = {}, .ready_ns = monotonic_ns()}, link_,
                     [] { return RelayReading{}; });
  }

  /// Until the recorder's thread waits for the reader.
  void wait_until_full() const {
    int before = -1;
    for (int waiting = 0; waiting != before || waiting == 0;) {
      before = waiting;
      std::this_thread::sleep_for(milliseconds{20});
      ::ioctl(reader_.get(), FIONREAD, &waiting);
    }
  }
  std::string read_all() const {
    std::string text;
    std::string piece(65'536, '\0');
    for (ssize_t count = 0; (count = ::read(reader_.get(), piece.data(), piece.size())) > 0;)
      text.append(piece, 0, static_cast<std::size_t>(count));
    return text;
  }

  const test::TemporaryFolder folder_;
  const std::string path_ = folder_ / "pipe";
  const EmulatedLink link_{LinkDescription{}, EmulatedLink::Site{}};
  FileDescriptor reader_;
  std::optional<Recorder> recorder_;
};

TEST_F(PipedRecordTest, NobodyWaitsForItsReader) {
  wait_until_full();
  const auto begin = std::chrono::steady_clock::now();
  for (int time = 0; time < 3; ++time) {
    recorder_->note("note", "while it waits " + std::to_string(time));
    recorder_->change_link(link_);
    EXPECT_EQ(recorder_->report().failure, "");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds{200})
      << "the reader is given a second";
  // Now it reads on, and nothing is missing.
  std::string text;
  std::thread ending([this] { recorder_->end(); });
  while (text.find(R"({"line":"end")") == std::string::npos || text.back() != '\n') {
    text += read_all();
    std::this_thread::sleep_for(milliseconds{1});
  }
  ending.join();
  EXPECT_EQ(recorder_->report().failure, "");
  EXPECT_EQ(recorder_->report().bytes, text.size());
  const Record record = parse_record(text, "pipe");
  EXPECT_EQ(record.links.size(), 4U);
  ASSERT_EQ(record.events.size(), 3U);
  EXPECT_EQ(record.events[2].text, "while it waits 2");
  ASSERT_TRUE(record.end);
  EXPECT_EQ(record.end->intervals, record.intervals.size());
  for (std::size_t at = 1; at < record.intervals.size(); ++at)
    EXPECT_EQ(record.intervals[at].from_ns, record.intervals[at - 1].to_ns);
}

TEST_F(PipedRecordTest, AReaderThatHasLeftEndsIt) {
  reader_.reset();
  for (int time = 0; time < 500 && recorder_->report().failure.empty(); ++time)
    std::this_thread::sleep_for(milliseconds{10});
  EXPECT_NE(recorder_->report().failure, "");
  recorder_->note("note", "too late");
  recorder_->end();
}

}  // namespace
}  // namespace tunrelay
