// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <string>

#include "gsteer/core/error.hpp"
#include "gsteer/group/concepts.hpp"
#include "gsteer/layer/kernels/windows.hpp"

namespace gsteer {

/// What the elements of a group that map the grid to itself do to its axes: which ones they
/// reflect, and which they exchange.
struct lattice_symmetry {
  std::array<bool, 3> reflects{};              ///< axes in the order z, y, x
  std::array<std::array<bool, 3>, 3> swaps{};  ///< symmetric

  /// Adds what an element does whose matrix is a.
  [[gnu::cold]] void add(const Eigen::MatrixXd& a) {
    for (int i = 0; i < a.rows(); ++i)
      for (int j = 0; j < a.cols(); ++j) {
        const auto to = static_cast<std::size_t>(2 - i), from = static_cast<std::size_t>(2 - j);
        if (i != j && std::abs(a(i, j)) > 0.5) swaps[to][from] = swaps[from][to] = true;
        // A rotation by 90 degrees reflects one of the axes that it exchanges; twice, both.
        if (a(i, j) < -0.5) reflects[to] = reflects[from] = true;
      }
  }
};

/// The lattice symmetry of a group, from the matrices of its action.
template <group G>
const lattice_symmetry& lattice_symmetry_of() {
  static const lattice_symmetry found = [] {
    lattice_symmetry s;
    for (const auto& g : lattice_elements<G>()) s.add(G::action(g));
    return s;
  }();
  return found;
}

namespace detail {

[[gnu::cold]] inline std::string symmetry_complaint(const lattice_symmetry& s, const Windows& w) {
  const char* names[] = {"z", "y", "x"};
  for (std::size_t axis = 0; axis < 3; ++axis)
    if (s.reflects[axis] && !w.symmetric(axis)) {
      const int left = (w.size[axis] + 2 * w.padding[axis] - w.extent(axis)) % w.stride[axis];
      return join_text("the stride ", w.stride[axis], " leaves ", left, " of ", w.size[axis],
                       " pixels over at one end of axis ", names[axis],
                       ", so that symmetries of the grid which reverse this axis do not map "
                       "samples to samples; use ",
                       w.size[axis] - left, " or ", w.size[axis] - left + w.stride[axis],
                       " pixels, or another padding");
    }
  return {};
}

[[gnu::noinline]] inline void require_symmetry(const lattice_symmetry& s, const Windows& w,
                                               const char* layer) {
  const std::string complaint = symmetry_complaint(s, w);
  expect(complaint.empty(), layer, ": ", complaint,
         ". (To give up the symmetry of the group on purpose, set any_size.)");
}

}  // namespace detail

/// Why sampling a grid with these windows breaks the symmetry of the group, or an empty text if it
/// does not.
template <group G>
std::string symmetry_complaint(const Windows& w) {
  return detail::symmetry_complaint(lattice_symmetry_of<G>(), w);
}

/// \throws Error with that reason
template <group G>
void require_symmetry(const Windows& w, const char* layer) {
  detail::require_symmetry(lattice_symmetry_of<G>(), w, layer);
}

}  // namespace gsteer
