// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "gsteer/kernel/harmonics.hpp"
#include "gsteer/kernel/profile.hpp"
#include "gsteer/representation/layout.hpp"

namespace gsteer {

/// One kernel between two irreps: a ring, the degree of a harmonic, and an invariant tensor T
/// (harmonic, out, in):
///   K(x)(m, n) = radial(|x|) sum over c of T(c, m, n) Y_c(x / |x|).
struct kernel_term {
  int ring = 0;
  int frequency = 0;
  invariant_tensor tensor;
};

/// The space of equivariant kernels between two feature spaces, complete, by the Wigner-Eckart
/// theorem for steerable kernels (Lang and Weiler, "A Wigner-Eckart theorem for group equivariant
/// convolution kernels", ICLR 2021):
///   K(x) = Q_out ( sum over pairs of irreps, rings, harmonics of w T Y(x) radial(|x|) ) Q_in^T,
/// where T runs over the invariants of harmonic (x) out (x) in. All groups and representations are
/// erased: this is data.
///
/// The coefficients w of one pair of field kinds stand together, as [out copy][in copy][basis
/// element].
struct kernel_space {
  struct slot_pair {
    int out_slot = 0;
    int in_slot = 0;
    int first_term = 0;  ///< its kernels are `terms` first_term, ..., first_term + size - 1
    int size = 0;
    int first = 0;  ///< its first basis element among those of the pair of fields
  };
  struct block_pair {
    int out_block = 0;
    int in_block = 0;
    int first = 0;      ///< its first coefficient
    int dimension = 0;  ///< basis elements for one field in and one out
    std::vector<slot_pair> slots;
  };

  int dimension = 2;  ///< of the space the kernels live on
  harmonics_function harmonics = &harmonics_on<2>::values;
  kernel_profile profile;
  channel_layout in, out;
  std::vector<kernel_term> terms;  ///< of all pairs of irreps that occur, each pair once
  std::vector<block_pair> blocks;  ///< those without kernels are left out
  int size = 0;                    ///< number of coefficients

  std::span<const kernel_term> terms_of(const slot_pair& slots) const {
    return {terms.data() + slots.first_term, static_cast<std::size_t>(slots.size)};
  }
};

namespace detail {

using kernel_invariants_function = std::vector<invariant_tensor> (*)(int, irrep_label, irrep_label);

/// Adds all kernels between two irreps to `terms`.
[[gnu::cold]] inline void add_terms(kernel_space& space, kernel_invariants_function invariants,
                                    irrep_label to, irrep_label from) {
  int ring_index = 0;
  for (const auto& ring : space.profile) {
    for (int l = 0; l <= ring.max_frequency; ++l)
      for (auto& tensor : invariants(l, to, from))
        space.terms.push_back({ring_index, l, std::move(tensor)});
    ++ring_index;
  }
}

[[gnu::cold]] inline kernel_space make_kernel_space(channel_layout in, channel_layout out,
                                                    const kernel_profile& profile, int dimension,
                                                    kernel_invariants_function invariants) {
  kernel_space space;
  space.dimension = dimension;
  space.profile = profile.on(dimension);
  struct Pair {
    irrep_label to, from;
    int first, size;
  };
  std::vector<Pair> known;
  const auto terms_of = [&](irrep_label to, irrep_label from) {
    for (const Pair& pair : known)
      if (pair.to == to && pair.from == from) return pair;
    const auto first = static_cast<int>(space.terms.size());
    add_terms(space, invariants, to, from);
    known.push_back({to, from, first, static_cast<int>(space.terms.size()) - first});
    return known.back();
  };
  for (std::size_t p = 0; p < out.size(); ++p)
    for (std::size_t q = 0; q < in.size(); ++q) {
      kernel_space::block_pair block{static_cast<int>(p), static_cast<int>(q), space.size, 0, {}};
      for (std::size_t i = 0; i < out[p].irreps.size(); ++i)
        for (std::size_t j = 0; j < in[q].irreps.size(); ++j) {
          const Pair pair = terms_of(out[p].irreps[i].label, in[q].irreps[j].label);
          if (pair.size == 0) continue;
          block.slots.push_back(
              {static_cast<int>(i), static_cast<int>(j), pair.first, pair.size, block.dimension});
          block.dimension += pair.size;
        }
      if (block.dimension == 0) continue;
      space.size += block.dimension * out[p].copies * in[q].copies;
      space.blocks.push_back(std::move(block));
    }
  space.in = std::move(in);
  space.out = std::move(out);
  return space;
}

}  // namespace detail

/// The space of equivariant kernels from In to Out.
template <feature_type In, feature_type Out>
kernel_space kernel_space_of(const kernel_profile& profile) {
  static_assert(std::is_same_v<typename In::group, typename Out::group>,
                "gsteer: a layer maps between fields of one group");
  using G = typename In::group;
  kernel_space space = detail::make_kernel_space(layout_of<In>(), layout_of<Out>(), profile,
                                                 G::dimension, &kernel_invariants<G>);
  space.harmonics = &harmonics_of<G>::values;
  return space;
}

namespace detail {

template <class In, class Out>
constexpr int count_kernels(const kernel_profile& chosen) {
  using G = typename In::group;
  const kernel_profile profile = chosen.on(G::dimension);
  constexpr irrep_content in = In::value.content(), out = Out::value.content();
  int count = 0;
  // Harmonics outside: compilers count the steps of a constant, and rings would multiply them.
  for (int l = 0, rings = profile.ring_count; rings > 0; ++l) {
    rings = 0;
    for (const auto& ring : profile) rings += ring.max_frequency >= l ? 1 : 0;
    if (rings == 0) break;
    int kernels = 0;
    for (const auto& to : out)
      for (const auto& from : in)
        kernels += to.copies * from.copies * G::kernel_multiplicity(l, to.label, from.label);
    count += rings * kernels;
  }
  return count;
}

}  // namespace detail

/// The dimension of the space of equivariant kernels, exactly, at compile time: the number of free
/// parameters of a convolution.
template <auto In, auto Out>
constexpr int kernel_dimension(const kernel_profile& profile) {
  using in = features_of<In>;
  using out = features_of<Out>;
  static_assert(std::is_same_v<typename in::group, typename out::group>,
                "gsteer: a layer maps between fields of one group");
  return detail::count_kernels<in, out>(profile);
}

}  // namespace gsteer
