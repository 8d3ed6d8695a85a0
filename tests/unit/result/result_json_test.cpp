// SPDX-License-Identifier: MIT
// Results as JSON and as files: written and read back, against the schema, and against files that
// are damaged, foreign or of the future.
#include "result/result_json.hpp"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "result/environment.hpp"
#include "support/json_schema.hpp"
#include "support/process.hpp"
#include "support/sample_results.hpp"
#include "support/skip.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown_error.hpp"

namespace tunrelay::test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// What reading TEXT says; nothing when it can be read.
std::string refusal_of(const std::string& text) {
  const Error error = thrown_error([&] { return result_from_text(text, "x.json"); });
  EXPECT_EQ(error.exit_code(), ExitCode::kUsage) << error.what();
  EXPECT_THAT(error.what(), StartsWith("could not read the result x.json: "));
  return error.parts().cause;
}

/// A full result as JSON in which the value at POINTER is VALUE.
std::string with(const char* pointer, const json& value) {
  static const json kFull = to_json_result(full_result());
  json document = kFull;
  document[json::json_pointer(pointer)] = value;
  return document.dump();
}

TEST(ResultJsonTest, ReadsBackWhatWasWritten) {
  const Result written = full_result();
  const Result read = result_from_text(result_text(written));
  EXPECT_EQ(read.suite, written.suite);
  EXPECT_EQ(read.title, written.title);
  EXPECT_EQ(read.started_utc, written.started_utc);
  EXPECT_EQ(read.duration_s, written.duration_s);
  EXPECT_EQ(read.seed, written.seed);
  EXPECT_TRUE(read.complete);
  EXPECT_EQ(read.asked, written.asked);
  EXPECT_EQ(read.done, written.done);
  EXPECT_EQ(read.environment, written.environment);
  EXPECT_EQ(read.floor, written.floor);
  EXPECT_EQ(read.notes, written.notes);
  ASSERT_EQ(read.metrics.size(), written.metrics.size());
  const Metric& metric = read.metrics[3];
  EXPECT_EQ(metric.better, Better::kLower);
  ASSERT_EQ(metric.samples.size(), 20U);
  EXPECT_EQ(metric.samples[4].invalid_reason, "3 of 1000 packets did not cross");
  EXPECT_TRUE(std::isnan(metric.samples[7].value));
  EXPECT_EQ(metric.samples[6].value, written.metrics[3].samples[6].value) << "to the last bit";
  EXPECT_EQ(metric.samples[6].at_s, written.metrics[3].samples[6].at_s);
  ASSERT_EQ(read.distributions.size(), written.distributions.size());
  EXPECT_EQ(read.distributions[5].histogram, written.distributions[5].histogram);
  EXPECT_EQ(read.distributions[5].path, kControl);
  ASSERT_EQ(read.series.size(), 2U);
  EXPECT_EQ(read.series[0].values, written.series[0].values);
  EXPECT_TRUE(std::isnan(read.series[1].values[200]));
}

TEST(ResultJsonTest, ReadsWhatVersion1Called) {
  const std::string text = result_text(full_result());
  std::string former = text;
  for (const auto& [name, former_name] : {std::pair{"\"version\": 2", "\"version\": 1"},
                                          {"\"path\":", "\"link\":"},
                                          {"\"invalid_reason\":", "\"void_reason\":"}})
    for (std::size_t at = 0; (at = former.find(name, at)) != std::string::npos;)
      former.replace(at, std::strlen(name), former_name);
  EXPECT_NE(former, text);
  EXPECT_EQ(result_text(result_from_text(former)), text);
}

TEST(ResultJsonTest, WritingIsTheSameAfterReading) {
  SeededRandom random;
  for (std::size_t round = scaled(200); round != 0; --round) {
    const std::string text = result_text(random_result(random));
    ASSERT_EQ(result_text(result_from_text(text)), text);
  }
}

TEST(ResultJsonTest, HasFormatAndVersionFirst) {
  EXPECT_THAT(result_text(Result()),
              StartsWith("{\n \"format\": \"tunrelay-result\",\n \"version\": 2,\n"));
}

