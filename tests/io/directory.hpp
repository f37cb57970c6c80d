// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

/// An empty directory that is removed at the end of the test.
struct Directory {
  Directory() { std::filesystem::create_directory(path); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(path))
      result.push_back(entry.path().filename().string());
    std::sort(result.begin(), result.end());
    return result;
  }

  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("gsteer-test-" + std::to_string(std::random_device{}()));
};
