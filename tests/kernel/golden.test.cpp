// SPDX-License-Identifier: MIT
// Our kernels against those of escnn 1.0.13: tests/golden/README.md says what the files hold.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/io/safetensors.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/kernels/convolution.hpp"
#include "kernel/elements.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

const std::string data = std::string(GSTEER_TEST_DATA) + "/golden/";

template <auto In, auto Out>
void same_span(const TensorFile& file, const std::string& key, int size) {
  CAPTURE(key);
  const auto ours = elements(sampled<In, Out>(kernel_size(size)));
  const auto shape = file.tensors.at(key).shape;
  REQUIRE(shape == TensorShape{kernel_dimension<In, Out>(kernel_size(size)), Out.size(), In.size(),
                               size, size});
  const auto values = file.values<double>(key);
  const Eigen::Map<const Eigen::MatrixXd> theirs(values.data(), ours.rows(), ours.cols());
  const auto our_span = orthonormal_basis(ours), their_span = orthonormal_basis(theirs);
  CHECK(our_span.cols() == ours.cols());
  CHECK(their_span.cols() == ours.cols());
  CHECK(residual(our_span, theirs) < 1e-5);
  CHECK(residual(their_span, ours) < 1e-5);
  Eigen::MatrixXd perturbed = theirs;
  perturbed(perturbed.rows() / 2, 0) += 0.1 * perturbed.col(0).norm();
  CHECK(residual(our_span, perturbed) > 1e-3);
}

}  // namespace

TEST_CASE("the kernels of escnn span the same spaces") {
  const auto file = read_safetensors(data + "escnn_r2conv_basis.safetensors");
  CHECK(file.tensors.size() == 15);
  same_span<trivial<C<4>>, regular<C<4>>>(file, "C4|trivial|regular|3", 3);
  same_span<regular<C<4>>, regular<C<4>>>(file, "C4|regular|regular|3", 3);
  same_span<regular<C<8>>, regular<C<8>>>(file, "C8|regular|regular|5", 5);
  same_span<irrep<C<8>, 1>, irrep<C<8>, 2>>(file, "C8|irrep:1|irrep:2|5", 5);
  same_span<trivial<C<8>>, irrep<C<8>, 3>>(file, "C8|trivial|irrep:3|7", 7);
  same_span<trivial<D<4>>, regular<D<4>>>(file, "D4|trivial|regular|5", 5);
  same_span<regular<D<4>>, regular<D<4>>>(file, "D4|regular|regular|3", 3);
  same_span<irrep<D<4>, 1, 1>, irrep<D<4>, 0, 0>>(file, "D4|irrep:1,1|irrep:0,0|5", 5);
  same_span<regular<D<1>>, regular<D<1>>>(file, "D1|regular|regular|3", 3);
  same_span<irrep<SO<2>, 1>, irrep<SO<2>, 1>>(file, "SO2|irrep:1|irrep:1|5", 5);
  same_span<trivial<SO<2>>, irrep<SO<2>, 2>>(file, "SO2|trivial|irrep:2|7", 7);
  same_span<irrep<SO<2>, 2>, irrep<SO<2>, 1>>(file, "SO2|irrep:2|irrep:1|5", 5);
  same_span<irrep<O<2>, 0, 0>, irrep<O<2>, 1, 1>>(file, "O2|irrep:0,0|irrep:1,1|5", 5);
  same_span<irrep<O<2>, 1, 1>, irrep<O<2>, 1, 2>>(file, "O2|irrep:1,1|irrep:1,2|5", 5);
  same_span<irrep<O<2>, 1, 0>, irrep<O<2>, 1, 1>>(file, "O2|irrep:1,0|irrep:1,1|5", 5);
}

