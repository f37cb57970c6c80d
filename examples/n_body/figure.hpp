// SPDX-License-Identifier: MIT
// The picture: how the networks learned, how well, and what they say of one system.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "n_body/experiment.hpp"
#include "support/picture.hpp"

namespace example {

/// One kind of network with the results of all its seeds.
struct Series {
  std::string name;
  Color color;
  std::vector<Result> results;
};

/// A number that is drawn as a line across all bars.
struct Reference {
  std::string name;
  double error;
};

inline std::string number(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

inline void draw_dot(Picture& picture, double x, double y, double radius, Color color) {
  picture.line(x, y, x, y, color, 2 * radius);
}

/// An axis of errors from `low` to `high` in powers of ten, on the left side of a square.
struct ErrorAxis {
  int x, y, side;
  double low, high;

  double at(double error) const {
    const double t = std::log(std::clamp(error, low, high) / low) / std::log(high / low);
    return y + side - t * side;
  }
  void draw(Picture& picture) const {
    for (double power = std::pow(10, std::floor(std::log10(low))); power <= high; power *= 10)
      for (const int digit : {1, 2, 5}) {
        const double tick = digit * power;
        if (tick < low * 0.999 || tick > high * 1.001) continue;
        picture.line(x, at(tick), x + side, at(tick), {228, 228, 228});
        const std::string label = number(tick, tick < 0.0099 ? 3 : tick < 0.099 ? 2 : 1);
        picture.text(x - 8 - Picture::text_width(label), at(tick) - 5, label);
      }
  }
};

/// Validation errors over epochs, a line for each seed.
inline void draw_curves(Picture& picture, const ErrorAxis& axis, const std::vector<Series>& all) {
  axis.draw(picture);
  double last = 1;
  for (const Series& series : all)
    for (const Result& r : series.results)
      for (const auto& point : r.curve) last = std::max(last, point.first);
  int row = 0;
  for (const Series& series : all) {
    for (const Result& r : series.results) {
      Polyline line;
      for (const auto& [epoch, error] : r.curve)
        line.emplace_back(axis.x + epoch / last * axis.side, axis.at(error));
      picture.stroke({line}, 1.5, series.color);
    }
    const double x = axis.x + axis.side - 130, y = axis.y + 18 + 20 * row++;
    picture.line(x, y + 5, x + 22, y + 5, series.color, 3);
    picture.text(x + 30, y, series.name, 1.1);
  }
  picture.frame(axis.x, axis.y, axis.side, axis.side, {40, 40, 40});
  picture.text(axis.x, axis.y - 26, "validation error while training", 1.4);
  const std::string label = number(last, 0) + " epochs";
  picture.text(axis.x + axis.side - Picture::text_width(label), axis.y + axis.side + 9, label);
  picture.text(axis.x, axis.y + axis.side + 9, "0");
}

/// Test errors: a bar for the mean, a dot for each seed; published numbers as lines.
inline void draw_bars(Picture& picture, const ErrorAxis& axis, const std::vector<Series>& all,
                      const std::vector<Reference>& references) {
  axis.draw(picture);
  const double slot = axis.side / (static_cast<double>(all.size()) + 1);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double center = axis.x + (static_cast<double>(i) + 0.6) * slot;
    double mean = 0;
    for (const Result& r : all[i].results)
      mean += r.test / static_cast<double>(all[i].results.size());
    Color pale;
    for (std::size_t c = 0; c < 3; ++c)
      pale[c] = static_cast<std::uint8_t>((all[i].color[c] + 2 * 255) / 3);
    for (int y = static_cast<int>(axis.at(mean)); y < axis.y + axis.side; ++y)
      for (int x = static_cast<int>(center - slot / 3); x <= center + slot / 3; ++x)
        picture.set(x, y, pale);
    picture.line(center - slot / 3, axis.at(mean), center + slot / 3, axis.at(mean), all[i].color,
                 2);
    for (std::size_t k = 0; k < all[i].results.size(); ++k)
      draw_dot(picture,
               center + slot / 3 *
                            (2 * (static_cast<double>(k) + 1) /
                                 (static_cast<double>(all[i].results.size()) + 1) -
                             1),
               axis.at(all[i].results[k].test), 3, all[i].color);
    const std::string label = number(mean, 4);
    picture.text(center - Picture::text_width(label, 1.1) / 2, axis.y + axis.side - 20, label, 1.1);
    picture.text(center - Picture::text_width(all[i].name) / 2, axis.y + axis.side + 9,
                 all[i].name);
  }
  for (const Reference& reference : references) {
    const double y = axis.at(reference.error);
    for (double x = axis.x; x < axis.x + axis.side; x += 8)
      picture.line(x, y, x + 3, y, {90, 90, 90});
    picture.text(axis.x + axis.side - 6 - Picture::text_width(reference.name), y - 13,
                 reference.name);
  }
  picture.frame(axis.x, axis.y, axis.side, axis.side, {40, 40, 40});
  picture.text(axis.x, axis.y - 26, "test error: mean and seeds", 1.4);
}

/// The paths of a system, seen along the z axis: where its particles were, are (full dots) and will
/// be (rings), and where the first network of each series says.
inline void draw_system(Picture& picture, int x, int y, int side, const Sample& sample,
                        const std::vector<Eigen::Matrix3Xd>& path, const std::vector<Series>& all) {
  Eigen::Vector2d low = sample.positions.topRows(2).rowwise().minCoeff(),
                  high = sample.positions.topRows(2).rowwise().maxCoeff();
  const auto include = [&](double a, double b) {
    low = low.cwiseMin(Eigen::Vector2d(a, b));
    high = high.cwiseMax(Eigen::Vector2d(a, b));
  };
  for (const auto& positions : path)
    for (Eigen::Index k = 0; k < positions.cols(); ++k) include(positions(0, k), positions(1, k));
  const Eigen::Vector2d center = (low + high) / 2;
  const double scale = 0.86 * side / (high - low).maxCoeff();
  const auto at = [&](double a, double b) {
    return std::pair(x + side / 2.0 + scale * (a - center(0)),
                     y + side / 2.0 - scale * (b - center(1)));
  };
  for (Eigen::Index k = 0; k < sample.positions.cols(); ++k) {
    const bool positive = sample.charges[static_cast<std::size_t>(k)] > 0;
    const Color color = positive ? Color{190, 60, 60} : Color{70, 70, 70};
    Polyline line{at(sample.positions(0, k), sample.positions(1, k))};
    for (const auto& positions : path) line.push_back(at(positions(0, k), positions(1, k)));
    picture.stroke({line}, 1.2, color);
    draw_dot(picture, line.front().first, line.front().second, 5, color);
    picture.text(line.front().first + 8, line.front().second - 14, positive ? "+" : "-", 1.1,
                 color);
    const auto [px, py] = at(sample.later(0, k), sample.later(1, k));
    draw_dot(picture, px, py, 7, color);
    draw_dot(picture, px, py, 5.6, {255, 255, 255});
  }
  for (const Series& series : all) {
    const auto& shown = series.results.front().shown;
    for (std::size_t k = 0; k + 2 < shown.size(); k += 3) {
      const auto [px, py] = at(shown[k], shown[k + 1]);
      picture.line(px - 4, py - 4, px + 4, py + 4, series.color, 2);
      picture.line(px - 4, py + 4, px + 4, py - 4, series.color, 2);
    }
  }
  picture.frame(x, y, side, side, {40, 40, 40});
  picture.text(x, y - 26, "one system: truth (rings), predictions (crosses)", 1.4);
}

inline void draw_experiment(const std::string& file, const std::vector<Series>& all,
                            const std::vector<Reference>& references, double baseline,
                            const Sample& sample, const std::vector<Eigen::Matrix3Xd>& path) {
  constexpr int side = 400, left = 64, top = 56, gap = 80;
  double low = baseline, high = baseline;
  for (const Series& series : all)
    for (const Result& r : series.results) {
      low = std::min(low, r.test);
      for (const auto& point : r.curve) {
        low = std::min(low, point.second);
        high = std::max(high, point.second);
      }
    }
  low = std::min(0.003, 0.8 * low);
  high = std::min(1.2 * high, 0.2);
  Picture picture(left + 3 * side + 2 * gap + 20, top + side + 36);
  draw_curves(picture, {left, top, side, low, high}, all);
  draw_bars(picture, {left + side + gap, top, side, low, high}, all, references);
  draw_system(picture, left + 2 * (side + gap), top, side, sample, path, all);
  picture.write_png(file);
}

}  // namespace example
