// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "gsteer/core/parallel.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/field/transform.hpp"

namespace gsteer {

namespace detail {

/// \throws Error if an element of the group exchanges axes of different length: the items of a
/// batch must keep one shape
template <class G, int Dimension>
void check_shape_is_kept(const Grid<Dimension>& grid) {
  static_assert(G::dimension == Dimension, "gsteer: the group must act on the space of the grid");
  for (const auto& g : lattice_elements<G>()) {
    const Eigen::MatrixXd a = G::action(g);
    for (int i = 0; i < Dimension; ++i)
      for (int j = 0; j < Dimension; ++j) {
        const int to =
            grid.sizes[static_cast<std::size_t>(Dimension - 1 - i)];  // x is the last axis
        const int from = grid.sizes[static_cast<std::size_t>(Dimension - 1 - j)];
        expect(std::abs(a(i, j)) < 0.5 || to == from, "random_transform: expected a grid that ",
               G::name(), " maps to itself, got ", grid);
      }
  }
}

}  // namespace detail

/// Transforms every item of the batch by an element of the group of its own, drawn uniformly
/// (Haar): g f as in `transform`.
/// \throws Error if the group exchanges axes of different length
template <class Features, class Scalar, int Dimension>
Field<Features, Scalar, Grid<Dimension>> random_transform(
    Field<Features, Scalar, Grid<Dimension>> f, Rng& rng, Resampling how = Resampling::linear) {
  using G = typename Features::group;
  detail::check_shape_is_kept<G>(f.space());
  std::vector<typename G::element> elements;
  for (int b = 0; b < f.batch(); ++b) elements.push_back(G::sample(rng));
  parallel_for(f.batch(), [&](int b) {
    const auto one = Field<Features, Scalar, Grid<Dimension>>::map(f.item(b).data(), 1, f.space());
    f.item(b) = transform(elements[static_cast<std::size_t>(b)], one, how).item(0);
  });
  return f;
}

/// Moves every item of the batch by a whole number of pixels of its own along each axis, uniform in
/// {-max_shift, ..., max_shift}; zero where nothing comes from.
/// \throws Error unless 0 <= max_shift < the length of every axis
template <class Features, class Scalar, int Dimension>
Field<Features, Scalar, Grid<Dimension>> random_shift(
    const Field<Features, Scalar, Grid<Dimension>>& f, int max_shift, Rng& rng) {
  for (const int size : f.space().sizes)
    expect(max_shift >= 0 && max_shift < size,
           "random_shift: expected a shift >= 0 and less than the grid of ", f.space(), ", got ",
           max_shift);
  std::vector<std::array<int, 3>> shifts(static_cast<std::size_t>(f.batch()));
  for (auto& shift : shifts)
    for (std::size_t axis = 3 - Dimension; axis < 3; ++axis)
      shift[axis] = rng.below(2 * max_shift + 1) - max_shift;
  Field<Features, Scalar, Grid<Dimension>> moved(f.batch(), f.space());
  const auto [depth, height, width] = f.space().zyx();
  const std::ptrdiff_t rows = std::ptrdiff_t{f.channels()} * depth * height;
  for (int b = 0; b < f.batch(); ++b) {
    const auto [dz, dy, dx] = shifts[static_cast<std::size_t>(b)];
    const Scalar* const from = f.item(b).data();
    Scalar* const to = moved.item(b).data();
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
      const auto y = row % height - dy, z = row / height % depth - dz;
      if (y < 0 || y >= height || z < 0 || z >= depth) continue;
      const auto source = (row / (height * depth) * depth + z) * height + y;
      std::copy_n(from + source * width + std::max(-dx, 0), width - std::abs(dx),
                  to + row * width + std::max(dx, 0));
    }
  }
  return moved;
}

/// Stretches every picture of the batch along two perpendicular axes of its own: at p, relative to
/// the center, is then what was at
///   (1 + s) p,  s = [a + b, c; c, a - b],  a, b, c uniform in +-amount,
/// factors of 1 + a +- sqrt(b^2 + c^2). Symmetric matrices hold no rotation, so this does not teach
/// a network the symmetry it may be tested on. Channels are left as they are. \throws Error unless
/// 0 <= amount < 1/3
template <class Features, class Scalar>
Field<Features, Scalar, Grid<2>> random_stretch(const Field<Features, Scalar, Grid<2>>& f,
                                                double amount, Rng& rng,
                                                Resampling how = Resampling::linear) {
  expect(amount >= 0 && amount < 1.0 / 3, "random_stretch: expected an amount in [0, 1/3), got ",
         amount);
  std::vector<Eigen::Matrix2d> maps(static_cast<std::size_t>(f.batch()));
  for (auto& map : maps) {
    const double scale = rng.uniform(-amount, amount), along = rng.uniform(-amount, amount),
                 across = rng.uniform(-amount, amount);
    map << 1 + scale + along, across, across, 1 + scale - along;
  }
  Field<Features, Scalar, Grid<2>> moved(f.batch(), f.space());
  parallel_for(f.batch(), [&](int b) {
    for (int c = 0; c < f.channels(); ++c)
      detail::resample_grid(moved.item(b).row(c).data(), f.space().zyx(), f.item(b).row(c).data(),
                            f.space().zyx(), maps[static_cast<std::size_t>(b)], how);
  });
  return moved;
}

}  // namespace gsteer
