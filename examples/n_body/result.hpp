// SPDX-License-Identifier: MIT
// What is known of a network that was trained, and its form in a checkpoint.
#pragma once

#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/core/error.hpp"

namespace example {

/// Errors are means over all coordinates of squared errors of positions.
struct Result {
  std::string model;
  std::uint64_t seed = 0;
  std::size_t parameters = 0;
  double seconds = 0;
  int epoch = 0;  ///< whose averaged weights were best on the validation set; the errors are theirs
  double validation = 0, test = 0;
  double symmetry = 0;  ///< how far the network is from commuting with motions of space, relative
  std::vector<std::pair<double, double>> curve{};  ///< epoch, validation error
  std::vector<double> shown{};                     ///< positions it predicts in the picture
};

/// As a line of text, and back: exact.
inline std::string to_line(const Result& r) {
  std::string line = r.model;
  const auto add = [&line](double value) {
    char text[32];
    std::snprintf(text, sizeof text, " %.17g", value);
    line += text;
  };
  for (const double value :
       {static_cast<double>(r.seed), static_cast<double>(r.parameters), r.seconds,
        static_cast<double>(r.epoch), r.validation, r.test, r.symmetry,
        static_cast<double>(r.curve.size()), static_cast<double>(r.shown.size())})
    add(value);
  for (const auto& [epoch, error] : r.curve) {
    add(epoch);
    add(error);
  }
  for (const double value : r.shown) add(value);
  return line;
}

/// \throws gsteer::Error if the line is no result
inline Result result_of(const std::string& line) {
  std::istringstream words(line);
  Result r;
  double seed = 0, parameters = 0, epoch = 0;
  std::size_t points = 0, numbers = 0;
  words >> r.model >> seed >> parameters >> r.seconds >> epoch >> r.validation >> r.test >>
      r.symmetry >> points >> numbers;
  for (double a = 0, b = 0; r.curve.size() < points && words >> a >> b;) r.curve.emplace_back(a, b);
  for (double a = 0; r.shown.size() < numbers && words >> a;) r.shown.push_back(a);
  gsteer::expect(!words.fail() && r.curve.size() == points && r.shown.size() == numbers,
                 "expected a result, got ", line);
  r.seed = static_cast<std::uint64_t>(seed);
  r.parameters = static_cast<std::size_t>(parameters);
  r.epoch = static_cast<int>(epoch);
  return r;
}

}  // namespace example
