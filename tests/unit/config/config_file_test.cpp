// SPDX-License-Identifier: MIT
// --config: what each entry of a file stands for, and what is refused where.
#include "config/config_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace tunrelay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ConfigFileTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(file_); }

  void write(const std::string& text) const { std::ofstream(file_) << text; }
  std::vector<std::string> arguments_of(const std::string& text) const {
    write(text);
    std::vector<std::string> arguments;
    for (const ConfigEntry& entry : read_config_file(file_)) arguments.push_back(entry.argument);
    return arguments;
  }
  /// What is said of TEXT, which is a usage error.
  [[nodiscard]] std::string refusal_of(const std::string& text) const {
    try {
      arguments_of(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
      return error.what();
    }
    return "it was taken";
  }
  const std::vector<std::string> flags_{"--queues", "--config"};

  // Other cases run at the same time.
  const std::string file_ =
      ::testing::TempDir() + "tunrelay_config_" + std::to_string(::getpid()) + ".toml";
};

TEST_F(ConfigFileTest, EntriesBecomeFlags) {
  EXPECT_THAT(arguments_of("queues = 2\n"), ElementsAre("--queues=2"));
  EXPECT_THAT(arguments_of("engine = \"syscall\"\n"), ElementsAre("--engine=syscall"));
  EXPECT_THAT(arguments_of("trace = true\n"), ElementsAre("--trace"));
  EXPECT_THAT(arguments_of("trace = false\n"), ElementsAre());
  EXPECT_THAT(arguments_of("cpus = [0, 2, 3]\n"), ElementsAre("--cpus=0,2,3"));
  EXPECT_THAT(arguments_of("[address]\na = \"10.0.0.1/24\"\n"),
              ElementsAre("--address-a=10.0.0.1/24"));
  EXPECT_THAT(arguments_of(""), ElementsAre());
}

TEST_F(ConfigFileTest, RefusalsNameFileAndLine) {
  EXPECT_THAT(refusal_of("queues = 1\nqueues = = 2\n"), HasSubstr(file_ + ":2:"));
  EXPECT_THAT(refusal_of("\nqueues = 2020-01-01\n"), HasSubstr(file_ + ":2:"));
  EXPECT_THAT(refusal_of("cpus = [[1], 2]\n"), HasSubstr(file_ + ":1:"));
}

TEST_F(ConfigFileTest, AnUnknownKeyIsRefusedWithItsPlace) {
  write("# a comment\nqeues = 2\n");
  try {
    expand_config_files({"run", "--config", file_}, 1, flags_);
    FAIL() << "it was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(file_ + ":2:1"));
    EXPECT_THAT(error.what(), HasSubstr("--qeues"));
    EXPECT_THAT(error.what(), HasSubstr("did you mean --queues?"));
  }
}

TEST_F(ConfigFileTest, TheFileStandsBeforeTheCommandLineSoThatAFlagThereWins) {
  write("queues = 2\n");
  EXPECT_THAT(expand_config_files({"run", "--queues", "3", "--config=" + file_}, 1, flags_),
              ElementsAre("run", "--queues=2", "--queues", "3", "--config=" + file_));
}

TEST_F(ConfigFileTest, WordsOfTheCommandThatExecRunsAreNotOurs) {
  const std::vector<std::string> arguments{"exec", "--", "program", "--config", "/no/such/file"};
  EXPECT_EQ(expand_config_files(arguments, 1, flags_), arguments);
}

TEST_F(ConfigFileTest, AMissingFileIsNamed) {
  try {
    read_config_file("/no/such/file.toml");
    FAIL() << "it was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("/no/such/file.toml"));
  }
}

}  // namespace
}  // namespace tunrelay
