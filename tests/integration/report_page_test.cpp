// SPDX-License-Identifier: MIT
// The report's page in a real browser: it draws, fits its window, can be read in light and in dark,
// complains of nothing and requests nothing from the network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "report/html_record.hpp"
#include "report/html_report.hpp"
#include "support/browser.hpp"
#include "support/png_image.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/random.hpp"
#include "support/sample_comparison.hpp"
#include "support/sample_record.hpp"
#include "support/sample_results.hpp"
#include "support/skip.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay {
namespace {

using ::testing::IsEmpty;

/// What reaches beyond the window's right edge, where the page itself would scroll: a list of
/// words. What scrolls within a box of its own may be as wide as it likes.
constexpr const char* kOverflowing = R"js((() => {
  const found = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide <= 0) return found;
  for (const element of document.querySelectorAll("body *")) {
    const over = element.getBoundingClientRect().right - innerWidth;
    if (over > 0.5 && !element.closest(".table"))
      found.push(`${element.tagName}.${element.className.baseVal ?? element.className} by ` +
        `${over.toFixed(0)} px: ${element.textContent.slice(0, 60)}`);
  }
  found.push(`the page by ${wide} px`);
  return found;
})())js";

/// Charts without a line or a mark although they have values, and texts beyond their chart.
constexpr const char* kBadCharts = R"js((() => {
  const found = [];
  const specs = JSON.parse(document.getElementById("data").textContent);
  const wanted = Object.values(specs).flat();
  const figures = [...document.querySelectorAll("figure")];
  if (figures.length !== wanted.length) found.push(`${figures.length} of ${wanted.length} charts`);
  figures.forEach((figure, index) => {
    const title = figure.querySelector("h3").textContent;
    const frame = figure.querySelector(":scope > svg");
    const values = wanted[index].lines.flatMap((line) => line.y).filter((value) => value !== null);
    const drawn = [...frame.querySelectorAll(".line, .mark, .area")]
      .filter((path) => path.getAttribute("d"));
    if (values.length !== 0 && drawn.length === 0) found.push(`nothing drawn in ${title}`);
    for (const path of drawn)
      if (/NaN|Infinity/.test(path.getAttribute("d"))) found.push(`no number in ${title}`);
    const box = figure.getBoundingClientRect();
    for (const text of frame.querySelectorAll("text")) {
      const words = text.getBoundingClientRect();
      if (words.left < box.left || words.right > box.right)
        found.push(`"${text.textContent}" leaves ${title}`);
    }
    const labels = [...frame.querySelectorAll("text")].map((text) => text.getBoundingClientRect());
    labels.forEach((one, at) => labels.slice(at + 1).forEach((other) => {
      if (one.width && other.width && one.left < other.right - 1 && other.left < one.right - 1 &&
          one.top < other.bottom - 3 && other.top < one.bottom - 3)
        found.push(`text over text in ${title}`);
    }));
  });
  return found;
})())js";

/// Texts whose contrast to what is behind them is below 4.5 (WCAG 2.1, 1.4.3).
constexpr const char* kFaintTexts = R"js((() => {
  const channels = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const over = (top, below) => {
    const alpha = top[3] ?? 1;
    return [0, 1, 2].map((at) => top[at] * alpha + below[at] * (1 - alpha));
  };
  const behind = (element) => {
    if (!element) return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18]
      : [255, 255, 255];
    const own = channels(getComputedStyle(element).backgroundColor);
    return (own[3] ?? 1) === 1 ? own : over(own, behind(element.parentElement));
  };
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((channel) => {
      const share = channel / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility() ||
        ["SCRIPT", "STYLE", "NOSCRIPT"].includes(element.tagName)) continue;
    ++texts;
    const style = getComputedStyle(element);
    const below = behind(element);
    const ink = over(channels(element instanceof SVGElement ? style.fill : style.color), below);
    const [one, other] = [luminance(ink), luminance(below)].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5)
      found.push(`${contrast.toFixed(2)}: ${walker.currentNode.textContent.slice(0, 40)}`);
  }
  if (texts < 5) found.push(`only ${texts} texts`);
  return found;
})())js";

