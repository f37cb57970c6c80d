// SPDX-License-Identifier: MIT
// The picture: two clouds as they come, the same after the first is turned, and all errors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "relative_rotation/pairs.hpp"
#include "support/picture.hpp"

namespace example {

/// A pair of clouds, and the rotation that was found.
struct Alignment {
  std::string name;
  CloudPair pair;
  Eigen::Matrix3d found;
};

inline constexpr Color first_color{33, 102, 172}, second_color{214, 96, 77};

/// Points of both clouds seen along -z, those behind first and paler.
inline void draw_clouds(Picture& picture, double cx, double cy, double scale,
                        const Eigen::MatrixXd& first, const Eigen::MatrixXd& second) {
  struct Dot {
    double x, y, depth;
    Color color;
  };
  std::vector<Dot> dots;
  const auto add = [&](const Eigen::MatrixXd& points, const Color& color) {
    const Eigen::Vector3d center = points.rowwise().mean();
    for (int i = 0; i < points.cols(); ++i) {
      const Eigen::Vector3d p = points.col(i) - center;
      dots.push_back({cx + scale * p(0), cy - scale * p(1), p(2), color});
    }
  };
  add(first, first_color);
  add(second, second_color);
  std::sort(dots.begin(), dots.end(), [](const Dot& a, const Dot& b) { return a.depth < b.depth; });
  for (const Dot& dot : dots) {
    const double pale = 0.5 * std::clamp(0.5 - dot.depth / 2, 0.0, 1.0);
    Color color{};
    for (std::size_t c = 0; c < 3; ++c)
      color[c] = static_cast<std::uint8_t>(dot.color[c] + pale * (255 - dot.color[c]));
    const int px = static_cast<int>(std::lround(dot.x)), py = static_cast<int>(std::lround(dot.y));
    for (int i = -2; i <= 2; ++i)
      for (int j = -2; j <= 2; ++j)
        if (i * i + j * j <= 4) picture.set(px + i, py + j, color);
  }
}

/// How often errors of each size occur, in bins of half a degree; the last holds all larger ones.
inline void draw_histogram(Picture& picture, int x, int y, int width, int height,
                           const std::vector<std::pair<std::string, std::vector<double>>>& sets) {
  constexpr int bins = 41;
  constexpr double bin = 0.5;
  const int bar = width / bins;
  const std::array<Color, 2> colors{first_color, second_color};
  std::vector<std::vector<double>> shares;
  double highest = 0;
  for (const auto& [name, errors] : sets) {
    std::vector<double> share(bins);
    for (const double e : errors)
      share[static_cast<std::size_t>(std::min(bins - 1.0, e / bin))] +=
          1 / static_cast<double>(errors.size());
    highest = std::max(highest, *std::max_element(share.begin(), share.end()));
    shares.push_back(std::move(share));
  }
  for (int i = 0; i <= 20; i += 5) {
    const int at = x + static_cast<int>(i / bin) * bar;
    picture.line(at, y, at, y + height, {228, 228, 228});
    const std::string label = i == 20 ? "> 20 degrees" : std::to_string(i);
    picture.text(at - (i == 20 ? 30 : Picture::text_width(label) / 2), y + height + 8, label);
  }
  for (std::size_t set = 0; set < sets.size(); ++set)
    for (int b = 0; b < bins; ++b) {
      const int high = static_cast<int>(
          std::lround(shares[set][static_cast<std::size_t>(b)] / highest * height));
      const int half = bar / 2, left = x + b * bar + static_cast<int>(set) * half;
      for (int i = 0; i < half; ++i)
        for (int j = 0; j < high; ++j) picture.set(left + i, y + height - 1 - j, colors[set % 2]);
    }
  picture.line(x, y + height, x + bins * bar, y + height, {120, 120, 120});
  for (std::size_t set = 0; set < sets.size(); ++set)
    picture.text(x + width - 300, y + 4 + 20 * static_cast<double>(set), sets[set].first, 1.1,
                 colors[set % 2]);
}

inline void draw_alignments(
    const std::string& path, const std::vector<Alignment>& alignments,
    const std::vector<std::pair<std::string, std::vector<double>>>& errors) {
  constexpr int tile = 220, left = 20, top = 74, below = 250;
  const int count = static_cast<int>(alignments.size());
  Picture picture(2 * left + count * tile, top + 2 * tile + below);
  picture.text(left, 14, "Two clouds of points of one surface, drawn anew and with noise", 1.5);
  for (int i = 0; i < count; ++i) {
    const auto& [name, pair, found] = alignments[static_cast<std::size_t>(i)];
    const double x = left + (i + 0.5) * tile;
    draw_clouds(picture, x, top + tile / 2.0, 100, pair.first, pair.second);
    const Eigen::MatrixXd turned = found * pair.first;
    draw_clouds(picture, x, top + 1.5 * tile, 100, turned, pair.second);
    char text[80];
    std::snprintf(text, sizeof text, "%s: %.0f degrees", name.c_str(),
                  angle_between(pair.turn, Eigen::Matrix3d::Identity()) * 180 / std::numbers::pi);
    picture.text(x - Picture::text_width(text, 1.1) / 2, top - 24, text, 1.1);
    std::snprintf(text, sizeof text, "%.1f degrees are left",
                  angle_between(pair.turn, found) * 180 / std::numbers::pi);
    picture.text(x - Picture::text_width(text, 1.1) / 2, top + tile - 8, text, 1.1);
  }
  const int y = top + 2 * tile + 40;
  picture.text(left, y - 16, "how often which error", 1.2);
  draw_histogram(picture, left, y + 10, count * tile, below - 90, errors);
  picture.write_png(path);
}

}  // namespace example
