// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gsteer/core/random.hpp"
#include "gsteer/layer/kernels/fieldwise.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/remembered.hpp"

namespace gsteer {

struct DropoutOptions {
  double probability = 0.5;  ///< that a field is dropped, in [0, 1)
  std::uint64_t seed = 0;    ///< give each layer of a network another one
};

/// In training, sets each field of each item to zero with probability p, on all its channels and
/// points at once, and multiplies the others by 1 / (1 - p). Whole fields, because dropping
/// channels one by one would break the symmetry. The frozen layer passes its input on. On irreps
/// this is e3nn's nn.Dropout.
///
/// For a given choice of fields the layer is linear and symmetric: its derivatives of first and
/// second order apply the choice of the last forward pass.
///
/// Random numbers are drawn item by item, field by field. The state of the generator belongs to a
/// checkpoint. Use the alias FieldDropout.
template <feature_type F, class Scalar_ = float>
class field_dropout {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;

  /// \throws Error unless 0 <= probability < 1
  explicit field_dropout(DropoutOptions options = {})
      : probability_(options.probability), rng_(options.seed) {
    expect(probability_ >= 0 && probability_ < 1,
           "FieldDropout: expected a probability in [0, 1), got ", probability_);
  }

  template <class Space>
  Field<F, Scalar, Space> forward(Field<F, Scalar, Space> x) {
    factors_.assign(static_cast<std::size_t>(x.batch()) * F::fields, Scalar{0});
    for (Scalar& factor : factors_)
      if (rng_.uniform() >= probability_) factor = static_cast<Scalar>(1 / (1 - probability_));
    shape_.set(x);
    return scale(std::move(x));
  }

  template <class Space>
  Field<F, Scalar, Space> backward(Field<F, Scalar, Space> gradient) {
    shape_.check("FieldDropout", gradient);
    return scale(std::move(gradient));
  }

  Field<F, Scalar, Point> backward_input(Field<F, Scalar, Point> gradient) const {
    shape_.check("FieldDropout", gradient);
    return scale(std::move(gradient));
  }
  Field<F, Scalar, Point> forward_tangent(Field<F, Scalar, Point> dx) const {
    expect(shape_.batch > 0 && dx.batch() == shape_.batch, "FieldDropout: expected a tangent of ",
           shape_.batch, " items after forward, got ", dx.batch());
    return scale(std::move(dx));
  }
  Field<F, Scalar, Point> backward_tangent(Field<F, Scalar, Point> dg) const {
    return backward_input(std::move(dg));
  }

  auto freeze() const {
    return make_frozen<F, F, Scalar>([](auto x) { return detail::overwritable(std::move(x)); });
  }

  template <class Visit>
  void visit_generators(Visit&& visit) {
    visit("generator", rng_);
  }

 private:
  template <class X>
  X scale(X x) const {
    auto y = detail::overwritable(std::move(x));
    const detail::FieldBatch f{y.batch(), y.points(), detail::channels_of_fields<F>(),
                               std::is_same_v<typename X::Space, Point>};
    f.for_each([&](int b, int i) {
      const Scalar factor =
          factors_[static_cast<std::size_t>(b) * F::fields + static_cast<std::size_t>(i)];
      Scalar* row = y.data() + f.channel(b, i, F::size);
      // Not multiplied by 0: what is dropped is gone, even if it is not finite.
      for (int k = 0; k < f.channels(i) * f.points; ++k) row[k] = factor == 0 ? 0 : factor * row[k];
    });
    return y;
  }

  double probability_;
  Rng rng_;
  std::vector<Scalar> factors_;  ///< [item][field]
  detail::RememberedShape shape_;
};

/// Dropout of fields given as values: FieldDropout<16 * regular<C<8>>>{{.probability = 0.3, .seed =
/// 1}}.
template <auto F, class Scalar = float>
using FieldDropout = field_dropout<features_of<F>, Scalar>;

}  // namespace gsteer