/// Where the charts are: {x, y, width, height} each, in pixels of the page.
constexpr const char* kChartBoxes =
    R"js([...document.querySelectorAll("figure > svg")].map((frame) => {
  const box = frame.getBoundingClientRect();
  return { x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height };
}))js";

/// Opens what is folded; the next frame has its charts.
constexpr const char* kUnfold = R"js((() => {
  for (const part of document.querySelectorAll("details")) part.open = true;
  return new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(true), 0)));
})())js";

constexpr int kWide = 1280, kNarrow = 400;

class ReportPageTest : public test::PrivateNetwork {
 protected:
  void SetUp() override {
    if (!test::run({"chromium", "--version"}).succeeded())
      return test::skip_or_fail("the page is looked at in chromium, which is not here");
    test::PrivateNetwork::SetUp();
  }

  /// Checks the page at PATH for all that any page must have. WHAT names it.
  static void check_page(test::Browser& browser, const std::string& path, const std::string& what) {
    browser.set_width(kWide);
    browser.open(path);
    for (const int width : {kWide, kNarrow}) {
      browser.set_width(width);
      // Resizing redraws; the next frame has it.
      browser.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))");
      EXPECT_EQ(browser.evaluate("innerWidth"), width);
      EXPECT_THAT(browser.evaluate(kOverflowing), IsEmpty()) << what << " at " << width << " px";
      EXPECT_THAT(browser.evaluate(kBadCharts), IsEmpty()) << what << " at " << width << " px";
    }
    for (const bool dark : {false, true}) {
      browser.prefer_dark(dark);
      EXPECT_THAT(browser.evaluate(kFaintTexts), IsEmpty()) << what << (dark ? " dark" : " light");
    }
    EXPECT_THAT(browser.complaints(), IsEmpty()) << what;
    EXPECT_THAT(browser.requests(), IsEmpty()) << what;
  }

  /// Keeps PICTURE where TUNRELAY_TEST_PICTURES says, for people to look at.
  static void keep(const std::string& name, const std::string& picture) {
    // Nothing changes the environment while tests run.
    if (const char* folder =
            std::getenv("TUNRELAY_TEST_PICTURES"))  // NOLINT(concurrency-mt-unsafe)
      replace_file(std::string(folder) + "/" + name + ".png", picture);
  }
};

/// The colours in a part of a picture, and how many pixels each has.
std::map<test::Colour, std::size_t> colours_of(const test::PngImage& picture,
                                               const nlohmann::json& box) {
  std::map<test::Colour, std::size_t> colours;
  const auto from_x = box.at("x").get<std::size_t>();
  const auto from_y = box.at("y").get<std::size_t>();
  const auto end_x = std::min(picture.width(), from_x + box.at("width").get<std::size_t>());
  const auto end_y = std::min(picture.height(), from_y + box.at("height").get<std::size_t>());
  for (std::size_t y = from_y; y < end_y; ++y)
    for (std::size_t x = from_x; x < end_x; ++x) ++colours[picture.at(x, y)];
  return colours;
}

TEST_F(ReportPageTest, DrawsInLightAndInDark) {
  const test::TemporaryFolder folder;
  const std::string path =
      folder.write("page.html", html_report(test::full_result(), test::sample_comparison()));
  test::Browser browser;
  check_page(browser, path, "the full page");
  for (const bool dark : {false, true})
    for (const int width : {kWide, kNarrow}) {
      browser.prefer_dark(dark);
      browser.set_width(width);
      browser.open(path);
      browser.evaluate(kUnfold);
      const std::string file = browser.screenshot();
      keep(std::string("full-") + (dark ? "dark-" : "light-") + std::to_string(width), file);
      const test::PngImage picture(file);
      const double background = test::luminance(picture.at(0, 0));
      EXPECT_EQ(background < 0.5, dark) << "the reader's setting is kept";
      const nlohmann::json boxes = browser.evaluate(kChartBoxes);
      EXPECT_GE(boxes.size(), 8U);
      for (const nlohmann::json& box : boxes) {
        const auto colours = colours_of(picture, box);
        std::size_t most = 0;
        std::size_t all = 0;
        for (const auto& [colour, pixels] : colours) {
          most = std::max(most, pixels);
          all += pixels;
        }
        EXPECT_GE(colours.size(), 5U) << "two lines, axes and text have colours";
        EXPECT_GT(all - most, all / 100) << "a hundredth of the picture is ink at least";
      }
    }
}

