// SPDX-License-Identifier: MIT
#include "report/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"
#include "base/wrap.hpp"
#include "report/escape.hpp"

namespace tunrelay {
namespace {

constexpr std::size_t kBetweenColumns = 2;

/// CELLS in columns of WIDTHS; a width of 0 leaves the column out.
std::string terminal_line(const TextTable& table, const std::vector<std::string>& cells,
                          const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t column = 0; column < cells.size(); ++column) {
    if (widths[column] == 0) continue;
    if (!line.empty()) line += std::string(kBetweenColumns, ' ');
    const std::string padding(widths[column] - width_of(cells[column]), ' ');
    line += table.columns[column].right ? padding + cells[column] : cells[column] + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

/// Sets the WIDTHS of optional columns to 0, until the others fit into MOST.
void leave_out_columns(const TextTable& table, std::size_t most, std::vector<std::size_t>& widths) {
  while (true) {
    std::size_t needed = 0;
    std::size_t least_wanted = 0;
    for (std::size_t column = 0; column < widths.size(); ++column) {
      if (widths[column] == 0) continue;
      needed += widths[column] + (needed == 0 ? 0 : kBetweenColumns);
      if (table.columns[column].optional > table.columns[least_wanted].optional)
        least_wanted = column;
    }
    if (needed <= most || table.columns[least_wanted].optional == 0 || widths[least_wanted] == 0)
      return;
    widths[least_wanted] = 0;
  }
}

std::vector<std::string> titles(const TextTable& table) {
  std::vector<std::string> titles;
  for (const TextTable::Column& column : table.columns) titles.push_back(column.title);
  return titles;
}

}  // namespace

void TextTable::add(std::vector<std::string> cells) {
  ensure(cells.size() == columns.size(), "a row has as many cells as the table has columns");
  rows.push_back(std::move(cells));
}

std::string as_terminal(const TextTable& table, std::size_t most_columns) {
  std::vector<std::vector<std::string>> lines{titles(table)};
  lines.insert(lines.end(), table.rows.begin(), table.rows.end());
  std::vector<std::size_t> widths(table.columns.size(), 0);
  for (std::vector<std::string>& line : lines)
    for (std::size_t column = 0; column < line.size(); ++column) {
      line[column] = clean_line(line[column]);
      widths[column] = std::max(widths[column], width_of(line[column]));
    }
  if (most_columns != 0) leave_out_columns(table, most_columns, widths);
  std::string text;
  for (const std::vector<std::string>& line : lines) text += terminal_line(table, line, widths);
  return text;
}

std::string as_markdown(const TextTable& table) {
  const auto line = [](const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const std::string& cell : cells) text += " " + escape_markdown(cell) + " |";
    return text + "\n";
  };
  std::string text = line(titles(table)) + "|";
  for (const TextTable::Column& column : table.columns) text += column.right ? " ---: |" : " --- |";
  text += "\n";
  for (const std::vector<std::string>& row : table.rows) text += line(row);
  return text;
}

std::string as_html(const TextTable& table) {
  std::string text = "<div class=\"table\"><table>\n<thead><tr>";
  for (const TextTable::Column& column : table.columns)
    text += fmt::format("<th scope=\"col\"{}>{}</th>", column.right ? " class=\"number\"" : "",
                        escape_markup(column.title));
  text += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    text += "<tr>";
    for (std::size_t column = 0; column < row.size(); ++column)
      text += fmt::format("<td{}>{}</td>", table.columns[column].right ? " class=\"number\"" : "",
                          escape_markup(row[column]));
    text += "</tr>\n";
  }
  return text + "</tbody>\n</table></div>\n";
}

}  // namespace tunrelay
