// SPDX-License-Identifier: MIT
#pragma once

#include "exhibit.hpp"
#include "support/picture.hpp"

namespace gallery {

inline constexpr example::Color ink{35, 40, 48}, pale_ink{110, 117, 127};

/// How the components of a kernel stand side by side: those from one channel in a line, others as a
/// matrix, rows the channels out and columns the channels in.
struct Card {
  int rows, cols;
  int pixels;  ///< width of a component
  int gap;     ///< between components

  Card(const Exhibit& of, int component_pixels);
  int width() const { return cols * (pixels + gap) - gap; }
  int height() const { return rows * (pixels + gap) - gap; }
};

/// Draws all components of a kernel with the upper left corner at (x, y), scaled to have the
/// largest absolute value 1. A kernel on the ring of radius 0, which is a point, is drawn as a
/// disc.
void draw_kernel(example::Picture& picture, int x, int y, const gsteer::Kernel& kernel,
                 const Exhibit& of, const Card& card);

/// Draws a kernel from a scalar to a vector of the plane as arrows, over a square of `size` pixels.
void draw_arrows(example::Picture& picture, int x, int y, const gsteer::Kernel& kernel,
                 const Exhibit& of, int size);

/// "radius 2, frequency 1"
std::string ring_label(const gsteer::Kernel& kernel);

/// One picture with every kernel of an exhibit.
example::Picture draw_exhibit(const Exhibit& exhibit, int pixels);

}  // namespace gallery
