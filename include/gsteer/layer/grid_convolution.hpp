// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "gsteer/core/sum.hpp"
#include "gsteer/kernel/sampled.hpp"
#include "gsteer/layer/fusion.hpp"
#include "gsteer/layer/harmonic_convolution.hpp"
#include "gsteer/layer/invariant_bias.hpp"
#include "gsteer/layer/kernels/convolution.hpp"
#include "gsteer/layer/parameter.hpp"

namespace gsteer {

/// How a convolution is carried out. All give the same numbers up to rounding.
enum class ConvolutionMethod {
  automatic,  ///< whichever an estimate of the times says is faster
  dense,      ///< the kernel expanded, then as any convolution
  harmonic    ///< without the dense kernel, see HarmonicPlan; for one group of fields
};

/// Settings of a convolution. The size of its kernel is a template argument, because it decides
/// which kernels exist.
struct ConvolutionOptions {
  int stride = 1;
  int padding = 0;
  Padding padding_mode = Padding::zero;
  /// Distance of neighboring taps in pixels. The kernel is stretched as a whole, so that the number
  /// of parameters stays the same (escnn stretches the rings but not their widths).
  int dilation = 1;
  /// Fields of every kind are divided into this many groups, and group i of the output sees group i
  /// of the input.
  int groups = 1;
  bool bias = true;  ///< on the invariant part of the output
  /// Accept grids on which the stride samples one side more than the other: the layer then commutes
  /// with translations only.
  bool any_size = false;
  ConvolutionMethod method = ConvolutionMethod::automatic;
};

namespace detail {

/// The linear map behind all convolutions and Linear, with its gradients. Knows groups and
/// representations only as data; one instance for each scalar type.
template <class Scalar>
class GridConvolution {
 public:
  /// `space` is that of one group of fields; all groups have the same. `mixing`: see
  /// HarmonicConvolution.
  [[gnu::cold]] GridConvolution(kernel_space space, const ConvolutionOptions& options,
                                MixingFactory<Scalar> mixing = nullptr)
      : options_(options),
        sampled_(std::make_shared<const SampledKernels<Scalar>>(std::move(space))),
        invariant_(sampled_->space().out) {
    choose_method(mixing);
    const auto& s = sampled_->space();
    in_ = channels(s.in);
    out_ = channels(s.out);
    in_order_ = group_order(s.in, options.groups);
    out_order_ = group_order(s.out, options.groups);
    weight = Parameter<Scalar>(s.size * options.groups);
    if (options.bias) bias = Parameter<Scalar>(invariant_.count * options.groups);
  }

  Windows windows(const std::array<int, 3>& size) const {
    Windows w;
    w.size = size;
    const int k = sampled_->space().profile.size;
    for (auto axis = size_t_of(3 - sampled_->space().dimension); axis < 3; ++axis) {
      w.kernel[axis] = k;
      w.stride[axis] = options_.stride;
      w.padding[axis] = options_.padding;
      w.dilation[axis] = options_.dilation;
    }
    w.mode = options_.padding_mode;
    return w;
  }

  const kernel_space& space() const { return sampled_->space(); }
  const ConvolutionOptions& options() const { return options_; }
  int in_channels() const { return in_ * options_.groups; }
  int out_channels() const { return out_ * options_.groups; }

  /// The dense kernel [out][in / groups][tap] of the present coefficients.
  const Buffer<Scalar>& expand() {
    const std::size_t one = size_t_of(out_) * size_t_of(in_) * size_t_of(sampled_->taps());
    if (kernel_.empty()) kernel_ = Buffer<Scalar>(size_t_of(options_.groups) * one);
    for (std::size_t g = 0; g < size_t_of(options_.groups); ++g)
      sampled_->expand(weight.value.data() + g * size_t_of(sampled_->size()),
                       kernel_.data() + g * one);
    return kernel_;
  }
  const Buffer<Scalar>& kernel() const { return kernel_; }

  /// Makes ready for forward and backward with the present coefficients.
  void prepare() {
    if (!harmonic_) {
      expand();
      return;
    }
    if (matrices_.empty()) matrices_ = Buffer<Scalar>(harmonic_->matrix_size());
    harmonic_->load(weight.value.data(), matrices_.data());
  }

