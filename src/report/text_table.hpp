// A table of texts, written as the forms that people read: one description, so that a terminal,
// a Markdown summary and a page show the same.
#pragma once

#include <string>
#include <vector>

namespace tunrelay {

struct TextTable {
  struct Column {
    std::string title;
    bool right = false;  ///< numbers stand at the right
  };
  std::vector<Column> columns;
  /// Not escaped yet. A row has as many cells as there are columns.
  std::vector<std::vector<std::string>> rows;

  void add(std::vector<std::string> cells);
};

/// Columns two blanks apart, titles first, no blanks at a line's end.
[[nodiscard]] std::string as_terminal(const TextTable& table);
/// GitHub's Markdown, with a newline at its end.
[[nodiscard]] std::string as_markdown(const TextTable& table);
/// A <table> in a <div class="table"> that scrolls when the page is narrow.
[[nodiscard]] std::string as_html(const TextTable& table);

}  // namespace tunrelay