TEST_F(ReportPageTest, HoldsWhateverAResultHolds) {
  test::SeededRandom random;
  const test::TemporaryFolder folder;
  test::Browser browser;
  for (std::size_t page = 0; page < test::scaled(12); ++page) {
    const Result result = test::random_result(random);
    const std::string html =
        random.chance(0.5) ? html_report(result, test::sample_comparison()) : html_report(result);
    check_page(browser, folder.write("page.html", html), "random page " + std::to_string(page));
    if (HasFailure()) keep("random-" + std::to_string(page), browser.screenshot());
  }
}

TEST_F(ReportPageTest, DrawsARecord) {
  const test::TemporaryFolder folder;
  test::Browser browser;
  const std::string path = folder.write("page.html", html_record(test::sample_record(3'000)));
  check_page(browser, path, "the record");
  for (const bool dark : {false, true}) {
    browser.prefer_dark(dark);
    keep(std::string("record-") + (dark ? "dark" : "light"), browser.screenshot());
  }
  browser.set_width(kWide);
  browser.open(path);
  // A drag in one chart narrows what all show; a double click brings the rest back.
  const char* const zooms = R"js((() => {
    const frames = [...document.querySelectorAll("figure > svg")];
    const labels = () => frames.map((frame) => [...frame.querySelectorAll("text")]
      .map((text) => text.textContent).join(" "));
    const before = labels();
    const box = frames[0].getBoundingClientRect();
    const send = (kind, share) => frames[0].dispatchEvent(new PointerEvent(kind,
      { clientX: box.x + box.width * share, clientY: box.y + box.height / 2 }));
    send("pointerdown", 0.4);
    send("pointermove", 0.6);
    send("pointerup", 0.6);
    const narrow = labels();
    if (narrow.some((text, index) => text === before[index])) return "not all have zoomed";
    frames[1].dispatchEvent(new MouseEvent("dblclick"));
    return labels().join() === before.join() ? "ok" : "not all again";
  })())js";
  EXPECT_EQ(browser.evaluate(zooms), "ok");
  EXPECT_EQ(browser.evaluate(R"js((() => {
    const frames = [...document.querySelectorAll("figure > svg")];
    const box = frames[0].getBoundingClientRect();
    frames[0].dispatchEvent(new PointerEvent("pointermove",
      { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 }));
    return frames.every((frame) => frame.querySelector(".crosshair")) &&
      document.querySelectorAll(".tip:not([hidden])").length === 1;
  })())js"),
            true)
      << "all show the same moment, one says what it is";
}

TEST_F(ReportPageTest, ShowsTheValueUnderThePointer) {
  const test::TemporaryFolder folder;
  test::Browser browser;
  browser.set_width(kWide);
  browser.open(folder.write("page.html", html_report(test::full_result())));
  EXPECT_EQ(browser.evaluate(R"js((() => {
    const frame = document.querySelector("figure > svg");
    const box = frame.getBoundingClientRect();
    frame.dispatchEvent(new PointerEvent("pointermove",
      { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 }));
    const tip = frame.parentElement.querySelector(".tip");
    return !tip.hidden && /Gbit/.test(tip.textContent);
  })())js"),
            true);
  EXPECT_EQ(browser.evaluate(R"js((() => {
    const figure = document.querySelector("figure");
    const before = figure.querySelectorAll(".line, .mark").length;
    figure.querySelector(".legend button").click();
    return figure.querySelectorAll(":scope > svg .line").length < before;
  })())js"),
            true)
      << "the legend hides a line";
}

}  // namespace
}  // namespace tunrelay
