// SPDX-License-Identifier: MIT
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <vector>

#include "peers/peers.hpp"

namespace bench {

std::optional<Passes> pytorch(const ConvolutionShape& s) {
  const auto random = [&s](int rows, int cols, int size) {
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(2 + s.dimension), size);
    sizes[0] = rows;
    sizes[1] = cols;
    return at::randn(sizes);
  };
  at::Tensor x = random(s.batch, s.in, s.size), kernel = random(s.out, s.in, s.kernel);
  const at::Tensor gradient = random(s.batch, s.out, s.output());
  x.requires_grad_();
  kernel.requires_grad_();
  const auto forward = [=] {
    return s.dimension == 2 ? at::conv2d(x, kernel, {}, s.stride, s.padding())
                            : at::conv3d(x, kernel, {}, s.stride, s.padding());
  };
  return Passes{[=] {
                  const c10::InferenceMode no_tape;
                  forward();
                },
                nullptr,
                [=] {
                  x.mutable_grad() = kernel.mutable_grad() = at::Tensor();
                  forward().backward(gradient);
                }};
}

bool has_pytorch() { return true; }

void set_pytorch_threads(int count) { at::set_num_threads(count); }

}  // namespace bench
