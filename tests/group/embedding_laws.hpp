// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "gsteer/group/subgroup.hpp"

/// All elements of a finite group; of another the generators and some more.
template <class G>
std::vector<typename G::element> elements_to_try() {
  std::vector<typename G::element> elements;
  if constexpr (G::order > 0) {
    for (int i = 0; i < G::order; ++i) elements.push_back(G::element_at(i));
  } else {
    gsteer::Rng rng(7);
    elements = G::generators();
    for (int i = 0; i < 10; ++i) elements.push_back(G::sample(rng));
  }
  return elements;
}

/// Whether H lies in G as its embedding says: by how much, at worst, the law of a homomorphism is
/// missed, the action on the first coordinates is not kept, and the character of branch() is wrong,
/// for irreps of G up to a frequency. Checks that pull_back inverts map.
template <class H, class G>
double embedding_off(int max_frequency) {
  using in = gsteer::embedding<H, G>;
  static_assert(gsteer::subgroup_of<H, G>);
  double worst = 0;
  const auto elements = elements_to_try<H>();
  for (const auto& h : elements) {
    const auto g = in::map(h);
    const Eigen::MatrixXd a = G::action(g), b = H::action(h);
    worst = std::max(worst, (a.topLeftCorner(b.rows(), b.cols()) - b).norm());
    for (const auto& k : elements)
      worst = std::max(worst, (Eigen::MatrixXd(G::action(in::map(h * k))) -
                               Eigen::MatrixXd(G::action(g * in::map(k))))
                                  .norm());
    const auto back = in::pull_back(g);
    REQUIRE(back);
    worst = std::max(worst, (Eigen::MatrixXd(H::action(*back)) - b).norm());
    for (const auto& item : G::irreps_up_to(max_frequency)) {
      double character = 0;
      int size = 0;
      for (const auto& part : in::branch(item.label)) {
        worst = std::max(worst, H::has_irrep(part.label) ? 0.0 : 1.0);
        character += part.copies * Eigen::MatrixXd(H::irrep_matrix(part.label, h)).trace();
        size += part.copies * H::irrep_size(part.label);
      }
      worst = std::max(worst, std::abs(size - 1.0 * G::irrep_size(item.label)));
      worst = std::max(
          worst, std::abs(character - Eigen::MatrixXd(G::irrep_matrix(item.label, g)).trace()));
    }
  }
  return worst;
}

/// How many elements of a finite group G lie in H.
template <class H, class G>
int count_pulled_back() {
  int count = 0;
  for (const auto& g : elements_to_try<G>()) count += gsteer::embedding<H, G>::pull_back(g) ? 1 : 0;
  return count;
}
