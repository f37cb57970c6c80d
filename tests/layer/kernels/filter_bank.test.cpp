// SPDX-License-Identifier: MIT
#include "gsteer/layer/kernels/filter_bank.hpp"

#include <array>
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "gsteer/core/random.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

std::size_t at(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

/// `each` filters of each parity along z, y, x that taps of this size allow, in a mixed order.
Eigen::MatrixXd some_filters(const std::array<int, 3>& size, int each, Rng& rng) {
  const int taps = size[0] * size[1] * size[2];
  std::vector<Eigen::VectorXd> all;
  for (int i = 0; i < each; ++i)
    for (int parity = 0; parity < 8; ++parity) {
      Eigen::VectorXd filter(taps);
      for (double& v : filter) v = rng.normal();
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const Eigen::VectorXd before = filter;
        for (int t = 0; t < taps; ++t) {
          std::array<int, 3> tap{t / size[2] / size[1], t / size[2] % size[1], t % size[2]};
          tap[axis] = size[axis] - 1 - tap[axis];
          const double mirrored = before((tap[0] * size[1] + tap[1]) * size[2] + tap[2]);
          filter(t) += (parity >> axis & 1) ? -mirrored : mirrored;
        }
      }
      if (filter.norm() > 1e-12) all.push_back(filter);  // a single tap is not odd
    }
  Eigen::MatrixXd values(static_cast<int>(all.size()), taps);
  for (std::size_t f = 0; f < all.size(); ++f) values.row(static_cast<int>(f)) = all[f];
  return values;
}

struct Case {
  std::array<int, 3> size;
  int each;  ///< filters of a parity
  int channels, windows, stride, dilation;
};

/// apply against the sum that defines it, and scatter against its adjoint.
template <class Scalar>
void check(const Case& c, double tolerance) {
  CAPTURE(c.size[0], c.size[1], c.size[2], c.each, c.channels, c.windows, c.stride, c.dilation);
  Rng rng(3);
  const Eigen::MatrixXd values = some_filters(c.size, c.each, rng);
  std::vector<int> filters;  // all but the first, in reverse
  for (int f = static_cast<int>(values.rows()) - 1; f > (values.rows() > 1 ? 0 : -1); --f)
    filters.push_back(f);
  const detail::FilterBank<Scalar> bank(values, filters, c.size);
  REQUIRE(bank.count() == static_cast<int>(filters.size()));

  // A picture that the windows of a row just cover, with a channel to spare.
  const int pitch = c.channels + 1;
  const std::array<int, 3> extent{c.dilation * (c.size[0] - 1) + 1,
                                  c.dilation * (c.size[1] - 1) + 1,
                                  (c.windows - 1) * c.stride + c.dilation * (c.size[2] - 1) + 1};
  const std::ptrdiff_t row = std::ptrdiff_t{extent[2]} * pitch, plane = extent[1] * row;
  std::vector<Scalar> u(at(extent[0] * plane));
  for (auto& v : u) v = static_cast<Scalar>(rng.normal());
  const typename detail::FilterBank<Scalar>::Steps steps{
      {c.dilation * plane, c.dilation * row, std::ptrdiff_t{c.dilation} * pitch},
      std::ptrdiff_t{c.stride} * pitch};
  const std::ptrdiff_t center =
      c.size[0] / 2 * steps.tap[0] + c.size[1] / 2 * steps.tap[1] + c.size[2] / 2 * steps.tap[2];

  const std::ptrdiff_t numbers = std::ptrdiff_t{bank.count()} * c.channels;
  std::vector<Scalar> r(at(c.windows * numbers)), expected(r.size());
  for (int w = 0; w < c.windows; ++w)
    for (int f = 0; f < bank.count(); ++f)
      for (int i = 0; i < c.channels; ++i) {
        double sum = 0;
        for (int t = 0; t < values.cols(); ++t)
          sum += values(filters[at(f)], t) *
                 u[at(w * steps.window + t / c.size[2] / c.size[1] * steps.tap[0] +
                      t / c.size[2] % c.size[1] * steps.tap[1] + t % c.size[2] * steps.tap[2] + i)];
        expected[at(w * numbers + f * c.channels + i)] = static_cast<Scalar>(sum);
      }
  bank.apply(u.data() + center, c.windows, steps, r.data(), numbers, c.channels);
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < r.size(); ++i) {
    error += std::pow(r[i] - expected[i], 2);
    norm += std::pow(expected[i], 2);
  }
  CHECK(std::sqrt(error / norm) < tolerance);

  // <apply(u), g> = <u, scatter(g)>; scatter adds.
  std::vector<Scalar> g(r.size()), d(u.size(), Scalar{1});
  for (auto& v : g) v = static_cast<Scalar>(rng.normal());
  bank.scatter(d.data() + center, c.windows, steps, g.data(), numbers, c.channels);
  double left = 0, right = 0, scale = 0;
  for (std::size_t i = 0; i < r.size(); ++i) {
    left += static_cast<double>(r[i]) * g[i];
    scale += std::abs(static_cast<double>(r[i]) * g[i]);
  }
  for (std::size_t i = 0; i < u.size(); ++i) right += static_cast<double>(u[i]) * (d[i] - 1);
  CHECK(std::abs(left - right) < tolerance * scale);
  // What lies between the channels is left alone.
  int touched = 0;
  for (std::size_t i = at(c.channels); i < d.size(); i += at(pitch)) touched += d[i] != 1;
  CHECK(touched == 0);
}

}  // namespace

TEST_CASE("a bank of filters is what its taps say, and scatter is its adjoint", "[filter_bank]") {
  for (const int each : {1, 2, 3, 5, 7, 9, 13})  // of a parity: all ways to sum some at once
    for (const int channels : {1, 2, 3, 4, 5, 7}) {
      const Case c{{1, 5, 5}, each, 8 * channels, 4, 1, 1};
      check<float>(c, 1e-5);
      check<double>(c, 1e-12);
    }
  for (const std::array<int, 3>& size :
       {std::array{1, 1, 1}, std::array{1, 1, 9}, std::array{1, 1, 27}, std::array{1, 3, 3},
        std::array{1, 7, 7}, std::array{1, 9, 9}, std::array{1, 23, 23}, std::array{3, 3, 3},
        std::array{5, 5, 5}, std::array{9, 9, 9}, std::array{3, 1, 5}, std::array{1, 5, 1}})
    for (const int step : {1, 2, 3}) {
      check<float>({size, 2, 24, 5, step, 1}, 1e-5);
      check<double>({size, 2, 16, 5, step, 2}, 1e-12);
    }
}

TEST_CASE("a filter that is neither even nor odd is refused", "[filter_bank]") {
  Eigen::MatrixXd values = Eigen::MatrixXd::Ones(1, 9);
  CHECK_NOTHROW(detail::FilterBank<float>(values, {0}, {1, 3, 3}));
  values(0, 0) = 2;
  CHECK_THROWS_WITH(detail::FilterBank<float>(values, {0}, {1, 3, 3}),
                    ContainsSubstring("even or odd"));
  const Eigen::MatrixXd large = Eigen::MatrixXd::Ones(1, 25 * 31);
  CHECK_THROWS_WITH(detail::FilterBank<float>(large, {0}, {1, 25, 31}),
                    ContainsSubstring("too many taps"));
}