TEST(ResultJsonTest, HasFiguresForReadersThatDoNotReckon) {
  const json document = to_json_result(full_result());
  const json& row = document["metrics"][3]["summary"][0];
  EXPECT_EQ(row["path"], kSubject);
  EXPECT_EQ(row["valid"], 9);
  EXPECT_EQ(row["invalid"], 1);
  EXPECT_NEAR(row["median"].get<double>(), 12'300, 500);
  EXPECT_NEAR(row["ratio_to_control"].get<double>(), 3, 0.2);
  EXPECT_FALSE(document["metrics"][3]["summary"][1].contains("ratio_to_control"));
  const json& percentiles = document["distributions"][0]["percentiles"];
  EXPECT_EQ(percentiles.back()["count"], 20'000);
  EXPECT_EQ(percentiles.back()["value_ns"], document["distributions"][0]["highest_ns"]);
}

TEST(ResultJsonTest, WhatIsNoUtf8IsReplaced) {
  Result result;
  result.title = "a\xff z";
  EXPECT_EQ(result_from_text(result_text(result)).title, "a\xEF\xBF\xBD z");
}

TEST(ResultJsonTest, PassesOverUnknownKeys) {
  EXPECT_NO_THROW(static_cast<void>(result_from_text(with("/later", 1))));
  EXPECT_NO_THROW(static_cast<void>(result_from_text(with("/metrics/0/samples/0/later", 1))));
}

TEST(ResultJsonTest, RefusesWhatIsNoResult) {
  EXPECT_EQ(refusal_of(""), "it is empty");
  EXPECT_THAT(refusal_of("hello"), StartsWith("it is not JSON, or not all of it: parse error at"));
  for (const char* foreign : {"{}", "[]", "1", "null", R"({"format": "other"})", R"({"format": 1})",
                              R"({"context": {}, "benchmarks": []})"})
    EXPECT_THAT(refusal_of(foreign),
                HasSubstr(foreign[0] == '{' ? "no result of tunrelay" : "an object is needed"));
  EXPECT_EQ(refusal_of(with("/version", 3)),
            "it has version 3, and this program knows results up to version 2: a newer tunrelay "
            "wrote it");
  EXPECT_EQ(refusal_of(with("/version", 0)), "version: versions begin with 1");
  EXPECT_EQ(refusal_of(with("/version", 1.5)),
            "version: a whole number from 0 to 18446744073709551615 is needed, not 1.5");
  EXPECT_THAT(refusal_of(std::string(1'000'000, '[')), HasSubstr("nests deeper than 100 levels"));
}

TEST(ResultJsonTest, NamesThePlaceOfWhatIsWrong) {
  EXPECT_EQ(refusal_of(with("/metrics/2/samples/3/value", "5")),
            "metrics[2].samples[3].value: a number is needed, not a string");
  EXPECT_EQ(refusal_of(with("/metrics/0/samples/1/round", -1)),
            "metrics[0].samples[1].round: a whole number from 0 to 4294967295 is needed, not -1");
  EXPECT_EQ(refusal_of(with("/metrics/0/better", "up")),
            "metrics[0].better: higher, lower or neither is needed");
  EXPECT_EQ(refusal_of(with("/metrics/1/name", "tcp_1_flow/throughput")),
            "metrics[1]: a metric of that name was there");
  EXPECT_EQ(refusal_of(with("/metrics", json::object())),
            "metrics: an array is needed, not an object");
  EXPECT_EQ(refusal_of(with("/environment", "Linux")), "environment: an object or null is needed");
  EXPECT_EQ(refusal_of(with("/complete", 1)), "complete: true or false is needed, not a number");
  EXPECT_EQ(refusal_of(with("/series/1/values/7", true)),
            "series[1].values[7]: a number is needed, not true or false");
  EXPECT_THAT(refusal_of(with("/distributions/1/histogram", "HISTFAAA")),
              StartsWith("distributions[1].histogram: "));
}

TEST(ResultJsonTest, EveryKeyIsNeeded) {
  const json document = to_json_result(full_result());
  for (const auto& [key, value] : document.items()) {
    json without = document;
    without.erase(key);
    const std::string answer = refusal_of(without.dump());
    EXPECT_THAT(answer, HasSubstr(key == "format" ? "no result" : "'" + key + "' is missing"));
  }
}

TEST(ResultJsonTest, RefusesEveryBeginning) {
  SeededRandom random;
  const std::string text = result_text(full_result());
  for (std::size_t round = scaled(300); round != 0; --round) {
    const std::string beginning = text.substr(0, random.between(1, text.size() - 3));
    ASSERT_THAT(refusal_of(beginning), StartsWith("it is not JSON, or not all of it"));
  }
}

TEST(ResultJsonTest, DamageIsReadOrRefusedButNeverMore) {
  SeededRandom random;
  Result small = random_result(random);
  small.distributions.push_back(sample_distribution(random, "x", kSubject, 1e4, 300));
  const std::string text = result_text(small);
  std::size_t refused = 0;
  const std::size_t rounds = scaled(3000);
  for (std::size_t round = 0; round < rounds; ++round) {
    std::string damaged = text;
    for (std::uint64_t flips = random.between(1, 3); flips != 0; --flips) {
      const std::size_t at = random.between(0, damaged.size() - 1);
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.between(0, 7)));
    }
    try {
      // What can be read can be written again.
      static_cast<void>(result_text(result_from_text(damaged, "x.json")));
    } catch (const Error& error) {
      ++refused;
      ASSERT_EQ(error.exit_code(), ExitCode::kUsage) << error.what();
    }
  }
  EXPECT_GT(refused, rounds / 4);
}

