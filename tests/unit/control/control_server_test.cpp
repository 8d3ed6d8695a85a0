// SPDX-License-Identifier: MIT
// The control socket: questions and answers, and clients that behave badly.
#include "control/control_server.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "control/control_client.hpp"
#include "control/control_place.hpp"
#include "control/unix_socket.hpp"
#include "os/attachment.hpp"
#include "os/wait_until.hpp"
#include "support/sanitizer.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;
using test::thrown_error;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Echoes its requests.
class Echo final : public ControlService {
 public:
  nlohmann::ordered_json answer(ControlClientId client, const json& request,
                                FileDescriptor passed) override {
    if (request.at("method") == "fail") throw_unsupported_error("do", "it", "no");
    if (request.at("method") == "break") throw std::runtime_error("no thread");
    if (passed.is_open()) {
      EXPECT_EQ(::write(passed.get(), "passed", 6), 6);
    }
    return {{"client", client},
            {"said", request.at("method")},
            {"filler", std::string(request.value("filler", std::size_t{0}), 'x')}};
  }
  void left(ControlClientId client) noexcept override { gone.push_back(client); }

  std::vector<ControlClientId> gone;
};

class ControlTest : public ::testing::Test {
 protected:
  void TearDown() override { stop(); }
  void start() {
    thread_ = std::thread([this] {
      while (!stopping_) {
        pollfd ready{.fd = server_.fd(), .events = POLLIN, .revents = 0};
        ::poll(&ready, 1, 20);
        server_.serve();
        ++turns_;
      }
    });
  }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  test::TemporaryFolder folder_;
  std::string path_ = folder_ / "x.sock";
  Echo echo_;
  ControlServer server_{path_, echo_};
  std::atomic<bool> stopping_{false};
  std::atomic<int> turns_{0};  ///< of the server's thread
  std::thread thread_;
};

