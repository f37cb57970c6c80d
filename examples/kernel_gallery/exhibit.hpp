// SPDX-License-Identifier: MIT
#pragma once

#include <gsteer/kernel/basis.hpp>
#include <gsteer/representation/features.hpp>
#include <string>
#include <vector>

namespace gallery {

/// All kernels between two fields.
struct Exhibit {
  std::string name;   ///< of the file
  std::string title;  ///< "trivial -> irrep 1 of SO(2)"
  int out = 1;        ///< channels
  int in = 1;
  int size = 1;          ///< taps along an axis
  bool vectors = false;  ///< from a scalar to a vector of the plane: worth drawing as arrows
  std::vector<gsteer::Kernel> kernels;
};

/// The name of a field without its group: "irrep 1".
template <auto F>
std::string field_name() {
  std::string text;
  gsteer::features_of<F>::for_each_kind([&]<class Field>(int copies, int) {
    if (!text.empty()) text += " + ";
    if (copies > 1) text += std::to_string(copies) + " ";
    text += Field::name();
  });
  return text;
}

/// Whether the group acts on a field as on the points of the plane.
template <auto F>
bool is_vector() {
  using G = typename gsteer::features_of<F>::group;
  if (F.size() != G::dimension) return false;
  for (const auto& g : G::generators())
    if (!gsteer::representation_matrix<F>(g).isApprox(Eigen::MatrixXd(G::action(g)))) return false;
  return true;
}

/// \throws gsteer::Error if the basis is not as long as the dimension that is known at compile time
template <auto In, auto Out, int Size>
Exhibit make_exhibit(std::string name) {
  constexpr gsteer::kernel_profile profile = gsteer::kernel_size(Size);
  constexpr int dimension = gsteer::kernel_dimension<In, Out>(profile);
  Exhibit e{std::move(name),
            field_name<In>() + " -> " + field_name<Out>() + " of " +
                gsteer::features_of<In>::group::name(),
            Out.size(),
            In.size(),
            Size,
            In.size() == 1 && is_vector<Out>(),
            gsteer::kernel_basis<In, Out>(profile)};
  gsteer::expect(static_cast<int>(e.kernels.size()) == dimension, e.title, ": expected ", dimension,
                 " kernels, got ", e.kernels.size());
  return e;
}

}  // namespace gallery
