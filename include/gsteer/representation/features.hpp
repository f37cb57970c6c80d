// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "gsteer/core/matrix.hpp"
#include "gsteer/representation/representation.hpp"

namespace gsteer {

/// n fields of one kind, in the spelling of a feature space.
template <int N, field_kind Field>
struct copies {
  static constexpr int count = N;
  using field = Field;
};

/// The type that stands for a representation. Layers are keyed on it, and it is what a compiler
/// prints: 16 * regular<C<8>> + trivial<C<8>> is features<copies<16, regular_of<cyclic<8>>>,
/// copies<1, trivial_of<cyclic<8>>>>. Equal representations have one such type (features_of).
template <class First, class... Rest>
struct features {
  using group = typename First::field::group;

  /// The representation as a value.
  static constexpr representation<typename First::field, typename Rest::field...> value{
      {First::count, Rest::count...}};
  /// Number of channels.
  static constexpr int size = value.size();
  /// Number of fields.
  static constexpr int fields = (First::count + ... + Rest::count);
  /// The matrices of the sum look like those of its least regular field.
  static constexpr matrix_kind kind = [] {
    matrix_kind worst = First::field::kind;
    ((worst = worst < Rest::field::kind ? Rest::field::kind : worst), ...);
    return worst;
  }();

  /// "16 regular + 1 trivial of C8", for messages.
  static std::string name() {
    std::string text = detail::join_text(First::count, ' ', First::field::name());
    ((text += detail::join_text(" + ", Rest::count, ' ', Rest::field::name())), ...);
    return text + " of " + group::name();
  }

  /// Calls visit.template operator()<Field>(copies, offset of the first channel) for each kind of
  /// field in turn.
  template <class Visit>
  static void for_each_kind(Visit&& visit) {
    int offset = 0;
    const auto one_kind = [&]<class Block>(std::type_identity<Block>) {
      visit.template operator()<typename Block::field>(Block::count, offset);
      offset += Block::count * Block::field::size;
    };
    one_kind(std::type_identity<First>{});
    (one_kind(std::type_identity<Rest>{}), ...);
  }
};

namespace detail {

template <class... Blocks>
struct spelling {};

// Appends n fields: none if n is 0, merged with the last block if that is of the same kind.
template <class Done, class Todo, int N, class Field>
struct append;
template <class... Done, class Field>
struct append<spelling<Done...>, spelling<>, 0, Field> {
  using type = spelling<Done...>;
};
template <class... Done, int N, class Field>
struct append<spelling<Done...>, spelling<>, N, Field> {
  using type = spelling<Done..., copies<N, Field>>;
};
template <class... Done, int M, int N, class Field>
struct append<spelling<Done...>, spelling<copies<M, Field>>, N, Field> {
  using type = spelling<Done..., copies<M + N, Field>>;
};
template <class... Done, class Next, class... Todo, int N, class Field>
struct append<spelling<Done...>, spelling<Next, Todo...>, N, Field>
    : append<spelling<Done..., Next>, spelling<Todo...>, N, Field> {};

template <class Spelling>
struct finish {
  static_assert(!std::is_same_v<Spelling, Spelling>, "gsteer: a field needs at least one channel");
};
template <class First, class... Rest>
struct finish<spelling<First, Rest...>> {
  using type = features<First, Rest...>;
};

template <auto F, class Type = std::remove_cvref_t<decltype(F)>>
struct spell {
  static_assert(!std::is_same_v<Type, Type>,
                "gsteer: expected a representation such as 16 * regular<C<8>> + trivial<C<8>>");
};
template <auto F, class... Fields>
struct spell<F, representation<Fields...>> {
  template <class Spelling, std::size_t I>
  static auto build() {
    if constexpr (I == sizeof...(Fields)) {
      return std::type_identity<Spelling>{};
    } else {
      using Field = std::tuple_element_t<I, std::tuple<Fields...>>;
      return build<typename append<spelling<>, Spelling, F.copies[I], Field>::type, I + 1>();
    }
  }
  using type = typename finish<typename decltype(build<spelling<>, 0>())::type>::type;
};

}  // namespace detail

/// The type of a representation value: features_of<16 * regular<C<8>>>.
template <auto F>
using features_of = typename detail::spell<F>::type;

/// A type that features_of gives.
template <class F>
concept feature_type = requires {
  typename F::group;
  { F::size } -> std::convertible_to<int>;
  { F::fields } -> std::convertible_to<int>;
  { F::kind } -> std::convertible_to<matrix_kind>;
  F::value.content();
};

/// The matrix by which g acts on the channels: representation_matrix<mixed>(g), block-diagonal,
/// mixed.size() square.
template <auto F>
Eigen::MatrixXd representation_matrix(const typename features_of<F>::group::element& g) {
  using Features = features_of<F>;
  Eigen::MatrixXd m = detail::zeros(Features::size, Features::size);
  Features::for_each_kind([&]<class Field>(int count, int offset) {
    const Eigen::MatrixXd block = Field::matrix(g);
    for (int i = 0; i < count; ++i)
      detail::place(m, offset + i * Field::size, offset + i * Field::size, block);
  });
  return m;
}

/// The character, the trace of representation_matrix.
template <auto F>
double character(const typename features_of<F>::group::element& g) {
  double trace = 0;
  features_of<F>::for_each_kind(
      [&]<class Field>(int count, int) { trace += count * Field::matrix(g).trace(); });
  return trace;
}

}  // namespace gsteer
