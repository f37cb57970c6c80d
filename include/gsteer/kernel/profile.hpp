// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "gsteer/core/error.hpp"

namespace gsteer {

/// A ring of a kernel: harmonics of degree <= max_frequency times the radial function exp(-(r -
/// radius)^2 / (2 width^2)). Lengths are in taps.
struct kernel_ring {
  double radius = 0;
  double width = 0;
  int max_frequency = 0;

  friend constexpr bool operator==(const kernel_ring&, const kernel_ring&) = default;
};

/// What a kernel is made of before symmetry has its say: its size in taps and its rings.
/// Structural: a profile can be a template argument, Conv2d<in, out,
/// kernel_size(7).with_max_frequency(4)>.
///
/// kernel_size(k) has the rings, widths and frequency limits that escnn's R2Conv and R3Conv have by
/// default, so that the spans agree (escnn, compute_basis_params,
/// https://github.com/QUVA-Lab/escnn). They differ from one dimension to another in the limits and,
/// on the line, in the widths: `rings` are those of the plane, on(dimension) gives the others.
struct kernel_profile {
  static constexpr std::size_t capacity = 12;

  int size = 1;
  int ring_count = 0;
  std::array<kernel_ring, capacity> rings{};
  bool standard = false;  ///< the rings follow from the size and the dimension
  int frequency_limit = std::numeric_limits<int>::max();  ///< of standard rings

  /// The rings as they stand: of kernel_size(k) those of the plane.
  constexpr const kernel_ring* begin() const { return rings.data(); }
  constexpr const kernel_ring* end() const { return rings.data() + ring_count; }

  /// The same rings with no harmonic above `limit`; the same profile if there is none in any
  /// dimension.
  constexpr kernel_profile with_max_frequency(int limit) const {
    kernel_profile changed = *this;
    bool is_limit = false;
    for (int dimension = 1; standard && dimension <= 3; ++dimension)
      for (const auto& ring : on(dimension)) is_limit = is_limit || ring.max_frequency > limit;
    if (is_limit) changed.frequency_limit = limit;
    for (auto& ring : changed.rings) ring.max_frequency = std::min(ring.max_frequency, limit);
    return changed;
  }

  /// The same size with rings of the caller's choice.
  template <std::size_t N>
  constexpr kernel_profile with_rings(const kernel_ring (&chosen)[N]) const {
    static_assert(N <= capacity, "gsteer: a kernel has at most 12 rings");
    kernel_profile changed;
    changed.size = size;
    changed.ring_count = static_cast<int>(N);
    for (std::size_t i = 0; i < N; ++i) {
      if (chosen[i].width <= 0 || chosen[i].radius < 0 || chosen[i].max_frequency < 0)
        throw Error("gsteer: a ring has a width > 0, a radius >= 0 and a frequency limit >= 0");
      changed.rings[i] = chosen[i];
    }
    return changed;
  }

  /// The profile on R^dimension; rings of the caller's choice are what they are.
  ///
  /// On the line a ring of radius r is the two taps at +-r, which stand on their own: with widths
  /// of a point the even and the odd kernels on them are all that there are, and orthogonal.
  constexpr kernel_profile on(int dimension) const {
    kernel_profile resolved = *this;
    if (!standard) return resolved;
    const int outermost = size / 2;
    for (int r = 0; r <= outermost; ++r) {
      kernel_ring& ring = resolved.rings[static_cast<std::size_t>(r)];
      ring.radius = r;
      ring.width = r == 0 || dimension == 1 ? 0.005 : (r == outermost ? 0.4 : 0.6);
      int most = 2 * r;
      if (dimension == 1) most = std::min(most, 1);
      if (dimension == 2 && r > 0) most = std::min(most, r == outermost ? 2 : 2 * r - (r + 1) % 2);
      if (dimension == 3) most = std::min(most, outermost - r + 2);
      ring.max_frequency = std::min(most, frequency_limit);
    }
    return resolved;
  }

  friend constexpr bool operator==(const kernel_profile&, const kernel_profile&) = default;
};

/// The default profile of a kernel of k taps along each axis. k is odd: an even kernel has no tap
/// at its center, and its basis is unstable (escnn issue 39). Rings at radius 0, 1, ..., k/2, of
/// width 0.6, the outermost 0.4, the center a point.
constexpr kernel_profile kernel_size(int k) {
  if (k < 1 || k % 2 == 0)
    throw Error("gsteer: a kernel has an odd size: an even one has no tap at its center");
  const int outermost = k / 2;
  if (outermost + 1 > static_cast<int>(kernel_profile::capacity))
    throw Error("gsteer: kernels of more than 23 taps need rings of your choice (with_rings)");
  kernel_profile profile;
  profile.size = k;
  profile.ring_count = outermost + 1;
  profile.standard = true;
  return profile.on(2);
}

/// The value of a ring's radial function at distance r from the center.
inline double radial_value(const kernel_ring& ring, double r) {
  const double t = (r - ring.radius) / ring.width;
  return std::exp(-t * t / 2);
}

}  // namespace gsteer
