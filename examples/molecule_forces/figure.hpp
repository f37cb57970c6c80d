// SPDX-License-Identifier: MIT
// The picture: what the potential says against what is true.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "support/picture.hpp"

namespace example {

/// Pairs (true, predicted).
using Pairs = std::vector<std::pair<double, double>>;

inline std::string number(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

/// A square of points about the diagonal, with the upper left corner at (x, y).
inline void draw_scatter(Picture& picture, int x, int y, int side, const Pairs& pairs,
                         const std::string& title, const std::string& unit,
                         const std::string& error) {
  double low = pairs.front().first, high = low;
  for (const auto& [a, b] : pairs) {
    low = std::min({low, a, b});
    high = std::max({high, a, b});
  }
  const double margin = std::max(1e-6, 0.04 * (high - low));
  low -= margin;
  high += margin;
  const auto at_x = [&](double value) { return x + (value - low) / (high - low) * side; };
  const auto at_y = [&](double value) { return y + side - (value - low) / (high - low) * side; };
  // Ticks at 1, 2 or 5 times a power of ten.
  const double rough = (high - low) / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double step = power * (rough < 2 * power ? 1 : rough < 5 * power ? 2 : 5);
  const int digits = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  const Color grid{228, 228, 228}, ink{40, 40, 40};
  for (double tick = std::ceil(low / step) * step; tick <= high; tick += step) {
    picture.line(at_x(tick), y, at_x(tick), y + side, grid);
    picture.line(x, at_y(tick), x + side, at_y(tick), grid);
    const std::string label = number(std::abs(tick) < step / 2 ? 0 : tick, digits);
    picture.text(at_x(tick) - Picture::text_width(label) / 2, y + side + 9, label);
    picture.text(x - 8 - Picture::text_width(label), at_y(tick) - 5, label);
  }
  picture.line(x, y + side, x + side, y, {150, 150, 150});
  for (const auto& [a, b] : pairs) {
    const int px = static_cast<int>(std::lround(at_x(a))),
              py = static_cast<int>(std::lround(at_y(b)));
    for (int i = -1; i <= 1; ++i)
      for (int j = -1; j <= 1; ++j)
        if (i * j == 0) picture.set(px + i, py + j, {33, 102, 172});
  }
  picture.frame(x, y, side, side, ink);
  picture.text(x, y - 26, title, 1.4);
  picture.text(x + 12, y + 12, error, 1.2);
  picture.text(x + side - Picture::text_width(unit), y + side + 30, unit);
}

/// Energies (relative to their mean, eV) and components of forces (eV/Angstrom).
inline void draw_errors(const std::string& path, Pairs energies, const Pairs& forces,
                        double energy_error, double force_error) {
  constexpr int side = 420, left = 74, top = 56, gap = 96;
  double mean = 0;
  for (const auto& [a, b] : energies) mean += a / static_cast<double>(energies.size());
  for (auto& [a, b] : energies) {
    a -= mean;
    b -= mean;
  }
  Picture picture(2 * side + left + gap + 28, side + top + 56);
  draw_scatter(picture, left, top, side, energies, "energy: predicted against true",
               "true energy - mean, eV", "mean error " + number(energy_error, 2) + " meV");
  draw_scatter(picture, left + side + gap, top, side, forces, "forces: predicted against true",
               "true force, eV/Angstrom", "mean error " + number(force_error, 2) + " meV/Angstrom");
  picture.write_png(path);
}

}  // namespace example
