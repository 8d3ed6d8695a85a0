// The control socket: questions and answers, and clients that behave badly.
#include "control/control_server.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "control/control_client.hpp"
#include "control/control_place.hpp"
#include "control/unix_socket.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Says back what it is told.
class Echo final : public ControlService {
 public:
  nlohmann::ordered_json answer(ControlClientId client, const json& question,
                                FileDescriptor passed) override {
    if (question.at("do") == "fail") throw_unfit_error("do", "it", "no");
    if (passed.is_open()) {
      EXPECT_EQ(::write(passed.get(), "passed", 6), 6);
    }
    return {{"client", client},
            {"said", question.at("do")},
            {"filler", std::string(question.value("filler", std::size_t{0}), 'x')}};
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
  /// What comes up to an end of line; "" at the end of all.
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
    EXPECT_EQ(first.ask({{"do", "hello"}}).at("said"), "hello");
    const json answer = second.ask({{"do", "again"}});
    EXPECT_EQ(answer.at("said"), "again");
    EXPECT_NE(first.ask({{"do", "x"}}).at("client"), answer.at("client"));
  }
  EXPECT_EQ(ControlClient(path_).ask({{"do", "later"}}).at("said"), "later");
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
    ControlClient(path_).ask({{"do", "write"}}, writer.get());
  }
  std::string text(16, '\0');
  EXPECT_EQ(::read(reader.get(), text.data(), text.size()), 6);
  EXPECT_EQ(::read(reader.get(), text.data(), text.size()), 0) << "nobody keeps it open";
}

TEST_F(ControlTest, AnErrorComesBackAsOne) {
  start();
  ControlClient client(path_);
  try {
    client.ask({{"do", "fail"}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUnfit);
    EXPECT_THAT(error.what(), HasSubstr("could not do it: no"));
  }
  EXPECT_THROW(client.ask({{"nothing", 1}}), Error);
  EXPECT_EQ(client.ask({{"do", "on"}}).at("said"), "on");
}

TEST_F(ControlTest, LeavesWhoTalksNonsenseOrTooMuch) {
  start();
  for (const std::string& nonsense :
       {std::string("hello\n"), std::string("[1]\n"), std::string("{\"do\":\n"),
        std::string(ControlServer::kMostLineBytes + 2, ' '),
        "{\"do\": \"" + std::string(ControlServer::kMostLineBytes, 'x') + "\"}\n"}) {
    const RawClient client(path_);
    (void)client.send(nonsense);
    EXPECT_EQ(client.line(), "");
  }
  EXPECT_EQ(ControlClient(path_).ask({{"do", "on"}}).at("said"), "on");
}

TEST_F(ControlTest, OneWhoDoesNotReadHoldsUpNobody) {
  start();
  const RawClient deaf(path_);
  for (int question = 0; question < 12; ++question)
    ASSERT_TRUE(deaf.send("{\"do\":\"x\",\"filler\":60000}\n"));
  for (int question = 0; question < 20; ++question)
    EXPECT_EQ(ControlClient(path_).ask({{"do", "on"}}).at("said"), "on");
  // And gets all its answers once it does.
  for (int question = 0; question < 12; ++question) EXPECT_GT(deaf.line().size(), 60'000U);
}

TEST_F(ControlTest, HasRoomForSoManyAndNoMore) {
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t client = 0; client < ControlServer::kMostClients; ++client) {
    clients.push_back(std::make_unique<RawClient>(path_));
    ASSERT_TRUE(clients.back()->send("{\"do\":\"x\"}\n"));
    EXPECT_NE(clients.back()->line(), "");
  }
  const RawClient one_more(path_);
  EXPECT_EQ(one_more.line(), "");
  clients.pop_back();
  EXPECT_TRUE([&] {
    for (int attempt = 0; attempt < 100; ++attempt) {
      const RawClient next(path_);
      if (next.send("{\"do\":\"x\"}\n") && !next.line().empty()) return true;
    }
    return false;
  }());
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
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ::listen(socket.get(), 1);
  });
  EXPECT_THAT(sort_controls(folder_.path()).removed, ::testing::IsEmpty());
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