TEST(ResultFileTest, NamesAFileThatIsNotThere) {
  const Error error = thrown_error([] { return read_result("/nowhere/x.json"); });
  EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
  EXPECT_STREQ(error.what(),
               "could not read the result /nowhere/x.json: No such file or directory (ENOENT)");
}

TEST(ResultFileTest, HasWhatWasMeasuredSoFarAfterEachSave) {
  const TemporaryFolder folder;
  ResultFile file(folder / "run.json");
  EXPECT_EQ(folder.files(), 0U);
  Result result;
  for (std::uint32_t round = 0; round < 5; ++round) {
    result.metric("m", "ns", Better::kLower).samples.emplace_back().round = round;
    file.save(result);
    const Result read = read_result(folder / "run.json");
    ASSERT_EQ(read.metrics[0].samples.size(), round + 1U);
    EXPECT_FALSE(read.complete);
  }
  EXPECT_EQ(folder.files(), 1U);
}

TEST(ResultFileTest, RefusesAPlaceThatCannotBeWrittenBeforeTheRun) {
  EXPECT_THAT(thrown_error([] { return ResultFile("/nowhere/x.json"); }).what(),
              StartsWith("could not write /nowhere/x.json: "));
}

TEST(ResultFileTest, AFullDiskTakesNothingThatWasSaved) {
  if (::geteuid() != 0) return skip_or_fail("a file system of its own needs root");
  const TemporaryFolder folder;
  ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
  ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  ASSERT_EQ(::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=128k"), 0);
  ResultFile file(folder / "run.json");
  Result result;
  std::size_t saved = 0;
  std::string failure;
  for (std::uint32_t round = 0; round < 10'000 && failure.empty(); ++round) {
    for (int more = 0; more < 50; ++more)
      result.metric("m", "ns", Better::kLower).samples.emplace_back().round = round;
    try {
      file.save(result);
      saved = result.metrics[0].samples.size();
    } catch (const Error& error) {
      failure = error.what();
      EXPECT_EQ(error.system_errno(), ENOSPC);
    }
  }
  EXPECT_THAT(failure, AllOf(StartsWith("could not write " + file.path()), HasSubstr("ENOSPC")));
  EXPECT_EQ(read_result(file.path()).metrics[0].samples.size(), saved);
  EXPECT_GT(saved, 50U);
  EXPECT_EQ(::umount(folder.path().c_str()), 0);
}

std::string schema_answer(const std::vector<std::string>& documents) {
  return test::schema_answer(
      std::filesystem::path(__FILE__).parent_path() / "../../../src/result/result.schema.json",
      documents);
}

class ResultSchemaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test::has_json_schema()) skip_or_fail("python3-jsonschema is not installed");
  }
};

TEST_F(ResultSchemaTest, HoldsForFullMinimalAndRandomResults) {
  SeededRandom random;
  std::vector<std::string> documents{result_text(full_result()), result_text(Result())};
  for (std::size_t round = scaled(100); round != 0; --round)
    documents.push_back(result_text(random_result(random)));
  Result here;
  here.environment = describe_environment();
  documents.push_back(result_text(here));
  EXPECT_EQ(schema_answer(documents), "ok\n");
}

TEST_F(ResultSchemaTest, FindsWhatIsWrong) {
  EXPECT_THAT(schema_answer({with("/version", 3)}), HasSubstr("$.version: 2 was expected"));
  EXPECT_THAT(schema_answer({with("/metrics/0/samples/0/value", "5")}),
              HasSubstr("samples[0].value"));
  EXPECT_THAT(schema_answer({with("/extra", 1)}), HasSubstr("'extra' was unexpected"));
  EXPECT_THAT(schema_answer({with("/environment/machine_id", "my-host")}), HasSubstr("machine_id"));
}

}  // namespace
}  // namespace tunrelay::test
