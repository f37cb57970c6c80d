// SPDX-License-Identifier: MIT
// A group of the user, and a representation of the user.
#pragma once

#include <gsteer/group/cyclic.hpp>
#include <gsteer/representation/concepts.hpp>
#include <string>
#include <vector>

/// Turns by 90 degrees and inversion of the contrast: the product C_4 x {1, n}. n leaves every
/// point of the plane alone and takes an image f to -f. An irrep (parity, frequency) is irrep
/// `frequency` of C_4, negated by n if `parity` is 1.
struct turns_and_contrast {
  using turn_group = gsteer::cyclic<4>;
  using label = gsteer::irrep_label;

  static constexpr int order = 8;
  static constexpr int dimension = 2;
  static std::string name() { return "C4 x contrast"; }

  struct element {
    turn_group::element turn;
    bool negative = false;
    friend constexpr bool operator==(element, element) = default;
    friend constexpr element operator*(element g, element h) {
      return {g.turn * h.turn, g.negative != h.negative};
    }
  };
  static constexpr element identity() { return {}; }
  static constexpr element inverse(element g) { return {turn_group::inverse(g.turn), g.negative}; }
  static constexpr element element_at(int i) { return {{i % 4}, i >= 4}; }
  static constexpr int index_of(element g) { return g.turn.turns + 4 * g.negative; }
  static std::vector<element> generators() { return {{{1}, false}, {{0}, true}}; }
  static element sample(gsteer::Rng& rng) { return element_at(rng.below(order)); }
  static auto haar_quadrature(int) { return gsteer::all_elements<turns_and_contrast>(); }

  static Eigen::MatrixXd action(element g) { return turn_group::action(g.turn); }
  static Eigen::MatrixXd irrep_matrix(label l, element g) {
    return (l.parity == 1 && g.negative ? -1 : 1) * turn_group::irrep_matrix(of_turns(l), g.turn);
  }

  static constexpr bool has_irrep(label l) {
    return (l.parity == 0 || l.parity == 1) && turn_group::has_irrep(of_turns(l));
  }
  static constexpr int irrep_size(label l) { return turn_group::irrep_size(of_turns(l)); }
  static constexpr auto type_of_irrep(label l) { return turn_group::type_of_irrep(of_turns(l)); }
  static constexpr gsteer::irrep_content irreps_up_to(int) {
    gsteer::irrep_content all;
    for (int frequency = 0; frequency <= 2; ++frequency)
      for (int parity = 0; parity <= 1; ++parity) all.add({parity, frequency}, 1);
    return all;
  }
  static constexpr int multiplicity(label a, label b, label c) {
    if ((a.parity + b.parity + c.parity) % 2 == 1) return 0;
    return turn_group::multiplicity(of_turns(a), of_turns(b), of_turns(c));
  }
  static constexpr int kernel_multiplicity(int l, label out, label in) {
    if (out.parity != in.parity) return 0;
    return turn_group::kernel_multiplicity(l, of_turns(out), of_turns(in));
  }

 private:
  static constexpr label of_turns(label l) { return {0, l.frequency}; }
};
static_assert(gsteer::finite_group<turns_and_contrast>);

/// Two channels that do not turn, one for what is brighter than its surroundings and one for what
/// is darker, like the on and the off cells of a retina: n exchanges them.
struct polarities {
  using group = turns_and_contrast;
  static constexpr int size = 2;
  static constexpr auto kind = gsteer::matrix_kind::permutation;
  static std::string name() { return "polarities"; }
  static constexpr gsteer::irrep_content content() {
    gsteer::irrep_content all;
    all.add({0, 0}, 1);  // the sum of the two
    all.add({1, 0}, 1);  // their difference
    return all;
  }
  static Eigen::MatrixXd matrix(group::element g) {
    const Eigen::MatrixXd one = Eigen::MatrixXd::Identity(2, 2);
    return g.negative ? one.rowwise().reverse().eval() : one;
  }
};
static_assert(gsteer::field_kind<polarities>);
