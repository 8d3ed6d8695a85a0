// The page as a browser has it: charts are drawn, nothing goes wrong on its console, it fits a
// phone, and reads in light and in dark. Each test is one run of headless Chromium without a
// network; pages that are looked at together stand in frames of one page.
#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <sstream>

#include "png_image.hpp"
#include "report/html_report.hpp"
#include "sample_comparison.hpp"
#include "support/process.hpp"
#include "support/sample_results.hpp"
#include "support/skip.hpp"
#include "support/temporary_folder.hpp"
#include "wcag.hpp"

namespace tunrelay::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// What a page tells its frame once it is drawn; `answer` is what the test asks in JavaScript.
std::string probe(const std::string& question) {
  return "<script>addEventListener('load', () => { setTimeout(() => {"
         "const count = (what) => document.querySelectorAll(what).length;"
         "parent.postMessage({page: location.pathname.split('/').pop().replace('.html', ''),"
         " drawn: Number(document.documentElement.dataset.drawn),"
         " figures: count('figure'), lines: count('.line[d^=M]'), dots: count('figure .mark'),"
         " ticks: count('figure text'), "
         " nan: [...document.querySelectorAll('figure')].some("
         "(one) => one.outerHTML.includes('NaN')),"
         " overflow: document.documentElement.scrollWidth - innerWidth,"
         " answer: (() => {" +
         question + "})()}, '*'); }); });</script>";
}

class PageBrowserTest : public ::testing::Test {
 protected:
  struct Visit {
    std::map<std::string, json> pages;  ///< what each told, by its file's name
    std::string console;                ///< lines of the browser's console, all pages together
  };

  void SetUp() override {
    if (!run({"chromium", "--version"}).succeeded())
      skip_or_fail("chromium is not installed, or does not start");
  }

  ProcessResult browse(const std::string& url, std::vector<std::string> flags) const {
    Command command{"chromium",
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--hide-scrollbars",
                    "--enable-logging=stderr",
                    "--user-data-dir=" + (folder_ / "profile")};
    // No network at all: what the page needs it must have.
    if (::geteuid() == 0) command.insert(command.begin(), {"unshare", "--net", "--"});
    command.insert(command.end(), flags.begin(), flags.end());
    command.push_back("file://" + url);
    return run(command, std::chrono::seconds(90));
  }

  /// Opens PAGES (HTML by name) in frames of the width of a phone, asking each QUESTION.
  Visit visit(const std::map<std::string, std::string>& pages, const std::string& question = "") {
    std::string album =
        "<!DOCTYPE html><body><script>const told = [];"
        "addEventListener('message', (event) => { told.push(event.data);"
        "document.body.dataset.told = encodeURIComponent(JSON.stringify(told)); });</script>";
    for (const auto& [name, html] : pages) {
      folder_.write(name + ".html", html + probe(question));
      album += "<iframe src='" + name + ".html' width=375 height=800></iframe>";
    }
    const ProcessResult result =
        browse(folder_.write("album.html", album), {"--virtual-time-budget=20000", "--dump-dom"});
    Visit visit;
    std::istringstream lines(result.standard_error);
    for (std::string line; std::getline(lines, line);)
      // The browser's own pages have words there, too.
      if (line.find("CONSOLE") != std::string::npos && line.find("chrome://") == std::string::npos)
        visit.console += line + "\n";
    const std::string& dom = result.standard_output;
    const std::size_t begin = dom.find("data-told=\"");
    if (begin == std::string::npos) {
      ADD_FAILURE() << result.describe();
      return visit;
    }
    const std::size_t first = begin + 11;
    for (json& told : json::parse(decoded(dom.substr(first, dom.find('"', first) - first))))
      visit.pages[told["page"]] = told;
    return visit;
  }