TEST_CASE("a layer of escnn gives the same output from our coefficients") {
  const auto file = read_safetensors(data + "escnn_r2conv_forward.safetensors");
  const auto filter = file.values<double>("filter", {32, 3, 5, 5}),
             bias = file.values<double>("bias", {32});
  const auto x = file.values<double>("x", {2, 3, 11, 11}),
             expected = file.values<double>("out", {2, 32, 11, 11});

  const auto kernels = sampled<3 * trivial<C<8>>, 4 * regular<C<8>>>(kernel_size(5));
  const auto basis = elements(kernels);
  const Eigen::Map<const Eigen::VectorXd> theirs(filter.data(), basis.rows());
  const Eigen::VectorXd coefficients = basis.colPivHouseholderQr().solve(theirs);
  CHECK((basis * coefficients - theirs).norm() < 1e-5 * theirs.norm());

  Eigen::VectorXd kernel(basis.rows());
  kernels.expand(coefficients.data(), kernel.data());
  const Windows windows{.size = {1, 11, 11}, .kernel = {1, 5, 5}, .padding = {0, 2, 2}};
  std::vector<double> out(expected.size());
  detail::convolve(out.data(), x.data(), kernel.data(), bias.data(), windows, 2, 32, 3, 1);
  double worst = 0;
  for (std::size_t i = 0; i < out.size(); ++i)
    worst = std::max(worst, std::abs(out[i] - expected[i]));
  CHECK(worst < 1e-5);

  // The comparison would notice a kernel turned by a half, or a filter of another group.
  kernel.reverseInPlace();
  detail::convolve(out.data(), x.data(), kernel.data(), bias.data(), windows, 2, 32, 3, 1);
  worst = 0;
  for (std::size_t i = 0; i < out.size(); ++i)
    worst = std::max(worst, std::abs(out[i] - expected[i]));
  CHECK(worst > 1e-2);
  const auto other = elements(sampled<3 * trivial<D<4>>, 4 * regular<D<4>>>(kernel_size(5)));
  CHECK(residual(orthonormal_basis(other), theirs) > 1e-2);
}

TEST_CASE("a Conv2d with the weights of a layer of escnn gives the same output") {
  constexpr auto in = 3 * trivial<C<8>>;
  constexpr auto out = 4 * regular<C<8>>;
  const auto file = read_safetensors(data + "escnn_r2conv_forward.safetensors");
  const auto filter = file.values<double>("filter", {32, 3, 5, 5}),
             bias = file.values<double>("bias", {32});
  const auto x = file.values<double>("x", {2, 3, 11, 11}),
             expected = file.values<double>("out", {2, 32, 11, 11});
  const auto basis = elements(sampled<in, out>(kernel_size(5)));
  const Eigen::VectorXd coefficients = basis.colPivHouseholderQr().solve(
      Eigen::Map<const Eigen::VectorXd>(filter.data(), basis.rows()));
  GridField<in, double> pictures(2, 11, 11);
  REQUIRE(pictures.values().size() == x.size());
  std::copy(x.begin(), x.end(), pictures.values().begin());
  const auto off = [&](const auto& ours) {
    REQUIRE(ours.values().size() == expected.size());
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
      worst = std::max(worst, std::abs(ours.values()[i] - expected[i]));
    return worst;
  };
  for (const auto method : {ConvolutionMethod::dense, ConvolutionMethod::harmonic}) {
    CAPTURE(method == ConvolutionMethod::harmonic);
    Conv2d<in, out, 5, double> conv{{.padding = 2, .method = method}};
    const auto all = parameters(conv);
    REQUIRE(all.size() == 2);
    auto &weights = all[0].parameter->value, &directions = all[1].parameter->value;
    REQUIRE(weights.size() == static_cast<std::size_t>(coefficients.size()));
    REQUIRE(directions.size() == 4);
    std::copy(coefficients.begin(), coefficients.end(), weights.begin());
    // Directions have length 1: on each, the inner product with the bias of escnn.
    for (std::size_t i = 0; i < bias.size(); ++i) directions[i / 8] += bias[i] / std::sqrt(8.0);
    CHECK(off(conv.forward(pictures)) < 1e-5);
    CHECK(off(conv.freeze().forward(pictures)) < 1e-5);
    // It would notice a bias on another field, or other weights.
    std::swap(directions[0], directions[1]);
    CHECK(off(conv.forward(pictures)) > 1e-3);
    std::swap(directions[0], directions[1]);
    std::swap(weights[0], weights[1]);
    CHECK(off(conv.freeze().forward(pictures)) > 1e-3);
  }
}
