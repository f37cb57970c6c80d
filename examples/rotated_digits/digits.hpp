// SPDX-License-Identifier: MIT
// MNIST digits as fields, upright and turned.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "gsteer/gsteer.hpp"
#include "gsteer/io/idx.hpp"

namespace example {

/// Scalar pictures over some group, and what they show.
template <auto G>
struct DigitSet {
  gsteer::GridField<gsteer::trivial<G>> images;
  std::vector<int> labels;
};

/// The digits of a folder of IDX files, "train" or "t10k", 28 x 28 pixels on a grid of 29 x 29: an
/// odd size keeps its center where it is through poolings of stride 2. At most `limit` of them, if
/// it is positive.
template <auto G>
DigitSet<G> load_digits(const std::filesystem::path& folder, const std::string& part, int limit) {
  const gsteer::Digits digits = gsteer::read_digits(folder, part);
  const int count = limit > 0 ? std::min(limit, digits.images.count) : digits.images.count;
  const int rows = digits.images.rows, columns = digits.images.columns;
  gsteer::expect(rows == 28 && columns == 28, folder.string(),
                 ": expected digits of 28 x 28 pixels, got ", rows, " x ", columns);
  DigitSet<G> set{gsteer::GridField<gsteer::trivial<G>>(count, 29, 29), {}};
  for (int b = 0; b < count; ++b) {
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < columns; ++x)
        set.images(b, 0, y, x) =
            static_cast<float>(
                digits.images.pixels[static_cast<std::size_t>((b * rows + y) * columns + x)]) /
            255;
    set.labels.push_back(digits.labels[static_cast<std::size_t>(b)]);
  }
  return set;
}

/// Each digit turned by an angle of its own, uniform in [0, 360) degrees.
template <auto G>
DigitSet<G> rotate_randomly(DigitSet<G> set, gsteer::Rng rng) {
  for (int b = 0; b < set.images.batch(); ++b) {
    const auto one =
        gsteer::GridField<gsteer::trivial<G>>::map(set.images.item(b).data(), 1, 29, 29);
    set.images.item(b) = rotate_grid(one, gsteer::plane_rotation(rng.uniform())).item(0);
  }
  return set;
}

}  // namespace example
