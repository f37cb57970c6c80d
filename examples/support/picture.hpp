// SPDX-License-Identifier: MIT
// Pictures for the examples: a canvas of pixels, maps of numbers drawn in color, lines, lettering,
// PNG files.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace example {

using Color = std::array<std::uint8_t, 3>;

/// From 0 (black) to 1 (white).
Color gray(double value);
/// -1 blue, 0 white, 1 red (Brewer's RdBu).
Color diverging(double value);

/// Points to be joined by straight strokes; (0, 0) is the center of the upper left pixel.
using Polyline = std::vector<std::pair<double, double>>;

class Picture {
 public:
  Picture(int width, int height, Color background = {255, 255, 255});

  int width() const { return width_; }
  int height() const { return height_; }
  /// Colors a pixel; those outside the picture are left out.
  void set(int x, int y, Color color);

  /// Draws h x w numbers as squares of `scale` pixels with the upper left corner at (x, y).
  template <class Number, class Palette>
  void map(int x, int y, const Number* values, int h, int w, int scale, Palette&& palette) {
    for (int i = 0; i < h * scale; ++i)
      for (int j = 0; j < w * scale; ++j)
        set(x + j, y + i, palette(static_cast<double>(values[(i / scale) * w + j / scale])));
  }

  /// The outline, one pixel wide, of the w x h pixels with the upper left corner at (x, y).
  void frame(int x, int y, int w, int h, Color color);

  /// Smooth lines with round ends.
  void stroke(const std::vector<Polyline>& lines, double width, Color color);
  void line(double x0, double y0, double x1, double y1, Color color, double width = 1);
  void arrow(double x0, double y0, double x1, double y1, Color color, double width = 1);

  /// Writes a line of ASCII with the upper left corner at (x, y); letters are about 7 * scale wide
  /// and 10 * scale high. "->" becomes an arrow.
  void text(double x, double y, const std::string& text, double scale = 1,
            Color color = {40, 40, 40});
  static double text_width(const std::string& text, double scale = 1);

  /// \throws gsteer::Error if the file cannot be written
  void write_png(const std::string& path) const;

 private:
  int width_, height_;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace example
