// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "gsteer/representation/derived_fields.hpp"
#include "gsteer/representation/fields.hpp"

namespace gsteer {

/// A representation as users write it: a sum of fields with multiplicities, `16 * regular<G> + 4 *
/// trivial<G>`. A constexpr value; the kinds of field are in its type, how many of each in its
/// data. Fields keep the order in which they are written, neighbors of one kind are merged: 8 *
/// regular<G> + 8 * regular<G> is 16 * regular<G>.
template <field_kind... Fields>
struct representation {
  std::array<int, sizeof...(Fields)> copies{};

  /// Number of channels.
  constexpr int size() const {
    int channels = 0;
    std::size_t i = 0;
    ((channels += copies[i++] * Fields::size), ...);
    return channels;
  }

  constexpr irrep_content content() const {
    irrep_content all;
    std::size_t i = 0;
    const auto add = [&](int n, const irrep_content& part) {
      for (const auto& item : part) all.add(item.label, n * item.copies);
    };
    (add(copies[i++], Fields::content()), ...);
    return all;
  }

  friend constexpr bool operator==(const representation&, const representation&) = default;
};

namespace detail {

template <class... Fields>
struct field_list {};

template <class Left, class Right, class Done = field_list<>>
struct join_lists;  // Left + Right, the last of Left merged with the first of Right if they are one
                    // kind
template <class A, class... Right, class... Done>
struct join_lists<field_list<A>, field_list<A, Right...>, field_list<Done...>> {
  using type = representation<Done..., A, Right...>;
};
template <class A, class... Right, class... Done>
struct join_lists<field_list<A>, field_list<Right...>, field_list<Done...>> {
  using type = representation<Done..., A, Right...>;
};
template <class A, class B, class... Left, class... Right, class... Done>
struct join_lists<field_list<A, B, Left...>, field_list<Right...>, field_list<Done...>>
    : join_lists<field_list<B, Left...>, field_list<Right...>, field_list<Done..., A>> {};

}  // namespace detail

template <class... Fields>
constexpr representation<Fields...> operator*(int n, representation<Fields...> r) {
  if (n < 0) throw Error("gsteer: a multiplicity is a number >= 0");
  for (int& copies : r.copies) copies *= n;
  return r;
}

/// The direct sum; the channels of the left side come first.
template <class A, class... As, class B, class... Bs>
constexpr auto operator+(const representation<A, As...>& a, const representation<B, Bs...>& b) {
  static_assert(std::is_same_v<typename A::group, typename B::group>,
                "gsteer: a direct sum needs one group on both sides");
  typename detail::join_lists<detail::field_list<A, As...>, detail::field_list<B, Bs...>>::type sum;
  const std::size_t shift = sum.copies.size() - b.copies.size();
  for (std::size_t i = 0; i < a.copies.size(); ++i) sum.copies[i] += a.copies[i];
  for (std::size_t i = 0; i < b.copies.size(); ++i) sum.copies[shift + i] += b.copies[i];
  return sum;
}

/// One channel that does not change, `trivial<C<8>>`.
template <auto G>
inline constexpr representation<trivial_of<group_of<G>>> trivial{{1}};

/// One irrep: irrep<C<8>, 1>, irrep<SO<2>, 1>, irrep<D<4>, 1, 0>, irrep<O<2>, 1, 2>.
template <auto G, int... Label>
inline constexpr representation<irrep_of<group_of<G>, Label...>> irrep{{1}};

/// The regular representation of a finite group.
template <auto G>
inline constexpr representation<regular_of<group_of<G>>> regular{{1}};

/// The quotient representation on the cosets of the subgroup H: quotient<C<8>, C<2>> has 4
/// channels.
template <auto G, auto H>
inline constexpr representation<quotient_of<group_of<G>, group_of<H>>> quotient{{1}};

/// The regular representation of a compact group up to frequency L, as one field in the basis of
/// irreps.
template <auto G, int L>
inline constexpr representation<band_limited_of<group_of<G>, L>> band_limited{{1}};

/// One field of a type of the user that satisfies the concept field_kind.
template <field_kind A>
inline constexpr representation<A> representation_of{{1}};

/// Every field of r, seen as a field of the subgroup H.
template <auto H, class... Fields>
constexpr auto restrict_to(const representation<Fields...>& r) {
  return representation<restricted_of<group_of<H>, Fields>...>{r.copies};
}

/// Every field of r, induced to the larger group G.
template <auto G, class... Fields>
constexpr auto induce(const representation<Fields...>& r) {
  return representation<induced_of<group_of<G>, Fields>...>{r.copies};
}

/// Every field of r replaced by its dual.
template <class... Fields>
constexpr auto dual(const representation<Fields...>& r) {
  return representation<dual_of<Fields>...>{r.copies};
}

namespace detail {

template <class A, class... Bs>
constexpr auto multiply_field(int n, const representation<Bs...>& b) {
  return n * representation<tensor_product_of<A, Bs>...>{b.copies};
}

}  // namespace detail

/// The tensor product, distributed over the sums: each field of a with each field of b, those of b
/// changing fastest.
template <class... As, class... Bs>
constexpr auto tensor_product(const representation<As...>& a, const representation<Bs...>& b) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (detail::multiply_field<As>(a.copies[I], b) + ...);
  }
  (std::index_sequence_for<As...>{});
}

}  // namespace gsteer
