// SPDX-License-Identifier: MIT
// A table of texts, written as the forms that people read: one description, so that a terminal,
// a Markdown summary and a page show the same.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tunrelay {

struct TextTable {
  struct Column {
    std::string title;
    bool right = false;  ///< numbers stand at the right
    int optional = 0;    ///< over 0: left out of a terminal that is too narrow, the highest first
  };
  std::vector<Column> columns;
  /// Not escaped yet. A row has as many cells as there are columns.
  std::vector<std::vector<std::string>> rows;

  void add(std::vector<std::string> cells);
};

/// Columns two blanks apart, titles first, no blanks at a line's end. MOST_COLUMNS: how wide the
/// terminal is; 0: as wide as it takes. What is wider without all optional columns stays so.
[[nodiscard]] std::string as_terminal(const TextTable& table, std::size_t most_columns = 0);
/// GitHub's Markdown, with a newline at its end.
[[nodiscard]] std::string as_markdown(const TextTable& table);
/// A <table> in a <div class="table"> that scrolls when the page is narrow.
[[nodiscard]] std::string as_html(const TextTable& table);

}  // namespace tunrelay
