// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/representation/features.hpp"
#include "gsteer/representation/irrep_parser.hpp"

namespace gsteer {
namespace detail {

/// A text as a template argument.
template <std::size_t N>
struct fixed_string {
  char characters[N]{};

  constexpr fixed_string(const char (&text)[N]) {
    for (std::size_t i = 0; i < N; ++i) characters[i] = text[i];
  }
  constexpr std::string_view view() const { return {characters, N - 1}; }
};

/// The field of an irrep of O(3), or of SO(3), where all are even: 0e is spelled trivial_of, so
/// that irreps<"4x0e"> and 4 * trivial<O<3>> are one type.
template <class G, int Parity, int L>
struct field_of_irrep {
  using type = irrep_of<G, Parity, L>;
};
template <int L>
struct field_of_irrep<special_orthogonal<3>, 0, L> {
  using type = irrep_of<special_orthogonal<3>, L>;
};
template <>
struct field_of_irrep<special_orthogonal<3>, 0, 0> {
  using type = trivial_of<special_orthogonal<3>>;
};
template <>
struct field_of_irrep<orthogonal<3>, 0, 0> {
  using type = trivial_of<orthogonal<3>>;
};

template <bool Found, int Parity = 0, int L = 0>
struct found_label {
  static constexpr bool found = Found;
  static constexpr irrep_label label{Parity, L};
};

/// The label of a field that is one irrep of O(3) or SO(3) in the basis of e3nn; `found` is false
/// for all others.
template <class Field>
struct label_of_field : found_label<false> {};
template <>
struct label_of_field<trivial_of<orthogonal<3>>> : found_label<true> {};
template <>
struct label_of_field<trivial_of<special_orthogonal<3>>> : found_label<true> {};
template <int Parity, int L>
struct label_of_field<irrep_of<orthogonal<3>, Parity, L>> : found_label<true, Parity, L> {};
template <int L>
struct label_of_field<irrep_of<special_orthogonal<3>, L>> : found_label<true, 0, L> {};

/// The group of a representation, given as a value; it may have no channels.
template <class Representation>
struct group_of_representation;
template <class First, class... Rest>
struct group_of_representation<representation<First, Rest...>> {
  using type = typename First::group;
};
template <auto R>
using irreps_group = typename group_of_representation<std::remove_cvref_t<decltype(R)>>::type;

/// The representation of a list that a function without state computes.
template <class G = orthogonal<3>, class Function>
constexpr auto spell_irreps(Function) {
  constexpr std::size_t count = Function{}().size();
  constexpr auto blocks = [] {
    std::array<irrep_copies, count> all{};
    const IrrepList list = Function{}();
    for (std::size_t i = 0; i < count; ++i) all[i] = list[i];
    return all;
  }();
  static_assert(count > 0, "gsteer: a representation needs at least one irrep, got none");
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return representation<
        typename field_of_irrep<G, blocks[I].label.parity, blocks[I].label.frequency>::type...>{
        {blocks[I].copies...}};
  }
  (std::make_index_sequence<count>{});
}

/// Speaks when irreps<"..."> cannot be read. The characters that are wrong stand among the template
/// arguments, where every compiler prints them.
template <irreps_mistake Mistake, std::size_t Position, char... Wrong>
struct unreadable_irreps {
  static_assert(Mistake != irreps_mistake::number_expected,
                "gsteer: irreps<...>: expected a multiplicity or l, as in 16x1o or 1o");
  static_assert(Mistake != irreps_mistake::l_expected,
                "gsteer: irreps<...>: expected l after the x, as in 16x1o");
  static_assert(Mistake != irreps_mistake::parity_expected,
                "gsteer: irreps<...>: expected the parity after l: e (even), o (odd) or y, that of "
                "(-1)^l");
  static_assert(Mistake != irreps_mistake::plus_expected,
                "gsteer: irreps<...>: expected + between two irreps");
  static_assert(Mistake != irreps_mistake::number_has_seven_digits,
                "gsteer: irreps<...>: a number is too large");
  static constexpr representation<trivial_of<orthogonal<3>>> value{{1}};
};

template <fixed_string Text>
constexpr auto read_irreps() {
  constexpr auto mistake = [] {
    const auto parsed = parse_irreps_text(Text.view());
    return std::array<std::size_t, 3>{static_cast<std::size_t>(parsed.mistake), parsed.first,
                                      parsed.last};
  }();
  if constexpr (mistake[0] == 0) {
    return spell_irreps([] { return parse_irreps_text(Text.view()).list; });
  } else {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return unreadable_irreps<static_cast<irreps_mistake>(mistake[0]), mistake[1],
                               Text.characters[mistake[1] + I]...>::value;
    }
    (std::make_index_sequence<mistake[2] - mistake[1]>{});
  }
}

