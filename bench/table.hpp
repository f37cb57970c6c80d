// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// 0.00123 -> "0.00123", 1.2345 -> "1.23", 123.45 -> "123"
inline std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value >= 99.95 ? "%.0f" : "%.3g", value);
  return text;
}

/// A table in Markdown whose rows are printed as soon as they are there: they take long to measure.
class Table {
 public:
  /// The first column is as wide as `first`, the others as their titles.
  Table(const std::string& title, std::size_t first, std::vector<std::string> columns)
      : columns_(std::move(columns)) {
    std::printf("\n%s\n\n", title.c_str());
    std::string rule = "|";
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      widths_.push_back(std::max(columns_[i].size(), i == 0 ? first : 7));
      rule.append(i == 0 ? "" : "-").append(widths_[i] + (i == 0 ? 2 : 0), '-');
      rule.append(i == 0 ? "|" : ":|");
    }
    row(columns_);
    std::printf("%s\n", rule.c_str());
  }

  void row(const std::vector<std::string>& cells) const {
    std::string line = "|";
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      const std::string cell = i < cells.size() ? cells[i] : "";
      const std::string fill(widths_[i] - std::min(widths_[i], cell.size()), ' ');
      line.append(" ").append(i == 0 ? cell + fill : fill + cell).append(" |");
    }
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

 private:
  std::vector<std::string> columns_;
  std::vector<std::size_t> widths_;
};

}  // namespace bench
