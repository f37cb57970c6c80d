// SPDX-License-Identifier: MIT
// Dimensions of kernel spaces that are known from elsewhere, at compile time: those that
// escnn 1.0.13 has, and some by hand.
#include <array>
#include <type_traits>
#include <utility>

#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/kernel/space.hpp"
#include "gsteer/representation/features.hpp"

using namespace gsteer;

namespace {

template <auto F>
constexpr int self(int k) {
  return kernel_dimension<F, F>(kernel_size(k));
}

// regular -> regular
static_assert(self<regular<C<8>>>(3) == 48 && self<regular<C<8>>>(5) == 88 &&
              self<regular<C<8>>>(7) == 144);
static_assert(self<regular<C<4>>>(3) == 24 && self<regular<C<4>>>(5) == 44);
static_assert(self<regular<D<4>>>(3) == 48 && self<regular<D<4>>>(5) == 88);
static_assert(self<regular<D<1>>>(3) == 12);
// large ones, within the steps that compilers allow a constant: |G| times the scalar filters
static_assert(self<regular<C<64>>>(7) == 64 * 18 && self<regular<D<32>>>(9) == 64 * 31);
static_assert(self<regular<C<24>>>(23) ==
              24 * kernel_dimension<trivial<C<24>>, regular<C<24>>>(kernel_size(23)));
static_assert(tensor_product(regular<C<32>>, regular<C<32>>).content().distinct() == 17);

// trivial -> regular: one kernel for each scalar filter, whatever the finite group
template <auto G>
constexpr bool all_filters = [] {
  const int expected[] = {1, 6, 11, 18, 31};
  for (int i = 0; i < 5; ++i)
    if (kernel_dimension<trivial<G>, regular<G>>(kernel_size(2 * i + 1)) != expected[i] ||
        kernel_dimension<regular<G>, trivial<G>>(kernel_size(2 * i + 1)) != expected[i])
      return false;
  return true;
}();
static_assert(all_filters<C<1>> && all_filters<C<2>> && all_filters<C<3>> && all_filters<C<4>>);
static_assert(all_filters<C<8>> && all_filters<C<16>> && all_filters<D<1>> && all_filters<D<2>>);
static_assert(all_filters<D<3>> && all_filters<D<4>> && all_filters<D<8>>);

// matrices over pairs of irreps
template <auto G, int N>
constexpr auto dimensions_of_irreps(int k) {
  std::array<std::array<int, N>, N> all{};
  const auto row = [&]<int Out, int... In>(std::integer_sequence<int, In...>) {
    ((all[Out][In] = kernel_dimension<irrep<G, In>, irrep<G, Out>>(kernel_size(k))), ...);
  };
  [&]<int... Out>(std::integer_sequence<int, Out...> indices) {
    (row.template operator()<Out>(indices), ...);
  }
  (std::make_integer_sequence<int, N>{});
  return all;
}
template <int N>
using table = std::array<std::array<int, N>, N>;
static_assert(dimensions_of_irreps<C<4>, 3>(5) == table<3>{{{3, 4, 4}, {4, 14, 4}, {4, 4, 3}}});
static_assert(
    dimensions_of_irreps<C<8>, 5>(5) ==
    table<5>{
        {{3, 4, 4, 0, 0}, {4, 10, 4, 4, 0}, {4, 4, 6, 4, 4}, {0, 4, 4, 10, 4}, {0, 0, 4, 4, 3}}});
static_assert(dimensions_of_irreps<SO<2>, 4>(7) ==
              table<4>{{{4, 6, 6, 2}, {6, 14, 8, 6}, {6, 8, 8, 6}, {2, 6, 6, 8}}});

// O(2)
constexpr auto even = irrep<O<2>, 0, 0>;
constexpr auto odd = irrep<O<2>, 1, 0>;
constexpr auto vector = irrep<O<2>, 1, 1>;
static_assert(kernel_dimension<even, even>(kernel_size(5)) == 3);
static_assert(kernel_dimension<even, vector>(kernel_size(5)) == 2);
static_assert(kernel_dimension<vector, vector>(kernel_size(5)) == 5);
static_assert(kernel_dimension<even, odd>(kernel_size(5)) == 0);

// harmonics of degree 4 look constant to C_4, and those of degree >= 4 odd to D_4
static_assert(kernel_dimension<trivial<C<4>>, trivial<C<4>>>(kernel_size(9)) == 7);
static_assert(kernel_dimension<irrep<D<4>, 0, 0>, irrep<D<4>, 1, 0>>(kernel_size(9)) == 1);

// at a point: linear maps
template <auto In, auto Out>
constexpr int maps = kernel_dimension<In, Out>(kernel_size(1));
static_assert(maps<regular<C<8>>, regular<C<8>>> == 8 && maps<regular<D<4>>, regular<D<4>>> == 8);
static_assert(maps<irrep<SO<2>, 1>, irrep<SO<2>, 1>> == 2 && maps<vector, vector> == 1);
static_assert(maps<irrep<SO<2>, 1>, irrep<SO<2>, 2>> == 0 && maps<even, odd> == 0);
static_assert(homomorphism_dimension<cyclic<8>>(regular<C<8>>.content(), regular<C<8>>.content()) ==
              8);
static_assert(homomorphism_dimension<cyclic<8>>((3 * irrep<C<8>, 1>).content(),
                                                (2 * irrep<C<8>, 1>).content()) == 12);

// tensor products
constexpr irrep_content content_of(std::initializer_list<irrep_copies> items) {
  irrep_content all;
  for (const auto& item : items) all.add(item.label, item.copies);
  return all;
}
static_assert(tensor_product(irrep<C<8>, 1>, irrep<C<8>, 1>).content() ==
              content_of({{{0, 0}, 2}, {{0, 2}, 1}}));
static_assert(tensor_product(irrep<D<8>, 1, 1>, irrep<D<8>, 1, 1>).content() ==
              content_of({{{0, 0}, 1}, {{1, 0}, 1}, {{1, 2}, 1}}));
static_assert(tensor_product(irrep<C<4>, 1>, irrep<C<4>, 1>).content() ==
              content_of({{{0, 0}, 2}, {{0, 2}, 2}}));

// band-limited representations
static_assert(band_limited<SO<2>, 0>.size() == 1 && band_limited<SO<2>, 1>.size() == 3);
static_assert(band_limited<SO<2>, 4>.size() == 9 && band_limited<O<2>, 0>.size() == 2);
static_assert(band_limited<O<2>, 1>.size() == 6 && band_limited<O<2>, 4>.size() == 18);
static_assert(band_limited<O<2>, 2>.content() ==
              content_of({{{0, 0}, 1}, {{1, 0}, 1}, {{1, 1}, 2}, {{1, 2}, 2}}));
static_assert(band_limited<D<4>, 4>.content() == regular<D<4>>.content());

// induction and restriction
static_assert(induce<O<2>>(irrep<SO<2>, 0>).content() == content_of({{{0, 0}, 1}, {{1, 0}, 1}}));
static_assert(induce<O<2>>(irrep<SO<2>, 3>).content() == content_of({{{1, 3}, 2}}));
static_assert(restrict_to<C<4>>(regular<D<4>>).content() == (2 * regular<C<4>>).content());
static_assert(quotient<C<8>, C<2>>.size() == 4 && quotient<D<4>, D<1>>.size() == 4);
static_assert(quotient<C<8>, C<1>>.content() == regular<C<8>>.content());
static_assert(quotient<C<8>, C<8>>.content() == trivial<C<8>>.content());

// the examples of the design
constexpr auto G = C<8>;
constexpr auto image = trivial<G>;
constexpr auto hidden = 16 * regular<G>;
constexpr auto mixed = 4 * trivial<G> + 2 * irrep<G, 1> + 3 * regular<G>;
static_assert(image.size() == 1 && hidden.size() == 128 && mixed.size() == 4 + 2 * 2 + 3 * 8);
static_assert(kernel_dimension<irrep<SO<2>, 1>, irrep<SO<2>, 2>>(kernel_size(7)) == 8);
static_assert(kernel_dimension<hidden, hidden>(kernel_size(5)) == 22'528);
static_assert(kernel_dimension<trivial<O<2>>, irrep<O<2>, 1, 0>>(kernel_size(5)) == 0);
static_assert(features_of<hidden>::kind == matrix_kind::permutation);
static_assert(features_of<mixed>::kind == matrix_kind::orthogonal);
static_assert(features_of<3 * irrep<O<2>, 1, 0>>::kind == matrix_kind::signed_permutation);
static_assert(features_of<mixed>::size == 32 && features_of<mixed>::fields == 9);

// equal representations are one type, which reads as the user wrote it; different ones are not
template <auto A, auto B>
constexpr bool same = std::is_same_v<features_of<A>, features_of<B>>;
static_assert(std::is_same_v<features_of<hidden>, features<copies<16, regular_of<cyclic<8>>>>>);
static_assert(
    std::is_same_v<features_of<mixed>,
                   features<copies<4, trivial_of<cyclic<8>>>, copies<2, irrep_of<cyclic<8>, 1>>,
                            copies<3, regular_of<cyclic<8>>>>>);
static_assert(same<8 * regular<G> + 8 * regular<G>, hidden> && same<2 * (8 * regular<G>), hidden>);
static_assert(same<(image + image) + hidden, 2 * image + hidden>);
static_assert(same<image + (image + hidden), (image + image) + hidden>);
static_assert(same<2 * (image + hidden), 2 * image + 32 * regular<G>>);
static_assert(same<image + 0 * hidden + image, 2 * image>);
static_assert(!same<image + hidden, hidden + image> && !same<image, trivial<C<4>>>);
static_assert(!same<hidden, 15 * regular<G>> && !same<irrep<C<8>, 0>, image>);
static_assert(same<features_of<mixed>::value, mixed>);

// the concepts do not take what is not theirs
static_assert(field_kind<regular_of<cyclic<8>>> && !field_kind<cyclic<8>> && !field_kind<int>);
static_assert(group<special_orthogonal<2>> && !finite_group<special_orthogonal<2>> &&
              finite_group<dihedral<4>>);
static_assert(!group<int> && !group<regular_of<cyclic<8>>>);
static_assert(feature_type<features_of<mixed>> &&
              !feature_type<std::remove_const_t<decltype(mixed)>>);
static_assert(subgroup_of<cyclic<4>, dihedral<8>> && subgroup_of<dihedral<1>, orthogonal<2>>);
static_assert(!subgroup_of<cyclic<3>, cyclic<8>> &&
              !subgroup_of<dihedral<1>, special_orthogonal<2>>);

// on volumes
static_assert(dimensions_of_irreps<SO<3>, 4>(5) ==
              table<4>{{{3, 2, 2, 0}, {2, 7, 4, 2}, {2, 4, 7, 4}, {0, 2, 4, 7}}});
static_assert(dimensions_of_irreps<SO<3>, 4>(3) ==
              table<4>{{{2, 1, 1, 0}, {1, 4, 2, 1}, {1, 2, 4, 2}, {0, 1, 2, 4}}});
static_assert(dimensions_of_irreps<SO<3>, 4>(1) ==
              table<4>{{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}});
template <auto In, auto Out>
constexpr int of_o3 = kernel_dimension<In, Out>(kernel_size(5));
static_assert(of_o3<irrep<O<3>, 1, 1>, irrep<O<3>, 1, 1>> == 5);
static_assert(of_o3<irrep<O<3>, 0, 1>, irrep<O<3>, 1, 1>> == 2);
static_assert(of_o3<irrep<O<3>, 0, 0>, irrep<O<3>, 1, 1>> == 2);
static_assert(of_o3<irrep<O<3>, 0, 0>, irrep<O<3>, 0, 1>> == 0);

}  // namespace