template <class... Fields>
constexpr IrrepList list_blocks(const std::array<int, sizeof...(Fields)>& copies) {
  static_assert(
      (label_of_field<Fields>::found && ...),
      "gsteer: expected irreps of O(3) side by side, as irreps<\"16x0e+8x1o\"> gives, or "
      "of SO(3), 16 * trivial<SO<3>> + 8 * irrep<SO<3>, 1>; this representation has other "
      "fields");
  IrrepList list;
  std::size_t i = 0;
  (list.push_back({label_of_field<Fields>::label, copies[i++]}), ...);
  return list;
}

template <class Features>
struct blocks_of_features;
template <class... Blocks>
struct blocks_of_features<features<Blocks...>> {
  static constexpr IrrepList list() {
    return list_blocks<typename Blocks::field...>({Blocks::count...});
  }
};

}  // namespace detail

/// A representation of O(3) in the notation of e3nn, read by the compiler:
///   irreps<"32x0e + 16x1o + 8x2e">   is   32 * trivial<O<3>> + 16 * irrep<O<3>, 1, 1> + ...
/// The letter is the parity, e, o, or y for (-1)^l; a multiplicity of 1 may be left out. Blocks
/// stay as they are written until features_of merges neighbors and drops those of no copies.
template <detail::fixed_string Text>
inline constexpr auto irreps = detail::read_irreps<Text>();

/// The blocks of a representation of irreps of O(3) or SO(3); in the latter all labels are even.
template <class... Fields>
constexpr IrrepList irrep_list(const representation<Fields...>& r) {
  return detail::list_blocks<Fields...>(r.copies);
}

/// The same for the type of a feature space, irrep_list<features_of<...>>().
template <class Features>
constexpr IrrepList irrep_list() {
  return detail::blocks_of_features<Features>::list();
}

/// The blocks of R in the order 0o, 0e, 1o, 1e, ..., equal ones in the order they have.
template <auto R>
inline constexpr auto sorted_irreps = detail::spell_irreps<detail::irreps_group<R>>([] {
  return sorted(irrep_list(R));
});

/// R with neighbors of one irrep merged and empty blocks left out.
template <auto R>
inline constexpr auto simplified_irreps = detail::spell_irreps<detail::irreps_group<R>>([] {
  return simplified(irrep_list(R));
});

/// The blocks of R whose irrep occurs in Kept.
template <auto R, auto Kept>
inline constexpr auto filtered_irreps = detail::spell_irreps<detail::irreps_group<R>>([] {
  static_assert(std::is_same_v<detail::irreps_group<R>, detail::irreps_group<Kept>>,
                "gsteer: irreps are compared with those of the same group");
  return filtered(irrep_list(R), irrep_list(Kept));
});

/// The irreps of R as fields of SO(3): what is left of those of O(3) without reflections.
/// without_parity<irreps<"4x0e+2x1o">> is 4 * trivial<SO<3>> + 2 * irrep<SO<3>, 1>.
template <auto R>
inline constexpr auto without_parity = detail::spell_irreps<special_orthogonal<3>>([] {
  IrrepList all = irrep_list(R);
  for (auto& block : all) block.label.parity = 0;
  return all;
});

/// The irreps of the tensor product of A and B, sorted and simplified. (tensor_product(a, b) is the
/// same representation in the basis of products of channels.)
template <auto A, auto B>
inline constexpr auto product_of_irreps = detail::spell_irreps<detail::irreps_group<A>>([] {
  static_assert(std::is_same_v<detail::irreps_group<A>, detail::irreps_group<B>>,
                "gsteer: a tensor product is one of irreps of one group; without_parity<...> are "
                "those of SO(3)");
  return product_irreps(irrep_list(A), irrep_list(B));
});

/// 1x0e+1x1o+1x2e+... up to l = LMax: what spherical harmonics are; for SO<3> without parities.
template <int LMax, auto G = O<3>>
inline constexpr auto spherical_harmonics_irreps = detail::spell_irreps<group_of<G>>([] {
  IrrepList all;
  for (int l = 0; l <= LMax; ++l) all.push_back({group_of<G>::harmonic(l), 1});
  return all;
});

}  // namespace gsteer
