// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <string>

#include "gsteer/group/cyclic.hpp"
#include "gsteer/kernel/harmonics3.hpp"

/// The quarter turns of space about the z axis, a group of R^3 as a user would write it, without
/// closed-form invariants of kernels: elements and irreps are those of C_4.
struct quarter_turns : gsteer::cyclic<4> {
  static constexpr int dimension = 3;
  static std::string name() { return "C4 about z"; }

  static Eigen::Matrix3d action(element g) {
    Eigen::Matrix3d a = Eigen::Matrix3d::Identity();
    a.topLeftCorner<2, 2>() = cyclic<4>::action(g);
    return a;
  }

  /// The harmonics of degree l hold each weight -l, ..., l about z once.
  static constexpr int kernel_multiplicity(int l, gsteer::irrep_label out, gsteer::irrep_label in) {
    int count = 0;
    for (int m = 0; m <= l; ++m)
      for (const auto& part :
           gsteer::plane::restrict_to(symmetry, gsteer::plane::factor{m, m == 0 ? 1 : 2, 1}))
        count += part.copies * multiplicity(part.label, out, in);
    return count;
  }
  static void kernel_invariants(int, gsteer::irrep_label, gsteer::irrep_label) = delete;
};

static_assert(gsteer::finite_group<quarter_turns>);
inline constexpr quarter_turns C4z{};
