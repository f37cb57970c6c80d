// SPDX-License-Identifier: MIT
#include "drawing.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gallery {

namespace {

using example::Color;
using example::Picture;

constexpr Color frame_color{205, 210, 216};
constexpr int margin = 20, title_height = 52, label_height = 20, card_gap = 28, line_gap = 16;
constexpr int wanted_width = 960;
constexpr double label_scale = 0.9;

/// The place of a pixel of a square of n x n that shows a kernel of `taps` x `taps` and half a tap
/// around it.
Eigen::Vector2d position(int row, int col, int n, int taps) {
  const double step = (taps + 1.0) / n, middle = (n - 1) / 2.0;
  return {(col - middle) * step, (middle - row) * step};
}

}  // namespace

Card::Card(const Exhibit& of, int component_pixels)
    : rows(of.in == 1 ? 1 : of.out),
      cols(of.in == 1 ? of.out : of.in),
      pixels(component_pixels),
      gap(of.in == 1 ? 6 : 2) {}

void draw_kernel(Picture& picture, int x, int y, const gsteer::Kernel& kernel, const Exhibit& of,
                 const Card& card) {
  const int n = card.pixels;
  const bool is_point = kernel.ring().radius == 0;
  std::vector<Eigen::MatrixXd> values;
  double largest = 0;
  for (int row = 0; row < n; ++row)
    for (int col = 0; col < n; ++col) {
      const Eigen::Vector2d at = position(row, col, n, of.size);
      if (is_point)
        values.push_back(kernel(Eigen::Vector2d::Zero()) *
                         std::clamp((0.4 - at.norm()) * n / of.size + 0.5, 0.0, 1.0));
      else
        values.push_back(kernel(at));
      largest = std::max(largest, values.back().cwiseAbs().maxCoeff());
    }
  std::vector<double> component(values.size());
  for (int i = 0; i < of.out * of.in; ++i) {
    for (std::size_t p = 0; p < values.size(); ++p)
      component[p] = values[p](i / of.in, i % of.in) / largest;
    const int left = x + i % card.cols * (n + card.gap), top = y + i / card.cols * (n + card.gap);
    picture.map(left, top, component.data(), n, n, 1, example::diverging);
    picture.frame(left - 1, top - 1, n + 2, n + 2, frame_color);
  }
}

void draw_arrows(Picture& picture, int x, int y, const gsteer::Kernel& kernel, const Exhibit& of,
                 int size) {
  const int count = std::clamp(size / 14, 5, 13) | 1;  // odd: one arrow stands at the center
  const double cell = static_cast<double>(size) / count;
  double largest = 0;
  for (int row = 0; row < count; ++row)
    for (int col = 0; col < count; ++col)
      largest = std::max(largest, kernel(position(row, col, count, of.size)).norm());
  for (int row = 0; row < count; ++row)
    for (int col = 0; col < count; ++col) {
      const Eigen::Vector2d k = kernel(position(row, col, count, of.size)).col(0) / largest;
      if (k.norm() < 0.1) continue;
      const double cx = x - 0.5 + (col + 0.5) * cell, cy = y - 0.5 + (row + 0.5) * cell;
      const Eigen::Vector2d half = 0.5 * cell * k;
      picture.arrow(cx - half(0), cy + half(1), cx + half(0), cy - half(1), ink,
                    std::max(1.0, cell / 9));
    }
  picture.frame(x - 1, y - 1, size + 2, size + 2, frame_color);
}

std::string ring_label(const gsteer::Kernel& kernel) {
  return "radius " + std::to_string(static_cast<int>(std::lround(kernel.ring().radius))) +
         ", frequency " + std::to_string(kernel.frequency());
}

namespace {

/// Divides the kernels into lines of at most `fit`: all in one if they fit, else a new line for
/// every ring, and if the ring does not fit, for every frequency.
std::vector<std::vector<gsteer::Kernel>> divide(std::vector<gsteer::Kernel> kernels,
                                                std::size_t fit) {
  if (kernels.size() <= fit) return {std::move(kernels)};
  const auto key = [](const gsteer::Kernel& k) {
    return std::pair(k.ring().radius, k.frequency());
  };
  std::stable_sort(kernels.begin(), kernels.end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
  const auto run = [&](std::size_t from, auto&& same) {
    std::size_t to = from;
    while (to < kernels.size() && same(kernels[to])) ++to;
    return to - from;
  };
  std::vector<std::vector<gsteer::Kernel>> lines;
  for (std::size_t i = 0; i < kernels.size();) {
    const auto first = key(kernels[i]);
    std::size_t count = run(i, [&](const auto& k) { return key(k).first == first.first; });
    if (count > fit) count = run(i, [&](const auto& k) { return key(k) == first; });
    const std::size_t parts = (count + fit - 1) / fit, part = (count + parts - 1) / parts;
    for (std::size_t end = i + count; i < end;) {
      const std::size_t n = std::min(part, end - i);
      lines.emplace_back(kernels.begin() + static_cast<std::ptrdiff_t>(i),
                         kernels.begin() + static_cast<std::ptrdiff_t>(i + n));
      i += n;
    }
  }
  return lines;
}

}  // namespace

Picture draw_exhibit(const Exhibit& e, int pixels) {
  const bool single = e.out * e.in == 1;
  const Card card(e, single ? 2 * pixels : (e.in > 2 ? std::max(8, pixels / 2) : pixels));
  int card_width = card.width() + (e.vectors ? card.gap + card.pixels : 0);
  for (const auto& kernel : e.kernels)
    card_width = std::max(card_width,
                          static_cast<int>(Picture::text_width(ring_label(kernel), label_scale)));
  const int fit = std::max(1, (wanted_width + card_gap) / (card_width + card_gap));
  const auto lines = divide(e.kernels, static_cast<std::size_t>(fit));
  std::size_t longest = 1;
  for (const auto& line : lines) longest = std::max(longest, line.size());
  const int line_height = label_height + card.height() + line_gap;

  const std::string taps = std::to_string(e.size);
  const std::string subtitle = std::to_string(e.kernels.size()) +
                               (e.kernels.size() == 1 ? " kernel of " : " kernels of ") + taps +
                               " x " + taps + " taps";
  const int width = std::max({static_cast<int>(longest) * (card_width + card_gap) - card_gap,
                              static_cast<int>(Picture::text_width(e.title, 1.4)),
                              static_cast<int>(Picture::text_width(subtitle))});
  Picture picture(width + 2 * margin, 2 * margin + title_height +
                                          static_cast<int>(lines.size()) * line_height - line_gap);
  picture.text(margin, margin - 4, e.title, 1.4, ink);
  picture.text(margin, margin + 18, subtitle, 1, pale_ink);

  int y = margin + title_height;
  for (const auto& line : lines) {
    int x = margin;
    for (const auto& kernel : line) {
      picture.text(x, y, ring_label(kernel), label_scale, pale_ink);
      draw_kernel(picture, x, y + label_height, kernel, e, card);
      if (e.vectors)
        draw_arrows(picture, x + card.width() + card.gap, y + label_height, kernel, e, card.pixels);
      x += card_width + card_gap;
    }
    y += line_height;
  }
  return picture;
}

}  // namespace gallery