  /// The bias of every output channel, in the order of the groups; all zero without bias.
  Buffer<Scalar> dense_bias() const {
    Buffer<Scalar> dense(size_t_of(out_channels()));
    if (!options_.bias) return dense;
    for (int g = 0; g < options_.groups; ++g)
      for (const auto& e : invariant_.entries)
        dense[size_t_of(g * out_ + e.channel)] +=
            e.value * bias.value[size_t_of(g * invariant_.count + e.index)];
    return dense;
  }

  /// Changes coefficients and bias so that each result is followed by an affine map. `prepare` must
  /// be called afterwards.
  [[gnu::cold]] void follow_by(const ChannelAffine<Scalar>& map) {
    const auto channel = [&](int c) {  // in the order of the layer
      return size_t_of(out_order_.empty() ? c : out_order_[size_t_of(c)]);
    };
    const auto& s = space();
    const auto before = dense_bias();
    Buffer<Scalar> after(size_t_of(invariant_.count * options_.groups));
    for (int g = 0; g < options_.groups; ++g) {
      for (const auto& pair : s.blocks) {
        const auto& fields = s.out[size_t_of(pair.out_block)];
        const int count = s.in[size_t_of(pair.in_block)].copies * pair.dimension;
        Scalar* w = weight.value.data() + g * s.size + pair.first;
        for (int o = 0; o < fields.copies; ++o)
          for (int i = 0; i < count; ++i)
            *w++ *= map.factor[channel(g * out_ + fields.offset + o * fields.size)];
      }
      // Directions have length 1: the bias on each is the inner product with it.
      for (const auto& e : invariant_.entries) {
        const int at = g * out_ + e.channel;
        after[size_t_of(g * invariant_.count + e.index)] +=
            e.value * (map.factor[channel(at)] * before[size_t_of(at)] + map.shift[channel(at)]);
      }
    }
    options_.bias = true;
    bias.value = std::move(after);
  }

  /// out = correlation of in with the kernel, plus bias, and finished. Const: `prepare` must have
  /// been called since the coefficients last changed.
  void forward(const Scalar* in, Scalar* out, int batch, const Windows& w,
               const Finish<Scalar>& finish = {}) const {
    const auto b = dense_bias();
    if (harmonic_) return harmonic_->forward(in, out, matrices_.data(), b.data(), batch, w, finish);
    const Ordered x(in, batch, in_order_, w.cells());
    Reordered y(out, batch, out_order_, w.outputs());
    convolve(y.data(), x.data(), kernel_.data(), b.data(), w, batch, out_channels(), in_channels(),
             options_.groups, finish);
    y.store();
  }

  /// d_in = gradient with respect to the input; adds to the gradients of coefficients and bias.
  void backward(const Scalar* in, const Scalar* d_out, Scalar* d_in, int batch, const Windows& w) {
    backward_bias(d_out, batch, w.outputs());
    if (harmonic_)
      return harmonic_->backward(in, d_out, d_in, matrices_.data(), weight.gradient.data(), batch,
                                 w);
    const Ordered x(in, batch, in_order_, w.cells());
    const Ordered g(d_out, batch, out_order_, w.outputs());
    Buffer<Scalar> d_kernel(kernel_.size());
    convolve_kernel_gradient(d_kernel.data(), x.data(), g.data(), w, batch, out_channels(),
                             in_channels(), options_.groups);
    add_kernel_gradient(d_kernel);
    Reordered d(d_in, batch, in_order_, w.cells());
    convolve_adjoint(d.data(), g.data(), kernel_.data(), w, batch, out_channels(), in_channels(),
                     options_.groups);
    d.store();
  }

  /// The kernel turned around, [in / groups][out][tap] with the taps in reverse order: with it the
  /// adjoint of `convolve` is the transposed convolution.
  Buffer<Scalar> turn(const Buffer<Scalar>& kernel, int rows, int cols) const {
    const std::size_t taps = size_t_of(sampled_->taps()), m = size_t_of(rows), n = size_t_of(cols);
    Buffer<Scalar> turned(kernel.size());
    for (std::size_t g = 0; g < size_t_of(options_.groups); ++g)
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < n; ++j)
          std::reverse_copy(&kernel[((g * m + i) * n + j) * taps],
                            &kernel[((g * m + i) * n + j) * taps] + taps,
                            &turned[((g * n + j) * m + i) * taps]);
    return turned;
  }

