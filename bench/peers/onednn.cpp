// SPDX-License-Identifier: MIT
#include <omp.h>

#include <functional>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "peers/peers.hpp"

namespace bench {

namespace {

using dnnl::memory;
using Pass = std::function<void()>;

struct Convolution {
  Convolution(const ConvolutionShape& s, Algorithm how)
      : algorithm(how == Algorithm::direct ? dnnl::algorithm::convolution_direct
                                           : dnnl::algorithm::convolution_auto),
        x(any(s, s.batch, s.in, s.size)),
        kernel(any(s, s.out, s.in, s.kernel)),
        y(any(s, s.batch, s.out, s.output())),
        strides(axes(s), s.stride),
        padding(axes(s), s.padding()),
        infer(forward(dnnl::prop_kind::forward_inference), engine),
        train(forward(dnnl::prop_kind::forward_training), engine),
        by_input({algorithm, x, kernel, y, strides, padding, padding}, engine, train),
        by_kernel({algorithm, x, kernel, y, strides, padding, padding}, engine, train) {}

  static std::size_t axes(const ConvolutionShape& s) { return std::size_t(s.dimension); }
  static memory::desc any(const ConvolutionShape& s, int rows, int cols, int size) {
    memory::dims sizes(2 + axes(s), size);
    sizes[0] = rows;
    sizes[1] = cols;
    return {sizes, memory::data_type::f32, memory::format_tag::any};
  }
  dnnl::convolution_forward::desc forward(dnnl::prop_kind kind) const {
    return {kind, algorithm, x, kernel, y, strides, padding, padding};
  }

  /// An argument in the layout that the primitive chose, filled with numbers.
  static memory filled(const dnnl::engine& engine, const memory::desc& layout) {
    memory m(layout, engine);
    auto* values = static_cast<float*>(m.get_data_handle());
    for (std::size_t i = 0; i < layout.get_size() / sizeof(float); ++i)
      values[i] = static_cast<float>(i % 17) - 8;
    return m;
  }

  /// Carries out a primitive; its memory is there from the first call on.
  template <class Primitive, class Description>
  Pass call(const Description& d, const std::unordered_map<int, memory::desc>& layouts) const {
    const auto arguments = std::make_shared<std::unordered_map<int, memory>>();
    return [primitive = Primitive(d), layouts, arguments, engine = engine, stream = stream] {
      if (arguments->empty())
        for (const auto& [name, layout] : layouts) (*arguments)[name] = filled(engine, layout);
      auto queue = stream;
      primitive.execute(queue, *arguments);
      queue.wait();
    };
  }

  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::algorithm algorithm;
  memory::desc x, kernel, y;
  memory::dims strides, padding;
  dnnl::convolution_forward::primitive_desc infer, train;
  dnnl::convolution_backward_data::primitive_desc by_input;
  dnnl::convolution_backward_weights::primitive_desc by_kernel;
};

}  // namespace

std::optional<Passes> onednn(const ConvolutionShape& shape, Algorithm how) {
  const Convolution c(shape, how);
  const auto forward = [&c](const dnnl::convolution_forward::primitive_desc& d) {
    return c.call<dnnl::convolution_forward>(d, {{DNNL_ARG_SRC, d.src_desc()},
                                                 {DNNL_ARG_WEIGHTS, d.weights_desc()},
                                                 {DNNL_ARG_DST, d.dst_desc()}});
  };
  const Pass train = forward(c.train);
  const Pass by_input = c.call<dnnl::convolution_backward_data>(
      c.by_input, {{DNNL_ARG_DIFF_DST, c.by_input.diff_dst_desc()},
                   {DNNL_ARG_WEIGHTS, c.by_input.weights_desc()},
                   {DNNL_ARG_DIFF_SRC, c.by_input.diff_src_desc()}});
  const Pass by_kernel = c.call<dnnl::convolution_backward_weights>(
      c.by_kernel, {{DNNL_ARG_DIFF_DST, c.by_kernel.diff_dst_desc()},
                    {DNNL_ARG_SRC, c.by_kernel.src_desc()},
                    {DNNL_ARG_DIFF_WEIGHTS, c.by_kernel.diff_weights_desc()}});
  return Passes{forward(c.infer),
                [by_input, by_kernel] {
                  by_input();
                  by_kernel();
                },
                [train, by_input, by_kernel] {
                  train();
                  by_input();
                  by_kernel();
                }};
}

bool has_onednn() { return true; }

void set_onednn_threads(int count) { omp_set_num_threads(count); }

}  // namespace bench