  PngImage screenshot(const std::string& html, bool dark) {
    const std::string picture = folder_ / "picture.png";
    const ProcessResult result = browse(folder_.write("page.html", html),
                                        {"--screenshot=" + picture, "--window-size=1000,2400",
                                         dark ? "--blink-settings=preferredColorScheme=0"
                                              : "--blink-settings=preferredColorScheme=1"});
    EXPECT_TRUE(std::filesystem::exists(picture)) << result.describe();
    return PngImage(content_of(picture));
  }

  TemporaryFolder folder_;

 private:
  /// Undoes encodeURIComponent().
  static std::string decoded(const std::string& text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at)
      if (text[at] == '%') {
        plain += static_cast<char>(std::stoi(text.substr(at + 1, 2), nullptr, 16));
        at += 2;
      } else {
        plain += text[at];
      }
    return plain;
  }
};

TEST_F(PageBrowserTest, DrawsEveryChartOnAPhone) {
  if (IsSkipped()) return;
  const Visit seen = visit({{"full", html_report(full_result(), sample_comparison())},
                            {"minimal", html_report(Result())}});
  EXPECT_THAT(seen.console, IsEmpty());
  const json& full = seen.pages.at("full");
  // One over time, four over rounds, two kinds of latency twice.
  EXPECT_EQ(full["drawn"], 9);
  EXPECT_EQ(full["figures"], 9);
  // Each line of a chart, and again in its legend, but for dots.
  EXPECT_EQ(full["lines"], 2 * (2 + 4 * 6));
  // Each sample that counts, and the two of each legend.
  EXPECT_EQ(full["dots"], 4 * 20 - 2 + 4 * 2);
  EXPECT_GT(full["ticks"].get<int>(), 9 * 6);
  EXPECT_EQ(full["nan"], false);
  EXPECT_LE(full["overflow"].get<int>(), 0) << "the page is wider than the phone";
  EXPECT_EQ(seen.pages.at("minimal")["drawn"], 0);
}

TEST_F(PageBrowserTest, DrawsAnythingWithoutAnError) {
  if (IsSkipped()) return;
  SeededRandom random;
  std::map<std::string, std::string> pages;
  for (int page = 0; page < 30; ++page)
    pages["page" + std::to_string(page)] = html_report(random_result(random));
  const Visit seen = visit(pages);
  EXPECT_THAT(seen.console, IsEmpty());
  ASSERT_EQ(seen.pages.size(), pages.size());
  int figures = 0;
  for (const auto& [name, page] : seen.pages) {
    EXPECT_EQ(page["drawn"], page["figures"]) << name;
    EXPECT_EQ(page["nan"], false) << name;
    EXPECT_LE(page["overflow"].get<int>(), 0) << name;
    figures += page["figures"].get<int>();
  }
  EXPECT_GT(figures, 30);
}

TEST_F(PageBrowserTest, AnErrorOnAPageIsSeenHere) {
  if (IsSkipped()) return;
  EXPECT_THAT(visit({{"bad", "<script>nothing.there()</script>"}}).console,
              HasSubstr("nothing is not defined"));
  // What the page's own policy keeps it from, too.
  EXPECT_THAT(
      visit({{"reach", html_report(Result()) + "<img src='http://example.com/x.png'>"}}).console,
      HasSubstr("Content Security Policy"));
}

TEST_F(PageBrowserTest, TextIsNeverMarkup) {
  if (IsSkipped()) return;
  const std::string evil = "</script><b class=evil>x</b></title><!--'\"";
  Result result = full_result();
  result.title = result.suite = evil;
  result.notes = {evil};
  result.asked = {{evil, evil}};
  for (Metric& metric : result.metrics) metric.name += evil;
  for (Distribution& one : result.distributions) one.name = evil + one.name;
  for (Series& one : result.series) one.name = one.link = evil;
  ComparisonReport comparison = sample_comparison();
  comparison.base_name = comparison.verdict = evil;
  for (ComparisonRow& row : comparison.rows) row.metric = row.verdict = row.reason = evil;
  const Visit seen = visit({{"evil", html_report(result, comparison)}},
                           "return [document.querySelectorAll('.evil').length, document.title,"
                           " document.querySelector('h1').textContent,"
                           " document.querySelector('.legend button').textContent]");
  EXPECT_THAT(seen.console, IsEmpty());
  EXPECT_EQ(seen.pages.at("evil")["answer"], json({0, evil + " - tunrelay", evil, evil}));
  EXPECT_EQ(seen.pages.at("evil")["drawn"], 9);
}