  /// The transposed convolution; `w` are the windows on the grid of the *output*.
  void forward_transposed(const Scalar* in, Scalar* out, int batch, const Windows& w) const {
    const auto b = dense_bias();
    const Ordered x(in, batch, in_order_, w.outputs());
    Reordered y(out, batch, out_order_, w.cells());
    for (std::size_t i = 0; i < size_t_of(batch * out_channels()); ++i)
      std::fill_n(y.data() + i * size_t_of(w.cells()), w.cells(), b[i % size_t_of(out_channels())]);
    convolve_adjoint(y.data(), x.data(), turn(kernel_, out_, in_).data(), w, batch, in_channels(),
                     out_channels(), options_.groups, true);
    y.store();
  }
  void backward_transposed(const Scalar* in, const Scalar* d_out, Scalar* d_in, int batch,
                           const Windows& w) {
    backward_bias(d_out, batch, w.cells());
    const Ordered x(in, batch, in_order_, w.outputs());
    const Ordered g(d_out, batch, out_order_, w.cells());
    Buffer<Scalar> turned(kernel_.size());
    convolve_kernel_gradient(turned.data(), g.data(), x.data(), w, batch, in_channels(),
                             out_channels(), options_.groups);
    add_kernel_gradient(turn(turned, in_, out_));
    Reordered d(d_in, batch, in_order_, w.outputs());
    const Scalar* no_bias = nullptr;
    convolve(d.data(), g.data(), turn(kernel_, out_, in_).data(), no_bias, w, batch, in_channels(),
             out_channels(), options_.groups);
    d.store();
  }

  /// Adds to the gradients of the coefficients what a gradient with respect to the dense kernel
  /// gives them.
  void add_kernel_gradient(const Buffer<Scalar>& d_kernel) {
    const std::size_t one = kernel_.size() / size_t_of(options_.groups);
    for (std::size_t g = 0; g < size_t_of(options_.groups); ++g)
      sampled_->adjoint(d_kernel.data() + g * one,
                        weight.gradient.data() + g * size_t_of(sampled_->size()));
  }

  /// Adds to the gradient of the bias; `d_out` has out_channels() rows of `points` an item.
  void backward_bias(const Scalar* d_out, int batch, int points) {
    if (!options_.bias) return;
    Buffer<Scalar> sums(size_t_of(out_channels()));
    const auto channel = [&](int i) { return out_order_.empty() ? i : out_order_[size_t_of(i)]; };
    parallel_for(out_channels(), [&](int i) {
      Scalar sum = 0;
      for (int b = 0; b < batch; ++b) {
        const std::size_t row = size_t_of(b) * size_t_of(out_channels()) + size_t_of(channel(i));
        sum += ordered_sum(d_out + row * size_t_of(points), points);
      }
      sums[size_t_of(i)] = sum;
    });
    for (int g = 0; g < options_.groups; ++g)
      for (const auto& e : invariant_.entries)
        bias.gradient[size_t_of(g * invariant_.count + e.index)] +=
            e.value * sums[size_t_of(g * out_ + e.channel)];
  }

  Parameter<Scalar> weight;  ///< [group][coefficient of kernel_space]
  Parameter<Scalar> bias;    ///< [group][field][invariant direction]

 private:
  static std::size_t size_t_of(int i) { return static_cast<std::size_t>(i); }