/// A connection that sends what it likes.
struct RawClient {
  explicit RawClient(const std::string& path) { EXPECT_EQ(connect_unix_socket(socket, path), 0); }
  /// False when the server has left us.
  bool send(const std::string& bytes) const {
    return ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  /// The same with COUNT descriptors of one file beside the bytes.
  [[nodiscard]] bool send(std::string bytes, std::size_t count) const {
    const FileDescriptor file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    std::vector<char> room(CMSG_SPACE(count * sizeof(int)));
    iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    const std::vector<int> passed(count, file.get());
    std::memcpy(CMSG_DATA(header), passed.data(), count * sizeof(int));
    return ::sendmsg(socket.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  /// The next line; "" at the end.
  [[nodiscard]] std::string line() const {
    std::string line;
    for (char byte = 0; ::recv(socket.get(), &byte, 1, 0) == 1;) {
      line += byte;
      if (byte == '\n') break;
    }
    return line;
  }
  FileDescriptor socket = make_unix_socket();
};

TEST_F(ControlTest, AnswersEachClientAndKnowsWhenItLeaves) {
  start();
  {
    ControlClient first(path_);
    ControlClient second(path_);
    EXPECT_EQ(first.call({{"method", "hello"}}).at("said"), "hello");
    const json answer = second.call({{"method", "again"}});
    EXPECT_EQ(answer.at("said"), "again");
    EXPECT_NE(first.call({{"method", "x"}}).at("client"), answer.at("client"));
  }
  EXPECT_EQ(ControlClient(path_).call({{"method", "later"}}).at("said"), "later");
  stop();
  EXPECT_GE(echo_.gone.size(), 2U);
}

TEST_F(ControlTest, TakesADescriptor) {
  start();
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const FileDescriptor reader(pipe[0]);
  {
    const FileDescriptor writer(pipe[1]);
    ControlClient(path_).call({{"method", "write"}}, writer.get());
  }
  std::string text(16, '\0');
  EXPECT_EQ(::read(reader.get(), text.data(), text.size()), 6);
  EXPECT_EQ(::read(reader.get(), text.data(), text.size()), 0) << "nobody keeps it open";
}

/// Of this process: the server is one of its threads.
std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST_F(ControlTest, UnexpectedDescriptorsAreClosed) {
  start();
  const RawClient client(path_);
  ASSERT_TRUE(client.send("{\"method\":\"x\"}\n"));
  ASSERT_NE(client.line(), "");
  const std::size_t before = open_descriptors();
  for (const std::size_t count : {2U, 3U, 2U, 253U, 1U}) {
    ASSERT_TRUE(client.send("{\"method\":\"x\"}\n", count)) << count;
    EXPECT_THAT(client.line(), HasSubstr("\"said\":\"x\"")) << count;
    EXPECT_EQ(open_descriptors(), before) << count;
  }
  // One that came with half a question waits for the other half, and the next takes its place.
  for (int half = 0; half < 5; ++half) ASSERT_TRUE(client.send(" ", 1));
  ASSERT_TRUE(client.send("{\"method\":\"x\"}\n"));
  EXPECT_NE(client.line(), "");
  EXPECT_EQ(open_descriptors(), before);
}

#ifndef TUNRELAY_UNDER_SANITIZER  // which needs descriptors of its own
TEST_F(ControlTest, WithoutDescriptorsLeftClientsWaitAndNothingSpins) {
  rlimit former{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &former), 0);
  const RawClient early(path_);  // waits at the socket: nobody serves yet
  ASSERT_TRUE(early.send("{\"method\":\"x\"}\n"));
  // The server's first number for a client is over this limit; what is open stays so.
  const rlimit none{.rlim_cur = 3, .rlim_max = former.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  start();
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  const int turns = turns_;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &former), 0);
  EXPECT_LE(turns, 60) << "each waits 20 ms";
  EXPECT_THAT(early.line(), HasSubstr("\"said\":\"x\"")) << "who waited is answered then";
  EXPECT_EQ(ControlClient(path_).call({{"method", "on"}}).at("said"), "on");
}
#endif

TEST_F(ControlTest, WhatFailsWithoutAnErrorOfOursIsAnswered) {
  start();
  ControlClient client(path_);
  EXPECT_THAT(thrown_error([&] {
                return client.call({{"method", "break"}});
              }).what(),
              HasSubstr("no thread"));
  EXPECT_EQ(client.call({{"method", "on"}}).at("said"), "on");
}

TEST_F(ControlTest, AQuestionThatIsTooLongIsRefusedBeforeItIsSent) {
  start();
  ControlClient client(path_);
  const json request{{"method", std::string(ControlServer::kMaxLineBytes, 'x')}};
  EXPECT_EQ(thrown_error([&] { return client.call(request); }).exit_code(), ExitCode::kUsage);
  EXPECT_EQ(client.call({{"method", "on"}}).at("said"), "on");
}

TEST(AttachmentTest, HoldsWhatItWasMadeOf) {
  const std::string bytes("a\0b", 3);
  const FileDescriptor made = make_attachment(bytes);
  EXPECT_EQ(read_attachment(made, 3), bytes);
  EXPECT_EQ(read_attachment(make_attachment(""), 0), "");
  EXPECT_THAT(thrown_error([&] { return read_attachment(made, 2); }).what(), HasSubstr("over 2 B"));
  EXPECT_LT(::write(made.get(), "x", 1), 0) << "nobody changes it";
}

TEST(AttachmentTest, AnyOtherFileIsRefusedUnread) {
  const test::TemporaryFolder folder;
  const FileDescriptor disk(::open(folder.write("x", "secret").c_str(), O_RDONLY | O_CLOEXEC));
  const FileDescriptor open_memory(::memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const FileDescriptor reader(pipe[0]);
  const FileDescriptor writer(pipe[1]);
  const FileDescriptor none;
  for (const FileDescriptor* file : {&disk, &open_memory, &reader, &none}) {
    const Error error = thrown_error([&] { return read_attachment(*file, 100); });
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("secret")));
  }
}

