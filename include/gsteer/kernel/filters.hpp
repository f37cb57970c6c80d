// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "gsteer/core/matrix.hpp"
#include "gsteer/kernel/space.hpp"

namespace gsteer {

/// The scalar filters that the kernels of a space are made of, sampled on the taps of a grid, and
/// each basis element as a sparse combination of them:
///   K_b(tap)(m, n) = sum over entries (filter, m, n, value) of b: value filter(tap).
///
/// Filters are sorted by the degree l of their harmonic; one of degree l is even or odd under tap
/// -> -tap as l is. Each basis element is scaled so that, with d = size of its output irrep,
///   (1/d) sum over taps of |K(tap)|^2 = 1   (Frobenius norm; escnn scales so too),
/// which is what the generalized He initialization rests on.
struct KernelFilters {
  struct Entry {
    int filter, m, n;
    double value;
  };
  /// The harmonics of one degree on one ring: filters first, first + 1, ...
  struct Part {
    int degree, ring, first;
  };

  Eigen::MatrixXd values;   ///< filter x tap; taps as in a picture, x fastest, y and z downwards
  std::vector<Part> parts;  ///< all filters, in their order
  std::vector<int> first;   ///< first[l]: the first filter of degree l; one more entry than degrees
  std::vector<Entry> entries;    ///< of all kernel_space::terms, one after the other
  std::vector<int> first_entry;  ///< where those of a term begin, and one more

  int count() const { return static_cast<int>(values.rows()); }
  int taps() const { return static_cast<int>(values.cols()); }
  int degrees() const { return static_cast<int>(first.size()) - 1; }
  /// The entries of a term of the kernel space.
  std::span<const Entry> entries_of(int term) const {
    const int begin = first_entry[at(term)];
    return {entries.data() + begin, at(first_entry[at(term + 1)] - begin)};
  }

  /// \throws Error if a harmonic vanishes on the grid (a ring with a frequency too high for its
  /// radius)
  [[gnu::cold]] explicit KernelFilters(const kernel_space& space) {
    sample(space);
    first_entry.push_back(0);
    for (const auto& term : space.terms) {
      add_entries(space, term);
      first_entry.push_back(static_cast<int>(entries.size()));
    }
  }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }

  const Part& find(const kernel_term& term) const {
    std::size_t i = 0;
    while (parts[i].degree != term.frequency || parts[i].ring != term.ring) ++i;
    return parts[i];
  }

  static bool occurs(const kernel_space& space, int frequency, int ring) {
    for (const auto& term : space.terms)
      if (term.frequency == frequency && term.ring == ring) return true;
    return false;
  }

  [[gnu::cold]] void sample(const kernel_space& space) {
    int degrees = 0;
    for (const auto& term : space.terms) degrees = std::max(degrees, term.frequency + 1);
    for (int l = 0; l < degrees; ++l)
      for (int ring = 0; ring < space.profile.ring_count; ++ring)
        if (occurs(space, l, ring)) parts.push_back({l, ring, 0});
    int total = 0;
    for (auto& part : parts) {
      while (static_cast<int>(first.size()) <= part.degree) first.push_back(total);
      part.first = total;
      total += harmonic_count(space.dimension, part.degree);
    }
    first.push_back(total);

    values.resize(total, tap_count(space));
    std::vector<double> y;
    for (int t = 0; t < values.cols(); ++t) {
      const Eigen::VectorXd x = tap_position(space, t);
      int known = -1;  // harmonics of one degree serve all rings
      for (const auto& part : parts) {
        y.resize(at(harmonic_count(space.dimension, part.degree)));
        if (part.degree != known) space.harmonics(part.degree, x, y.data());
        known = part.degree;
        const double radial =
            radial_value(space.profile.rings[at(part.ring)], detail::length(x.data(), x.size()));
        for (std::size_t c = 0; c < y.size(); ++c)
          values(part.first + static_cast<int>(c), t) = radial * y[c];
      }
    }
  }

  static int tap_count(const kernel_space& space) {
    int count = 1;
    for (int axis = 0; axis < space.dimension; ++axis) count *= space.profile.size;
    return count;
  }

  /// Where tap t is, seen from the center: (x, y, z) of as many as there are axes.
  static Eigen::VectorXd tap_position(const kernel_space& space, int t) {
    const int k = space.profile.size;
    Eigen::VectorXd x(space.dimension);
    for (int axis = 0; axis < space.dimension; ++axis, t /= k)
      x(axis) = axis == 0 ? t % k - k / 2 : k / 2 - t % k;
    return x;
  }

  [[gnu::cold]] void add_entries(const kernel_space& space, const kernel_term& term) {
    const int start = find(term).first;
    const auto [harmonic, rows, cols] = term.tensor.sizes;
    Eigen::MatrixXd gram = detail::zeros(harmonic, harmonic);
    for (int c = 0; c < harmonic; ++c)
      for (int d = 0; d < harmonic; ++d)
        for (int t = 0; t < taps(); ++t) gram(c, d) += values(start + c, t) * values(start + d, t);
    double square = 0, scale = 0;
    for (int m = 0; m < rows; ++m)
      for (int n = 0; n < cols; ++n)
        for (int c = 0; c < harmonic; ++c) {
          for (int d = 0; d < harmonic; ++d)
            square += term.tensor(c, m, n) * term.tensor(d, m, n) * gram(c, d);
          scale += term.tensor(c, m, n) * term.tensor(c, m, n);
        }
    require_resolved(space, term, square / scale);
    const double norm = 1 / std::sqrt(square / rows);
    for (int c = 0; c < harmonic; ++c)
      for (int m = 0; m < rows; ++m)
        for (int n = 0; n < cols; ++n)
          if (const double value = term.tensor(c, m, n) * norm; std::abs(value) > 1e-14)
            entries.push_back({start + c, m, n, value});
  }

  /// Compares a mean square of harmonics on a ring with what it would be if they were 1 everywhere.
  static void require_resolved(const kernel_space& space, const kernel_term& term, double square) {
    const kernel_ring& ring = space.profile.rings[at(term.ring)];
    double whole = 0;
    for (int t = 0; t < tap_count(space); ++t) {
      const Eigen::VectorXd x = tap_position(space, t);
      const double radial = radial_value(ring, detail::length(x.data(), x.size()));
      whole += radial * radial;
    }
    expect(whole > 1e-12, "KernelFilters: the ring of radius ", ring.radius, " and width ",
           ring.width, " meets no tap of a kernel of ", space.profile.size,
           "; make it wider, or give it the radius of a tap");
    expect(square > 1e-3 * whole, "KernelFilters: harmonics of degree ", term.frequency,
           " on the ring of radius ", ring.radius, " vanish on a grid of ", space.profile.size,
           " taps along each axis; lower the ring's max_frequency");
  }
};

}  // namespace gsteer
