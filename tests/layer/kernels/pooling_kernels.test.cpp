// SPDX-License-Identifier: MIT
#include "gsteer/layer/kernels/pooling.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gsteer/core/random.hpp"

using namespace gsteer;

namespace {

using Numbers = std::vector<double>;
using Sizes = std::array<int, 3>;

std::vector<Windows> windows() {
  std::vector<Windows> all{
      {.size = {1, 1, 11}, .kernel = {1, 1, 3}, .stride = {1, 1, 2}, .padding = {0, 0, 1}},
      {.size = {1, 8, 6}, .kernel = {1, 2, 2}, .stride = {1, 2, 2}},
      {.size = {1, 7, 9}, .kernel = {1, 3, 5}, .stride = {1, 1, 3}, .padding = {0, 1, 2}},
      {.size = {1, 9, 9}, .kernel = {1, 3, 3}, .padding = {0, 2, 1}, .dilation = {1, 2, 1}},
      {.size = {1, 3, 2}, .kernel = {1, 3, 2}},
      {.size = {1, 1, 1}},
      {.size = {5, 4, 6}, .kernel = {3, 3, 3}, .stride = {2, 2, 1}, .padding = {1, 1, 1}},
  };
  const auto count = all.size();
  for (auto mode : {Padding::circular, Padding::reflect}) {
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(all[i]);
      all.back().mode = mode;
    }
  }
  return all;
}

std::size_t volume(const Sizes& n) { return std::size_t(n[0] * n[1] * n[2]); }

Numbers draw(std::size_t count, Rng& rng) {
  Numbers numbers(count);
  for (double& number : numbers) number = rng.normal();
  return numbers;
}