TEST_F(ControlTest, AnErrorComesBackAsOne) {
  start();
  ControlClient client(path_);
  try {
    client.call({{"method", "fail"}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("could not do it: no"));
  }
  EXPECT_THROW(client.call({{"nothing", 1}}), Error);
  EXPECT_EQ(client.call({{"method", "on"}}).at("said"), "on");
}

TEST_F(ControlTest, LeavesWhoTalksNonsenseOrTooMuch) {
  start();
  for (const std::string& nonsense :
       {std::string("hello\n"), std::string("[1]\n"), std::string("{\"method\":\n"),
        std::string(ControlServer::kMaxLineBytes + 2, ' '),
        "{\"method\": \"" + std::string(ControlServer::kMaxLineBytes, 'x') + "\"}\n"}) {
    const RawClient client(path_);
    (void)client.send(nonsense);
    EXPECT_EQ(client.line(), "");
  }
  EXPECT_EQ(ControlClient(path_).call({{"method", "on"}}).at("said"), "on");
}

TEST_F(ControlTest, OneWhoDoesNotReadHoldsUpNobody) {
  start();
  const RawClient deaf(path_);
  for (int request = 0; request < 12; ++request)
    ASSERT_TRUE(deaf.send("{\"method\":\"x\",\"filler\":60000}\n"));
  for (int request = 0; request < 20; ++request)
    EXPECT_EQ(ControlClient(path_).call({{"method", "on"}}).at("said"), "on");
  // And gets all its answers once it does.
  for (int request = 0; request < 12; ++request) EXPECT_GT(deaf.line().size(), 60'000U);
}

TEST_F(ControlTest, HasRoomForSoManyAndNoMore) {
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t client = 0; client < ControlServer::kMaxClients; ++client) {
    clients.push_back(std::make_unique<RawClient>(path_));
    ASSERT_TRUE(clients.back()->send("{\"method\":\"x\"}\n"));
    EXPECT_NE(clients.back()->line(), "");
  }
  const RawClient one_more(path_);
  EXPECT_EQ(one_more.line(), "");
  clients.pop_back();
  const auto is_answered = [&] {
    const RawClient next(path_);
    return next.send("{\"method\":\"x\"}\n") && !next.line().empty();
  };
  EXPECT_TRUE(wait_until(is_answered, 10 * kNanosecondsPerSecond, kNanosecondsPerMillisecond));
}

TEST_F(ControlTest, TheSocketIsItsOwnersAndGoesWithTheServer) {
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
  EXPECT_THROW(ControlServer(path_, echo_), Error) << "somebody listens there";
  const std::string file = folder_.write("file", "text");
  EXPECT_THROW(ControlServer(file, echo_), Error);
  EXPECT_EQ(test::content_of(file), "text");
  const std::string other = folder_ / "other.sock";
  { const ControlServer second(other, echo_); }
  EXPECT_FALSE(std::filesystem::exists(other));
}

TEST_F(ControlTest, ARelayThatIsJustStartingKeepsItsSocket) {
  const std::string starting = folder_ / "starting.sock";
  const FileDescriptor socket = make_unix_socket();
  ASSERT_EQ(bind_unix_socket(socket, starting), 0);
  std::thread starter([&socket] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ::listen(socket.get(), 1);
  });
  const FoundControls found = sort_controls(folder_.path());
  EXPECT_THAT(found.removed, ::testing::IsEmpty());
  EXPECT_THAT(found.living, ::testing::Contains(starting));
  EXPECT_TRUE(std::filesystem::exists(starting));
  starter.join();
}

TEST_F(ControlTest, FindsWhoLivesAndClearsAwayWhoDoesNot) {
  const std::string dead = folder_ / "dead.sock";
  {
    const FileDescriptor socket = make_unix_socket();
    ASSERT_EQ(bind_unix_socket(socket, dead), 0);
  }
  const std::string file = folder_.write("file.sock", "text");
  const std::string link = folder_ / "link.sock";
  std::filesystem::create_symlink(dead, link);
  const FoundControls found = sort_controls(folder_.path());
  EXPECT_THAT(found.living, ElementsAre(path_));
  EXPECT_THAT(found.removed, ElementsAre(dead));
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_EQ(test::content_of(file), "text");
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_THAT(living_controls(folder_.path()), ElementsAre(path_));
  EXPECT_EQ(find_control("/as/it/is"), "/as/it/is");
  EXPECT_THROW(ControlClient(folder_ / "none"), Error);
}

}  // namespace
}  // namespace tunrelay
