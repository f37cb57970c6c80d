// SPDX-License-Identifier: MIT
#include "support/picture.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <sstream>

#include "gsteer/core/error.hpp"
#include "support/lettering.hpp"

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#endif
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace example {

namespace {

constexpr double letter_spacing = 2.5;  // on the grid of a glyph
constexpr double letter_size = 0.9;     // pixels a unit of that grid at scale 1

std::uint8_t level(double v) {
  return static_cast<std::uint8_t>(std::lround(255 * std::clamp(v, 0.0, 1.0)));
}

std::uint8_t mix(std::uint8_t a, std::uint8_t b, double t) {
  return static_cast<std::uint8_t>(std::lround(a + t * (b - a)));
}

double distance_to_segment(double x, double y, std::pair<double, double> a,
                           std::pair<double, double> b) {
  const double dx = b.first - a.first, dy = b.second - a.second, square = dx * dx + dy * dy;
  double t = 0;
  if (square > 0) t = std::clamp(((x - a.first) * dx + (y - a.second) * dy) / square, 0.0, 1.0);
  return std::hypot(x - a.first - t * dx, y - a.second - t * dy);
}

std::vector<Polyline> lines_of(const Glyph& glyph) {
  std::vector<Polyline> lines;
  std::istringstream strokes(glyph.strokes);
  for (std::string stroke; std::getline(strokes, stroke, ';');) {
    const bool arc = stroke[0] == '@';
    std::istringstream numbers(arc ? stroke.substr(1) : stroke);
    Polyline line;
    if (arc) {
      double cx, cy, rx, ry, from, to;
      numbers >> cx >> cy >> rx >> ry >> from >> to;
      constexpr int pieces = 24;
      for (int i = 0; i <= pieces; ++i) {
        const double angle = (from + (to - from) * i / pieces) * std::numbers::pi / 180;
        line.emplace_back(cx + rx * std::cos(angle), cy + ry * std::sin(angle));
      }
    } else {
      for (double x, y; numbers >> x >> y;) line.emplace_back(x, y);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

Color gray(double value) {
  const std::uint8_t v = level(value);
  return {v, v, v};
}

Color diverging(double value) {
  constexpr int shades = 40;  // of red: with few colors, files are small
  static constexpr Color stops[] = {{5, 48, 97},     {33, 102, 172},  {67, 147, 195},
                                    {146, 197, 222}, {214, 232, 241}, {255, 255, 255},
                                    {253, 222, 204}, {244, 165, 130}, {214, 96, 77},
                                    {178, 24, 43},   {103, 0, 31}};
  const double v = std::nearbyint(shades * std::clamp(value, -1.0, 1.0)) / shades;
  const double at = 5 * (v + 1);
  const int below = std::min(9, static_cast<int>(at));
  Color color{};
  for (std::size_t c = 0; c < 3; ++c)
    color[c] = mix(stops[below][c], stops[below + 1][c], at - below);
  return color;
}

Picture::Picture(int width, int height, Color background) : width_(width), height_(height) {
  gsteer::expect(width > 0 && height > 0, "Picture: expected a positive size, got ", width, " x ",
                 height);
  for (int i = 0; i < width * height; ++i)
    pixels_.insert(pixels_.end(), background.begin(), background.end());
}

void Picture::set(int x, int y, Color color) {
  if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
  std::copy(color.begin(), color.end(), pixels_.begin() + 3 * (y * width_ + x));
}

void Picture::frame(int x, int y, int w, int h, Color color) {
  for (int i = 0; i < w; ++i) {
    set(x + i, y, color);
    set(x + i, y + h - 1, color);
  }
  for (int i = 0; i < h; ++i) {
    set(x, y + i, color);
    set(x + w - 1, y + i, color);
  }
}

void Picture::stroke(const std::vector<Polyline>& lines, double width, Color color) {
  double left = width_, top = height_, right = 0, bottom = 0;
  for (const auto& line : lines)
    for (const auto& [x, y] : line) {
      left = std::min(left, x);
      top = std::min(top, y);
      right = std::max(right, x);
      bottom = std::max(bottom, y);
    }
  const double reach = width / 2 + 0.5;
  for (int y = std::max(0, static_cast<int>(top - reach)); y <= bottom + reach && y < height_; ++y)
    for (int x = std::max(0, static_cast<int>(left - reach)); x <= right + reach && x < width_;
         ++x) {
      double distance = reach;
      for (const auto& line : lines)
        for (std::size_t i = 0; i + 1 < line.size(); ++i)
          distance = std::min(distance, distance_to_segment(x, y, line[i], line[i + 1]));
      const double cover = std::min(1.0, reach - distance);
      if (cover <= 0) continue;
      std::uint8_t* pixel = pixels_.data() + 3 * (y * width_ + x);
      for (std::size_t c = 0; c < 3; ++c) pixel[c] = mix(pixel[c], color[c], cover);
    }
}

void Picture::line(double x0, double y0, double x1, double y1, Color color, double width) {
  stroke({{{x0, y0}, {x1, y1}}}, width, color);
}

void Picture::arrow(double x0, double y0, double x1, double y1, Color color, double width) {
  const double dx = x1 - x0, dy = y1 - y0, length = std::hypot(dx, dy);
  if (length == 0) return;
  const double head = std::min(0.5, (2 + 2 * width) / length);
  const auto barb = [&](double side) {
    return std::pair(x1 - head * (dx + side * 0.55 * dy), y1 - head * (dy - side * 0.55 * dx));
  };
  stroke({{{x0, y0}, {x1, y1}}, {barb(1), {x1, y1}, barb(-1)}}, width, color);
}

double Picture::text_width(const std::string& text, double scale) {
  double width = 0;
  for (std::size_t i = 0, length = 0; i < text.size(); i += length)
    width += glyph_at(text, i, length).width + letter_spacing;
  return std::max(0.0, width - letter_spacing) * letter_size * scale;
}

void Picture::text(double x, double y, const std::string& text, double scale, Color color) {
  const double unit = letter_size * scale, baseline = y + 10 * unit;
  for (std::size_t i = 0, length = 0; i < text.size(); i += length) {
    const Glyph glyph = glyph_at(text, i, length);
    auto lines = lines_of(glyph);
    for (auto& line : lines)
      for (auto& [px, py] : line) {
        px = x + px * unit;
        py = baseline - py * unit;
      }
    stroke(lines, 0.3 + scale, color);
    x += (glyph.width + letter_spacing) * unit;
  }
}

void Picture::write_png(const std::string& path) const {
  stbi_write_png_compression_level = 24;
  stbi_write_force_png_filter = 0;  // best for flat colors
  gsteer::expect(stbi_write_png(path.c_str(), width_, height_, 3, pixels_.data(), 3 * width_) != 0,
                 "cannot write the picture ", path);
}

}  // namespace example
