// SPDX-License-Identifier: MIT
#include "overview.hpp"

#include "drawing.hpp"

namespace gallery {

namespace {

using example::Picture;

constexpr int width = 900, margin = 20, gap = 24;

/// The last kernel of a ring and frequency: of a pair that differs by a quarter turn, the second.
const gsteer::Kernel& pick(const Exhibit& e, double radius, int frequency) {
  const gsteer::Kernel* found = nullptr;
  for (const auto& kernel : e.kernels)
    if (kernel.ring().radius == radius && kernel.frequency() == frequency) found = &kernel;
  gsteer::expect(found != nullptr, e.title, ": no kernel of radius ", radius, " and frequency ",
                 frequency);
  return *found;
}

void heading(Picture& picture, int x, int y, const std::string& text, const std::string& remark) {
  picture.text(x, y, text, 1.1, ink);
  picture.text(x + Picture::text_width(text, 1.1) + 14, y + 1, remark, 1, pale_ink);
}

}  // namespace

Picture draw_overview(const std::function<Exhibit(const std::string&)>& exhibit) {
  constexpr int turned_size = 102, irrep_size = 110, square = 194, heading_height = 24;
  Picture picture(
      width, 2 * margin + 2 * gap + 3 * heading_height + turned_size + irrep_size + square - 4);
  int y = margin - 4;
  const std::string legend = "red: positive, blue: negative";
  picture.text(width - margin - Picture::text_width(legend), y + 1, legend, 1, pale_ink);

  const Exhibit turned = exhibit("c8_trivial_regular");
  heading(picture, margin, y, turned.title, "each channel is the one before, turned by 45 degrees");
  draw_kernel(picture, margin, y + heading_height, pick(turned, 2, 1), turned,
              Card(turned, turned_size));
  y += heading_height + turned_size + gap;

  heading(picture, margin, y, "trivial -> irrep k of SO(2)", "k = 0, 1, 2, 3");
  int x = margin;
  for (int k = 0; k < 4; ++k) {
    const Exhibit e = exhibit(std::string("so2_trivial_irrep").append(std::to_string(k)));
    const Card card(e, irrep_size);
    draw_kernel(picture, x, y + heading_height, pick(e, 2, k), e, card);
    x += card.width() + gap;
  }
  y += heading_height + irrep_size + gap;

  x = margin;
  const auto square_block = [&](const std::string& name, double radius, int frequency, int pixels) {
    const Exhibit e = exhibit(name);
    picture.text(x, y, e.title, 1, ink);
    if (e.vectors)
      draw_arrows(picture, x, y + heading_height, pick(e, radius, frequency), e, square);
    else
      draw_kernel(picture, x, y + heading_height, pick(e, radius, frequency), e, Card(e, pixels));
    x += square + (width - 2 * margin - 4 * square) / 3;
  };
  square_block("so2_trivial_irrep1", 2, 1, square);
  square_block("so2_irrep1_irrep1", 2, 2, 96);
  square_block("c4_regular_regular", 1, 1, 47);
  square_block("d4_scalar_pseudoscalar", 3, 4, square);
  return picture;
}

}  // namespace gallery
