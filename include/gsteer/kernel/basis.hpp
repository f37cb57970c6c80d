// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <memory>
#include <vector>

#include "gsteer/kernel/space.hpp"

namespace gsteer {

/// One element of a basis of equivariant kernels, a function of the relative position.
class Kernel {
 public:
  Kernel(std::shared_ptr<const kernel_space> space, int block, int slot, int term, int out_copy,
         int in_copy)
      : space_(std::move(space)),
        block_(block),
        slot_(slot),
        term_(term),
        out_copy_(out_copy),
        in_copy_(in_copy) {}

  /// The value at x, in taps: channels out x channels in. K(g x) = rho_out(g) K(x) rho_in(g)^-1 for
  /// every x.
  Eigen::MatrixXd operator()(const Eigen::VectorXd& x) const {
    const auto& block = space_->blocks[static_cast<std::size_t>(block_)];
    const auto& out = space_->out[static_cast<std::size_t>(block.out_block)];
    const auto& in = space_->in[static_cast<std::size_t>(block.in_block)];
    const auto& slot = block.slots[static_cast<std::size_t>(slot_)];
    const auto& to = out.irreps[static_cast<std::size_t>(slot.out_slot)];
    const auto& from = in.irreps[static_cast<std::size_t>(slot.in_slot)];
    const auto& t = term();
    std::vector<double> y(static_cast<std::size_t>(t.tensor.sizes[0]));
    space_->harmonics(t.frequency, x, y.data());
    const double radial = radial_value(ring(), x.norm());
    Eigen::MatrixXd between = Eigen::MatrixXd::Zero(to.size, from.size);
    for (int c = 0; c < t.tensor.sizes[0]; ++c)
      for (int m = 0; m < to.size; ++m)
        for (int n = 0; n < from.size; ++n)
          between(m, n) += radial * y[static_cast<std::size_t>(c)] * t.tensor(c, m, n);
    Eigen::MatrixXd k = Eigen::MatrixXd::Zero(channels(space_->out), channels(space_->in));
    for (int i = 0; i < out.size; ++i)
      for (int j = 0; j < in.size; ++j)
        for (int m = 0; m < to.size; ++m)
          for (int n = 0; n < from.size; ++n)
            k(out.offset + out_copy_ * out.size + i, in.offset + in_copy_ * in.size + j) +=
                out.basis(i, to.offset + m) * between(m, n) * in.basis(j, from.offset + n);
    return k;
  }

  const kernel_ring& ring() const {
    return space_->profile.rings[static_cast<std::size_t>(term().ring)];
  }
  /// Degree of the harmonic.
  int frequency() const { return term().frequency; }

 private:
  const kernel_term& term() const {
    const auto& slot =
        space_->blocks[static_cast<std::size_t>(block_)].slots[static_cast<std::size_t>(slot_)];
    return space_->terms_of(slot)[static_cast<std::size_t>(term_)];
  }

  std::shared_ptr<const kernel_space> space_;
  int block_, slot_, term_, out_copy_, in_copy_;
};

/// A basis of all equivariant kernels from In to Out with this profile, in the order of a
/// convolution's coefficients (which has them sampled and normalized). Its length is
/// kernel_dimension<In, Out>(profile).
template <auto In, auto Out>
std::vector<Kernel> kernel_basis(const kernel_profile& profile) {
  const auto space = std::make_shared<const kernel_space>(
      kernel_space_of<features_of<In>, features_of<Out>>(profile));
  std::vector<Kernel> basis;
  int b = 0;
  for (const auto& block : space->blocks) {
    for (int o = 0; o < space->out[static_cast<std::size_t>(block.out_block)].copies; ++o)
      for (int i = 0; i < space->in[static_cast<std::size_t>(block.in_block)].copies; ++i) {
        int s = 0;
        for (const auto& slot : block.slots) {
          for (int t = 0; t < slot.size; ++t) basis.emplace_back(space, b, s, t, o, i);
          ++s;
        }
      }
    ++b;
  }
  return basis;
}

}  // namespace gsteer
