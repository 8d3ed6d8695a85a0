// SPDX-License-Identifier: MIT
// Every statistic against an independent implementation, SciPy, on some hundred random samples:
// few and many values, with ties and without. One run of Python answers all.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "analysis/hodges_lehmann.hpp"
#include "analysis/precision.hpp"
#include "analysis/quantiles.hpp"
#include "analysis/rank_tests.hpp"
#include "analysis/ranks.hpp"
#include "analysis/significance.hpp"
#include "support/process.hpp"
#include "support/random.hpp"
#include "support/skip.hpp"

namespace tunrelay {
namespace {

using nlohmann::json;
using test::SeededRandom;

/// Of p-values and estimates, relative: both sides add up some thousand doubles in other orders.
constexpr double kTolerance = 1e-9;
/// Debian's own: another python3 may stand before it in PATH, without Debian's modules.
constexpr const char* kPython = "/usr/bin/python3";

/// Normal, heavy-tailed, or of so few kinds that many are equal and some are 0.
std::vector<double> sample(SeededRandom& random, std::size_t count, std::uint64_t kind) {
  std::normal_distribution<double> normal(0.3);
  std::cauchy_distribution<double> cauchy(0.3);
  std::vector<double> values(count);
  for (double& value : values) {
    if (kind == 0) value = normal(random.generator());
    if (kind == 1) value = cauchy(random.generator());
    if (kind == 2) value = static_cast<double>(random.between(0, 12)) - 5;
  }
  return values;
}

std::size_t some_count(SeededRandom& random) {
  return random.chance(0.5) ? random.between(1, 12) : random.between(8, 90);
}

/// Where the interval's ends are known, and no tie shifts them against the test.
void add_interval(json& question, const Shift& shift, std::uint64_t kind) {
  if (kind == 2 || !std::isfinite(shift.low)) return;
  question["low"] = shift.low;
  question["high"] = shift.high;
}

json ask_one(SeededRandom& random) {
  const std::uint64_t kind = random.between(0, 2);
  const std::vector<double> values = sample(random, some_count(random), kind);
  const double alpha = random.chance(0.5) ? 0.05 : 0.001;
  json question{{"first", values}, {"alpha", alpha}};
  question["probability"] = static_cast<double>(random.between(0, 100)) / 100;
  add_interval(question, one_sample_shift(values, alpha), kind);
  return question;
}

json ask_two(SeededRandom& random) {
  const std::uint64_t kind = random.between(0, 2);
  const std::vector<double> first = sample(random, some_count(random), kind);
  const std::vector<double> second = sample(random, some_count(random), kind);
  const double alpha = random.chance(0.5) ? 0.05 : 0.001;
  json question{{"first", first}, {"second", second}, {"alpha", alpha}};
  add_interval(question, two_sample_shift(first, second, alpha), kind);
  return question;
}

class ScipyAnswers {
 public:
  explicit ScipyAnswers(const json& questions) {
    std::string path = (std::filesystem::temp_directory_path() / "analysis_test.XXXXXX").string();
    const int file = ::mkstemp(path.data());
    std::ofstream(path) << questions;
    const auto script = std::filesystem::path(__FILE__).replace_filename("scipy_answers.py");
    const auto result =
        test::run({kPython, "-B", "-W", "ignore", script.string(), path}, std::chrono::minutes(2));
    ::close(file);
    std::filesystem::remove(path);
    if (result.succeeded()) answers = json::parse(result.standard_output);
    said = result.describe();
  }

  json answers;  ///< null when the script failed
  std::string said;
};

void expect_close(double ours, const json& theirs, const char* what) {
  const double expected = theirs.get<double>();
  EXPECT_NEAR(ours, expected, kTolerance * std::max(1e-3, std::abs(expected))) << what;
}

/// A p below the test's resolution is compared as it is: relative to itself.
void expect_same_test(const RankTest& ours, const json& theirs) {
  expect_close(ours.statistic, theirs["statistic"], "statistic");
  const double expected = theirs["p"].get<double>();
  EXPECT_NEAR(ours.p, expected, kTolerance * expected) << "p";
}

void expect_ends_of_test(const json& question, const json& answer) {
  if (answer["p_at_ends"].is_null()) return;
  const double alpha = question["alpha"].get<double>();
  const auto p = answer["p_at_ends"].get<std::array<double, 4>>();
  EXPECT_LE(p[0], alpha * (1 + kTolerance)) << "below the interval SciPy rejects";
  EXPECT_GT(p[1], alpha * (1 - kTolerance)) << "within it, it does not";
  EXPECT_GT(p[2], alpha * (1 - kTolerance));
  EXPECT_LE(p[3], alpha * (1 + kTolerance));
}

void expect_same_interval(const Precision& ours, const json& theirs) {
  if (theirs.is_null()) {
    EXPECT_TRUE(std::isinf(ours.low) && std::isinf(ours.high));
  } else {
    EXPECT_EQ(ours.low, theirs[0].get<double>());
    EXPECT_EQ(ours.high, theirs[1].get<double>());
  }
}

void compare_one(const json& question, const json& answer) {
  const auto values = question["first"].get<std::vector<double>>();
  const double alpha = question["alpha"].get<double>();
  EXPECT_EQ(rank(values).ranks, answer["ranks"].get<std::vector<double>>());
  expect_close(quantile(values, question["probability"].get<double>()), answer["quantile"],
               "quantile");
  expect_close(robust_spread(values), answer["spread"], "spread");
  expect_same_test(wilcoxon(values), answer);
  expect_close(one_sample_shift(values, alpha).estimate, answer["estimate"], "estimate");
  expect_ends_of_test(question, answer);
  // SciPy knows no serial dependence.
  if (variance_inflation(values) == 1)
    expect_same_interval(precision_of_median(values, 1 - alpha), answer["median_interval"]);
}

void compare_two(const json& question, const json& answer) {
  const auto first = question["first"].get<std::vector<double>>();
  const auto second = question["second"].get<std::vector<double>>();
  const double alpha = question["alpha"].get<double>();
  expect_same_test(mann_whitney(first, second), answer);
  expect_close(two_sample_shift(first, second, alpha).estimate, answer["estimate"], "estimate");
  expect_ends_of_test(question, answer);
}

TEST(ScipyTest, AgreesOnEveryStatistic) {
  if (!test::run({kPython, "-c", "import scipy.stats"}).succeeded())
    return test::skip_or_fail("python3-scipy is not installed");
  SeededRandom random;
  json questions = json::array();
  for (std::size_t i = 0; i < test::scaled(250); ++i) {
    questions.push_back(ask_one(random));
    questions.push_back(ask_two(random));
  }
  const ScipyAnswers scipy(questions);
  ASSERT_EQ(scipy.answers.size(), questions.size()) << scipy.said;
  std::size_t intervals = 0;
  for (std::size_t i = 0; i < questions.size() && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(questions[i].dump());
    intervals += scipy.answers[i]["p_at_ends"].is_null() ? 0U : 1U;
    questions[i].contains("second") ? compare_two(questions[i], scipy.answers[i])
                                    : compare_one(questions[i], scipy.answers[i]);
  }
  EXPECT_GT(intervals, questions.size() / 8) << "of which intervals were tested";
}

}  // namespace
}  // namespace tunrelay