TEST_F(PageBrowserTest, ThePointerAndTheKeysTellValues) {
  if (IsSkipped()) return;
  Result result;
  Metric& metric = result.metric("m", "bits_per_s", Better::kHigher);
  for (std::uint32_t round = 0; round < 3; ++round)
    for (const char* link : {kSubject, kControl}) {
      Sample& sample = metric.samples.emplace_back();
      sample.link = link;
      sample.round = round;
      sample.value = (round + 1) * (link == std::string(kControl) ? 2e9 : 1e9);
    }
  const Visit seen =
      visit({{"page", html_report(result)}},
            "const frame = document.querySelector('figure > svg');"
            "const tip = document.querySelector('.tip');"
            "const box = frame.getBoundingClientRect();"
            "const answers = [tip.hidden];"
            "frame.dispatchEvent(new PointerEvent('pointermove', {clientX: box.right - 20}));"
            "answers.push(tip.textContent, tip.getBoundingClientRect().right <= innerWidth);"
            "frame.dispatchEvent(new PointerEvent('pointerleave'));"
            "answers.push(tip.hidden);"
            "for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft'])"
            "  frame.dispatchEvent(new KeyboardEvent('keydown', {key}));"
            "answers.push(tip.textContent);"
            "document.querySelector('.legend button').click();"
            "frame.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'}));"
            "answers.push(tip.textContent);"
            "return answers;");
  EXPECT_THAT(seen.console, IsEmpty());
  EXPECT_EQ(seen.pages.at("page")["answer"],
            json({true, "round 2subject3 Gbit/scontrol6 Gbit/s", true, true,
                  "round 0subject1 Gbit/scontrol2 Gbit/s", "round 0control2 Gbit/s"}));
}

/// The colours of a picture, by how many pixels have them.
std::map<Colour, std::size_t> colours_of(const PngImage& picture) {
  std::map<Colour, std::size_t> colours;
  for (std::size_t y = 0; y < picture.height(); ++y)
    for (std::size_t x = 0; x < picture.width(); ++x) ++colours[picture.at(x, y)];
  return colours;
}

TEST_F(PageBrowserTest, ReadsInLightAndInDark) {
  if (IsSkipped()) return;
  const std::string html = html_report(full_result(), sample_comparison());
  std::vector<double> backgrounds;
  for (const bool dark : {false, true}) {
    const PngImage picture = screenshot(html, dark);
    ASSERT_EQ(picture.width(), 1000U);
    const Colour background = picture.at(2, 2);
    backgrounds.push_back(luminance(background));
    std::size_t text = 0;   // pixels that stand out as text must
    std::size_t vivid = 0;  // pixels of lines and marks: far from any grey
    for (const auto& [colour, count] : colours_of(picture)) {
      const auto [least, most] = std::minmax({colour.red, colour.green, colour.blue});
      if (contrast(colour, background) >= 4.5) text += count;
      if (most - least > 100 && contrast(colour, background) >= 2.5) vivid += count;
    }
    const std::size_t pixels = picture.width() * picture.height();
    EXPECT_GT(text, pixels / 200) << "dark: " << dark;
    EXPECT_GT(vivid, pixels / 1000) << "dark: " << dark;
  }
  EXPECT_GT(backgrounds[0], 0.8);
  EXPECT_LT(backgrounds[1], 0.05);
}

}  // namespace
}  // namespace tunrelay::test