  [[gnu::cold]] void choose_method(MixingFactory<Scalar> mixing) {
    if (options_.method == ConvolutionMethod::dense) return;
    const auto& s = sampled_->space();
    const bool asked = options_.method == ConvolutionMethod::harmonic;
    expect(!asked || options_.groups == 1,
           "convolution: expected groups = 1 with the harmonic method, got ", options_.groups);
    const bool fits = HarmonicConvolution<Scalar>::takes(sampled_->taps());
    expect(!asked || fits, "convolution: the harmonic method takes no kernels of ",
           sampled_->taps(), " taps");
    // The harmonic method works on whole rows, of which a signal is one.
    if (options_.groups != 1 || !fits || (!asked && (s.profile.size == 1 || s.dimension == 1)))
      return;
    auto plan = std::make_shared<const HarmonicConvolution<Scalar>>(s, sampled_->filters(), mixing);
    const double dense =
        HarmonicConvolution<Scalar>::dense_cost(channels(s.in), channels(s.out), sampled_->taps());
    if (asked || plan->cost() < dense) harmonic_ = std::move(plan);
  }

  /// Channels in the order of the groups, given the layout of one group; empty if they stand so
  /// already.
  [[gnu::cold]] static std::vector<int> group_order(const channel_layout& one, int groups) {
    if (groups == 1 || one.size() == 1) return {};
    std::vector<int> order;
    for (int g = 0; g < groups; ++g)
      for (const auto& block : one)
        for (int c = 0; c < block.copies * block.size; ++c)
          order.push_back(block.offset * groups + g * block.copies * block.size + c);
    return order;
  }

  /// Input channels in the order of the groups; a copy only if they are not.
  struct Ordered {
    Ordered(const Scalar* source, int batch, const std::vector<int>& order, int points)
        : data_(source) {
      if (order.empty()) return;
      const std::size_t n = order.size(), p = size_t_of(points);
      copy_ = Buffer<Scalar>(size_t_of(batch) * n * p);
      for (std::size_t b = 0; b < size_t_of(batch); ++b)
        for (std::size_t c = 0; c < n; ++c)
          std::copy_n(source + (b * n + size_t_of(order[c])) * p, p,
                      copy_.data() + (b * n + c) * p);
      data_ = copy_.data();
    }
    const Scalar* data() const { return data_; }

   private:
    Buffer<Scalar> copy_;
    const Scalar* data_;
  };

  /// The same for a result.
  struct Reordered {
    Reordered(Scalar* target, int batch, const std::vector<int>& order, int points)
        : target_(target), batch_(size_t_of(batch)), points_(size_t_of(points)), order_(order) {
      copy_ = Buffer<Scalar>(batch_ * order.size() * points_);
    }
    Scalar* data() { return order_.empty() ? target_ : copy_.data(); }
    void store() {
      for (std::size_t b = 0; !order_.empty() && b < batch_; ++b)
        for (std::size_t c = 0; c < order_.size(); ++c)
          std::copy_n(copy_.data() + (b * order_.size() + c) * points_, points_,
                      target_ + (b * order_.size() + size_t_of(order_[c])) * points_);
    }

   private:
    Scalar* target_;
    std::size_t batch_, points_;
    const std::vector<int>& order_;
    Buffer<Scalar> copy_;
  };

  ConvolutionOptions options_;
  std::shared_ptr<const SampledKernels<Scalar>> sampled_;
  InvariantBias<Scalar> invariant_;                              ///< of one group
  std::shared_ptr<const HarmonicConvolution<Scalar>> harmonic_;  ///< null: dense
  Buffer<Scalar> kernel_, matrices_;
  int in_ = 0, out_ = 0;
  std::vector<int> in_order_, out_order_;
};

/// The kernel space of one of `groups` groups of fields. \throws Error if they cannot be divided
inline kernel_space divide(kernel_space whole, int groups, kernel_invariants_function invariants,
                           const char* layer) {
  if (groups == 1) return whole;
  const auto part = [&](channel_layout layout) {
    int offset = 0;
    for (auto& block : layout) {
      expect(groups >= 1 && block.copies % groups == 0, layer,
             ": expected groups >= 1 that divide the ", block.copies, " fields of each kind, got ",
             groups);
      block.copies /= groups;
      block.offset = offset;
      offset += block.copies * block.size;
    }
    return layout;
  };
  kernel_space one = make_kernel_space(part(std::move(whole.in)), part(std::move(whole.out)),
                                       whole.profile, whole.dimension, invariants);
  one.harmonics = whole.harmonics;
  return one;
}

}  // namespace detail
}  // namespace gsteer