double dot(const Numbers& a, const Numbers& b) {
  REQUIRE(a.size() == b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double distance(const Numbers& a, const Numbers& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

/// body(output, cell, kz, ky, kx) for every cell that every window of one plane sees, in scan
/// order.
template <class Body>
void for_each_cell(const Windows& w, Body&& body) {
  const auto m = w.output();
  const auto wrap = [&](int out, int k, std::size_t a) {
    const int n = w.size[a], i = out * w.stride[a] - w.padding[a] + k * w.dilation[a];
    if (i >= 0 && i < n) return i;
    if (w.mode == Padding::zero) return -1;
    if (w.mode == Padding::circular) return (i + n) % n;
    return i < 0 ? -i : n - 1 - (i - (n - 1));
  };
  std::size_t output = 0;
  for (int z = 0; z < m[0]; ++z)
    for (int y = 0; y < m[1]; ++y)
      for (int x = 0; x < m[2]; ++x, ++output)
        for (int kz = 0; kz < w.kernel[0]; ++kz)
          for (int ky = 0; ky < w.kernel[1]; ++ky)
            for (int kx = 0; kx < w.kernel[2]; ++kx) {
              const int sz = wrap(z, kz, 0), sy = wrap(y, ky, 1), sx = wrap(x, kx, 2);
              if (sz < 0 || sy < 0 || sx < 0) continue;
              body(output, std::size_t((sz * w.size[1] + sy) * w.size[2] + sx), kz, ky, kx);
            }
}

/// <A x, y> = <x, A^T y>, and the same bits of both for any number of threads.
template <class Forward, class Adjoint>
void check_adjoint(const Forward& forward, const Adjoint& adjoint, std::size_t inputs,
                   std::size_t outputs, Rng& rng) {
  const auto x = draw(inputs, rng), y = draw(outputs, rng);
  const auto run = [&](int threads) {
    set_threads(threads);
    Numbers ax(outputs, 1e300), aty(inputs, 1e300);  // to be overwritten
    forward(ax, x);
    adjoint(aty, y);
    set_threads(0);
    return std::array{ax, aty};
  };
  const auto [ax, aty] = run(1);
  const double scale = std::sqrt(dot(ax, ax) * dot(y, y));
  CHECK(std::abs(dot(ax, y) - dot(x, aty)) <= 1e-12 * scale);
  for (int threads : {2, 3}) {
    const auto [other_ax, other_aty] = run(threads);
    CHECK(other_ax == ax);
    CHECK(other_aty == aty);
  }
}

const int planes = 5;

}  // namespace

TEST_CASE("average pooling is the mean of the cells a window sees", "[pooling]") {
  Rng rng(1);
  for (const Windows& w : windows()) {
    CAPTURE(detail::Axes{w.size}, detail::Axes{w.kernel}, static_cast<int>(w.mode));
    const auto cells = std::size_t(w.cells()), count = std::size_t(w.outputs());
    const auto in = draw(planes * cells, rng);
    Numbers out(planes * count), expected(planes * count), seen(count);
    detail::average_pool(out.data(), in.data(), w, planes);
    for_each_cell(w, [&](std::size_t o, std::size_t, int, int, int) { seen[o] += 1; });
    for_each_cell(w, [&](std::size_t o, std::size_t i, int, int, int) {
      for (std::size_t p = 0; p < planes; ++p) {
        expected[p * count + o] += in[p * cells + i] / seen[o];
      }
    });
    CHECK(distance(out, expected) < 1e-13);
    check_adjoint(
        [&](Numbers& y, const Numbers& x) { detail::average_pool(y.data(), x.data(), w, planes); },
        [&](Numbers& x, const Numbers& y) {
          detail::average_pool_adjoint(x.data(), y.data(), w, planes);
        },
        in.size(), out.size(), rng);
  }
}

TEST_CASE("the average of a constant is that constant, also at the edge", "[pooling]") {
  const Windows w{
      .size = {1, 5, 6}, .kernel = {1, 3, 3}, .stride = {1, 2, 1}, .padding = {0, 1, 1}};
  const Numbers in(30, 2.5);
  Numbers out(std::size_t(w.outputs()));
  detail::average_pool(out.data(), in.data(), w, 1);
  CHECK(distance(out, Numbers(out.size(), 2.5)) < 1e-15);
}

TEST_CASE("max pooling takes the largest cell and its gradient goes there", "[pooling]") {
  Rng rng(2);
  for (const Windows& w : windows()) {
    CAPTURE(detail::Axes{w.size}, detail::Axes{w.kernel}, static_cast<int>(w.mode));
    const auto cells = std::size_t(w.cells()), count = std::size_t(w.outputs());
    auto in = draw(planes * cells, rng);
    for (double& value : in) value = std::round(2 * value) - 5;  // many ties, all negative or zero
    const auto d_out = draw(planes * count, rng);

    Numbers expected(planes * count, -1e9), d_expected(planes * cells);
    std::vector<std::int32_t> where(planes * count);
    for_each_cell(w, [&](std::size_t o, std::size_t i, int, int, int) {
      for (std::size_t p = 0; p < planes; ++p) {
        if (in[p * cells + i] <= expected[p * count + o]) continue;
        expected[p * count + o] = in[p * cells + i];
        where[p * count + o] = static_cast<std::int32_t>(i);
      }
    });
    for (std::size_t j = 0; j < d_out.size(); ++j) {
      d_expected[j / count * cells + std::size_t(where[j])] += d_out[j];
    }

    for (int threads : {1, 2, 3}) {
      set_threads(threads);
      Numbers out(planes * count), d_in(planes * cells, 1e300);
      std::vector<std::int32_t> argmax(planes * count);
      detail::max_pool(out.data(), argmax.data(), in.data(), w, planes);
      detail::max_pool_adjoint(d_in.data(), d_out.data(), argmax.data(), w, planes);
      CHECK(out == expected);
      CHECK(argmax == where);
      CHECK(d_in == d_expected);
    }
    set_threads(0);
  }
}

TEST_CASE("max pooling does not hide a NaN", "[pooling]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Windows w{.size = {1, 1, 6}, .kernel = {1, 1, 3}, .stride = {1, 1, 3}};
  const Numbers in{1, nan, 7, 3, 2, 1};
  Numbers out(2);
  std::vector<std::int32_t> argmax(2);
  detail::max_pool(out.data(), argmax.data(), in.data(), w, 1);
  CHECK(std::isnan(out[0]));
  CHECK(argmax[0] == 1);
  CHECK(out[1] == 3);
}

TEST_CASE("the Gaussian filter is a normalised Gaussian of the size escnn gives it", "[pooling]") {
  CHECK(detail::gaussian_filter(0.6, 4).size() == 5);    // round(2.4) = 2
  CHECK(detail::gaussian_filter(0.66, 4).size() == 7);   // round(2.64) = 3
  CHECK(detail::gaussian_filter(0.66, 3).size() == 5);   // round(1.98) = 2
  CHECK(detail::gaussian_filter(0.625, 4).size() == 5);  // round(2.5) = 2: half to even
  const auto narrow = detail::gaussian_filter(0.05, 3);
  CHECK(Numbers(narrow.begin(), narrow.end()) == Numbers{1});
  const auto filter = detail::gaussian_filter(0.8, 4);
  double sum = 0;
  for (double value : filter) sum += value;
  CHECK(std::abs(sum - 1) < 1e-15);
  for (std::size_t i = 0; i < filter.size(); ++i) {
    CHECK(filter[i] == filter[filter.size() - 1 - i]);
    const double x = double(i) - double(filter.size() / 2);
    CHECK(std::abs(filter[i] / filter[filter.size() / 2] - std::exp(-x * x / 2 / 0.64)) < 1e-14);
  }
  CHECK_THROWS_WITH(detail::gaussian_filter(0, 4),
                    Catch::Matchers::ContainsSubstring("got sigma 0"));
  CHECK_THROWS_AS(detail::gaussian_filter(std::nan(""), 4), Error);
}

TEST_CASE("blur is the strided correlation with the product of filters", "[pooling]") {
  Rng rng(3);
  const auto filter = detail::gaussian_filter(0.6, 4);
  for (const Sizes& size : {Sizes{1, 1, 9}, {1, 7, 10}, {1, 2, 3}, {5, 6, 7}, {1, 1, 1}}) {
    for (int stride : {1, 2, 3}) {
      const auto w = detail::blur_windows(size, 5, stride);
      CAPTURE(detail::Axes{size}, stride);
      const auto cells = std::size_t(w.cells()), count = std::size_t(w.outputs());
      for (std::size_t a = 0; a < 3; ++a) CHECK(w.output()[a] == (size[a] - 1) / stride + 1);
      const auto in = draw(planes * cells, rng);
      Numbers out(planes * count), expected(planes * count);
      detail::blur(out.data(), in.data(), w, filter, planes);
      for_each_cell(w, [&](std::size_t o, std::size_t i, int kz, int ky, int kx) {
        double weight = 1;
        if (size[0] > 1) weight *= filter[std::size_t(kz)];
        if (size[1] > 1) weight *= filter[std::size_t(ky)];
        if (size[2] > 1) weight *= filter[std::size_t(kx)];
        for (std::size_t p = 0; p < planes; ++p) {
          expected[p * count + o] += weight * in[p * cells + i];
        }
      });
      CHECK(distance(out, expected) < 1e-13);
      check_adjoint([&](Numbers& y,
                        const Numbers& x) { detail::blur(y.data(), x.data(), w, filter, planes); },
                    [&](Numbers& x, const Numbers& y) {
                      detail::blur_adjoint(x.data(), y.data(), w, filter, planes);
                    },
                    in.size(), out.size(), rng);
    }
  }
  CHECK_THROWS_WITH(detail::blur_map(detail::blur_windows({1, 9, 9}, 7, 2), filter),
                    Catch::Matchers::ContainsSubstring("expected kernels of size 1 or 5") &&
                        Catch::Matchers::ContainsSubstring("got (1, 7, 7)"));
}

TEST_CASE("the global average and its adjoint", "[pooling]") {
  Rng rng(4);
  for (int cells : {1, 3, 49, 1000}) {
    const auto in = draw(std::size_t(planes * cells), rng);
    Numbers out(planes), expected(planes);
    detail::global_average(out.data(), in.data(), cells, planes);
    for (std::size_t i = 0; i < in.size(); ++i) expected[i / std::size_t(cells)] += in[i] / cells;
    CHECK(distance(out, expected) < 1e-14);
    check_adjoint(
        [&](Numbers& y, const Numbers& x) {
          detail::global_average(y.data(), x.data(), cells, planes);
        },
        [&](Numbers& x, const Numbers& y) {
          detail::global_average_adjoint(x.data(), y.data(), cells, planes);
        },
        in.size(), out.size(), rng);
  }
  Numbers none;
  CHECK_THROWS_AS(detail::global_average(none.data(), none.data(), 0, 0), Error);
}

TEST_CASE("upsampling interpolates as PyTorch does, and its adjoint is one", "[pooling]") {
  Rng rng(5);
  for (auto kind : {Interpolation::nearest, Interpolation::linear, Interpolation::linear_aligned}) {
    for (const auto& shape : {std::pair{Sizes{1, 1, 5}, Sizes{1, 1, 3}},
                              {Sizes{1, 4, 3}, Sizes{1, 2, 2}},
                              {Sizes{1, 1, 4}, Sizes{1, 2, 2}},
                              {Sizes{3, 2, 4}, Sizes{2, 3, 2}},
                              {Sizes{1, 3, 4}, Sizes{1, 1, 1}}}) {
      const Sizes &size = shape.first, &factor = shape.second;
      const Sizes to{size[0] * factor[0], size[1] * factor[1], size[2] * factor[2]};
      const auto cells = volume(size), count = volume(to);
      const auto in = draw(planes * cells, rng);
      Numbers out(planes * count), expected(planes * count);
      detail::upsample(out.data(), in.data(), size, factor, kind, planes);
      const auto weight = [&](int o, int i, std::size_t a) {
        const int n = size[a], m = to[a];
        if (kind == Interpolation::nearest) return o / factor[a] == i ? 1.0 : 0.0;
        const double at = kind == Interpolation::linear ? (o + 0.5) / factor[a] - 0.5
                          : m > 1                       ? o * (n - 1.0) / (m - 1.0)
                                                        : 0.0;
        return std::max(0.0, 1 - std::abs(std::clamp(at, 0.0, n - 1.0) - i));
      };
      std::size_t j = 0;
      for (int p = 0; p < planes; ++p)
        for (int z = 0; z < to[0]; ++z)
          for (int y = 0; y < to[1]; ++y)
            for (int x = 0; x < to[2]; ++x, ++j) {
              std::size_t i = std::size_t(p) * cells;
              for (int sz = 0; sz < size[0]; ++sz)
                for (int sy = 0; sy < size[1]; ++sy)
                  for (int sx = 0; sx < size[2]; ++sx, ++i) {
                    expected[j] += weight(z, sz, 0) * weight(y, sy, 1) * weight(x, sx, 2) * in[i];
                  }
            }
      CHECK(distance(out, expected) < 1e-13);
      check_adjoint(
          [&](Numbers& y, const Numbers& x) {
            detail::upsample(y.data(), x.data(), size, factor, kind, planes);
          },
          [&](Numbers& x, const Numbers& y) {
            detail::upsample_adjoint(x.data(), y.data(), size, factor, kind, planes);
          },
          in.size(), out.size(), rng);
    }
  }
  CHECK_THROWS_WITH(detail::upsample_map({1, 3, 3}, {1, 0, 2}, Interpolation::nearest),
                    Catch::Matchers::ContainsSubstring("factor (1, 0, 2)"));
}

TEST_CASE("pooling refuses windows that see padding alone", "[pooling]") {
  const Windows w{.size = {1, 4, 4}, .kernel = {1, 2, 2}, .padding = {0, 0, 2}};
  const Numbers in(16);
  Numbers out(std::size_t(w.outputs()));
  std::vector<std::int32_t> argmax(out.size());
  using Catch::Matchers::ContainsSubstring;
  CHECK_THROWS_WITH(detail::average_pool(out.data(), in.data(), w, 1),
                    ContainsSubstring("average pooling: expected every window to see a cell") &&
                        ContainsSubstring("padding (0, 0, 2)"));
  CHECK_THROWS_WITH(detail::max_pool(out.data(), argmax.data(), in.data(), w, 1),
                    ContainsSubstring("max pooling: expected every window to see a cell"));
}
