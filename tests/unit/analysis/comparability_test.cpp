// SPDX-License-Identifier: MIT
// Which differences make a baseline useless, and which are worth a note.
#include "analysis/comparability.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tunrelay {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Result fit_result() {
  Result result;
  result.suite = "throughput";
  result.complete = true;
  result.asked = {{"duration_s", 10}, {"rate", {{"packets_per_s", 5000}}}, {"sizes", {64, 1400}}};
  result.done = {{"engine", "uring"}};
  result.environment = {{"processor", "AMD EPYC"},
                        {"cpus", 2},
                        {"kernel", "6.18.44"},
                        {"mitigations", {{"spectre_v1", "Mitigation: barriers"}}},
                        {"load_average", "0.1 0.2 0.3"},
                        {"governor", nullptr},
                        {"commit", "abc"}};
  result.metric("throughput", "bits_per_s", Better::kHigher);
  return result;
}

TEST(FitnessTest, OfTheSameIsComplete) {
  EXPECT_THAT(incompatibilities(fit_result(), fit_result()), IsEmpty());
  EXPECT_THAT(differences_to_mention(fit_result(), fit_result()), IsEmpty());
  EXPECT_THAT(incompatibilities({}, {}), IsEmpty()) << "null everywhere";
}

TEST(FitnessTest, WhatChangesFromRunToRunIsNoDifference) {
  Result head = fit_result();
  head.title = "another";
  head.seed = 7;
  head.started_utc = "2026-11-23T20:31:05Z";
  head.asked["seed"] = 7;
  head.environment["load_average"] = "1 1 1";
  head.environment["commit"] = "def";
  EXPECT_THAT(incompatibilities(fit_result(), head), IsEmpty());
  EXPECT_THAT(differences_to_mention(fit_result(), head), IsEmpty());
}

TEST(FitnessTest, AnotherMachineMatters) {
  for (const char* key : {"processor", "cpus", "kernel", "mitigations"}) {
    Result head = fit_result();
    head.environment[key] = "something else";
    EXPECT_THAT(incompatibilities(fit_result(), head),
                ElementsAre(AllOf(HasSubstr(std::string("environment/") + key + " is "),
                                  HasSubstr("something else in head: "))))
        << key;
  }
  Result head = fit_result();
  head.environment["mitigations"]["retbleed"] = "Mitigation: IBRS";
  EXPECT_THAT(incompatibilities(fit_result(), head),
              ElementsAre("environment/mitigations/retbleed is missing in base and Mitigation: "
                          "IBRS in head: they make each system call longer"));
  head = fit_result();
  head.environment["processor"] = "ARM";
  EXPECT_THAT(incompatibilities(fit_result(), head),
              ElementsAre("environment/processor is AMD EPYC in base and ARM in head: other CPUs "
                          "run at another speed"));
}

TEST(FitnessTest, WhatOneSideDoesNotTellIsMentioned) {
  Result head = fit_result();
  head.environment["governor"] = "powersave";
  head.environment.erase("cpus");
  EXPECT_THAT(incompatibilities(fit_result(), head), IsEmpty());
  EXPECT_THAT(differences_to_mention(fit_result(), head),
              ElementsAre(HasSubstr("cpus is 2 in base and missing in head"),
                          HasSubstr("governor is missing in base and powersave in head")));
}

TEST(FitnessTest, AnotherConfigurationMattersAtAnyDepth) {
  Result head = fit_result();
  head.asked["rate"]["packets_per_s"] = 6000;
  head.asked["sizes"] = {64, 1500, 9000};
  head.asked["pinned"] = true;
  EXPECT_THAT(incompatibilities(fit_result(), head),
              ElementsAre("asked/pinned is missing in base and true in head",
                          "asked/rate/packets_per_s is 5000 in base and 6000 in head",
                          "asked/sizes/1 is 1400 in base and 1500 in head",
                          "asked/sizes/2 is missing in base and 9000 in head"));
  head = fit_result();
  head.suite = "latency";
  EXPECT_THAT(incompatibilities(fit_result(), head),
              ElementsAre("the suite is throughput in base and latency in head"));
}

TEST(FitnessTest, AnotherUnitMatters) {
  Result head = fit_result();
  head.metrics[0].unit = "packets_per_s";
  head.metrics[0].better = Better::kLower;
  EXPECT_THAT(incompatibilities(fit_result(), head),
              ElementsAre(HasSubstr("the unit of throughput"), HasSubstr("which way")));
}

TEST(FitnessTest, WhatTheProgramMadeOfItIsMentioned) {
  Result head = fit_result();
  head.done["engine"] = "syscall";
  head.complete = false;
  head.metrics.clear();
  EXPECT_THAT(incompatibilities(fit_result(), head), IsEmpty());
  EXPECT_THAT(differences_to_mention(fit_result(), head),
              ElementsAre("head has no metric throughput",
                          "done/engine is uring in base and syscall in head",
                          "head was cut short, and has fewer samples"));
}

}  // namespace
}  // namespace tunrelay
