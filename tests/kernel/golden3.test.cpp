// SPDX-License-Identifier: MIT
// Our kernels of volumes against those of escnn 1.0.13: tests/golden/README.md says what the file
// holds.
#include <Eigen/LU>
#include <string>
#include <utility>

#include "catch.hpp"
#include "gsteer/group/axial.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/io/safetensors.hpp"
#include "kernel/elements.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

constexpr auto about_axis = about_z<C<4>>;

/// The change of basis of a field: escnn's vectors are (y, z, x) where ours are (x, y, z), and so
/// for all l: its harmonics at a point p are ours at (y, z, x) of p, D^l of that rotation times
/// ours.
template <auto F>
Eigen::MatrixXd to_escnn() {
  using G = typename features_of<F>::group;
  if constexpr (std::is_same_v<G, axial<cyclic<4>>>) {
    return Eigen::MatrixXd::Identity(F.size(), F.size());
  } else {
    Eigen::Matrix3d cyclic_shift;
    cyclic_shift << 0, 1, 0, 0, 0, 1, 1, 0, 0;
    return wigner_d((F.size() - 1) / 2, rotation::from_matrix(cyclic_shift));
  }
}

/// How far the spans are apart after theirs is brought into our basis, either way.
template <auto In, auto Out>
std::pair<double, double> distance(const TensorFile& file, const std::string& key, int size,
                                   bool change_basis) {
  const auto ours = elements(sampled<In, Out>(kernel_size(size)));
  REQUIRE(file.tensors.at(key).shape == TensorShape{kernel_dimension<In, Out>(kernel_size(size)),
                                                    Out.size(), In.size(), size, size, size});
  const auto values = file.values<double>(key);
  const Eigen::MatrixXd q_out = to_escnn<Out>(), q_in = to_escnn<In>();
  const int taps = size * size * size;
  Eigen::MatrixXd theirs(ours.rows(), ours.cols());
  for (int b = 0; b < ours.cols(); ++b)
    for (int t = 0; t < taps; ++t) {
      Eigen::MatrixXd k(Out.size(), In.size());
      const auto at = [&](int m, int n) { return (m * In.size() + n) * taps + t; };
      for (int m = 0; m < k.rows(); ++m)
        for (int n = 0; n < k.cols(); ++n)
          k(m, n) = values[static_cast<std::size_t>(b * ours.rows() + at(m, n))];
      if (change_basis) k = (q_out.transpose() * k * q_in).eval();
      for (int m = 0; m < k.rows(); ++m)
        for (int n = 0; n < k.cols(); ++n) theirs(at(m, n), b) = k(m, n);
    }
  const auto our_span = orthonormal_basis(ours);
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(theirs);
  qr.setThreshold(1e-5);  // they are float
  CHECK(our_span.cols() == ours.cols());
  CHECK(qr.rank() == ours.cols());
  const Eigen::MatrixXd their_span =
      qr.householderQ() * Eigen::MatrixXd::Identity(ours.rows(), qr.rank());
  return {residual(our_span, theirs), residual(their_span, ours)};
}

template <auto In, auto Out>
void same_span(const TensorFile& file, const std::string& key, int size) {
  CAPTURE(key);
  const auto [theirs_in_ours, ours_in_theirs] = distance<In, Out>(file, key, size, true);
  CHECK(theirs_in_ours < 1e-5);
  CHECK(ours_in_theirs < 1e-5);
}

}  // namespace

TEST_CASE("the kernels of escnn's volumes span the same spaces") {
  const auto file =
      read_safetensors(std::string(GSTEER_TEST_DATA) + "/golden/escnn_r3conv_basis.safetensors");
  CHECK(file.tensors.size() == 6);
  same_span<irrep<SO<3>, 0>, irrep<SO<3>, 1>>(file, "SO3|irrep:0|irrep:1|3", 3);
  same_span<irrep<SO<3>, 1>, irrep<SO<3>, 1>>(file, "SO3|irrep:1|irrep:1|5", 5);
  same_span<irrep<SO<3>, 2>, irrep<SO<3>, 1>>(file, "SO3|irrep:2|irrep:1|5", 5);
  same_span<irrep<O<3>, 0, 0>, irrep<O<3>, 1, 1>>(file, "O3|irrep:0,0|irrep:1,1|5", 5);
  same_span<irrep<O<3>, 1, 1>, irrep<O<3>, 1, 1>>(file, "O3|irrep:1,1|irrep:1,1|5", 5);
  same_span<regular<about_axis>, regular<about_axis>>(file, "C4z|regular|regular|3", 3);
  // In another basis they are others.
  CHECK(distance<irrep<SO<3>, 2>, irrep<SO<3>, 1>>(file, "SO3|irrep:2|irrep:1|5", 5, false).first >
        0.1);
}
