// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/representation/irrep_list.hpp"

namespace gsteer {

/// How a path of a tensor product joins the copies u, v, w of its three blocks, by the names of
/// e3nn: letters that two blocks share are one index. Weights in brackets.
enum class ConnectionMode {
  uvw,   ///< out(w) = sum over u, v of W(u, v, w) x(u) y(v)      [copies1, copies2, copies_out]
  uvu,   ///< out(u) = sum over v of W(u, v) x(u) y(v)            [copies1, copies2]
  uvv,   ///< out(v) = sum over u of W(u, v) x(u) y(v)            [copies1, copies2]
  uuw,   ///< out(w) = sum over u of W(u, w) x(u) y(u)            [copies1, copies_out]
  uuu,   ///< out(u) = W(u) x(u) y(u)                             [copies1]
  uvuv,  ///< out(u, v) = W(u, v) x(u) y(v)                       [copies1, copies2]
  uvu_below,  ///< "uvu<v": out(u, v) = W(u, v) x(u) y(v) for u < v    [copies1 (copies1 - 1) / 2]
  uv_below_w  ///< "u<vw": out(w) = sum over u < v of W(u, v, w) x(u) y(v)
              ///< [copies1 (copies1 - 1) / 2, copies_out]
};

/// The name of a mode in e3nn.
constexpr const char* to_string(ConnectionMode mode) {
  constexpr const char* names[] = {"uvw", "uvu", "uvv", "uuw", "uuu", "uvuv", "uvu<v", "u<vw"};
  return names[static_cast<int>(mode)];
}

/// One path of a tensor product: the blocks it joins, by their numbers, and how ("instruction" in
/// e3nn).
struct TensorPath {
  int in1 = 0, in2 = 0, out = 0;
  ConnectionMode mode = ConnectionMode::uvw;
  bool weighted = true;
  double path_weight = 1;  ///< of the variance: the result is multiplied with its square root

  friend constexpr bool operator==(const TensorPath&, const TensorPath&) = default;
};

/// Which variance of the components a path keeps: that of single components, or that of the norm.
enum class IrrepNormalization { component, norm, none };
/// Whether all numbers summed up in an output block count equally, or all paths.
enum class PathNormalization { element, path, none };
/// Where weights come from: parameters of the layer, or an argument with one set for each sample.
enum class WeightSource { internal, per_sample };

/// Settings of the tensor products, with the meaning and the defaults of e3nn.
struct TensorProductOptions {
  IrrepNormalization irrep_normalization = IrrepNormalization::component;
  PathNormalization path_normalization = PathNormalization::element;
  WeightSource weights = WeightSource::internal;
  /// Variances of the components in each block; empty: 1.
  std::vector<double> in1_variances{}, in2_variances{}, out_variances{};
};

/// A tensor product of lists of irreps: the paths and the blocks that they join.
struct TensorProductSpec {
  IrrepList in1, in2, out;
  std::vector<TensorPath> paths;
};

namespace detail {

/// The numbers that a path adds up in one component of its output, each as large as a product.
[[gnu::cold]] inline double summed_elements(const TensorPath& path, int copies1, int copies2) {
  switch (path.mode) {
    case ConnectionMode::uvw:
      return static_cast<double>(copies1) * copies2;
    case ConnectionMode::uvu:
      return copies2;
    case ConnectionMode::uvv:
    case ConnectionMode::uuw:
      return copies1;
    case ConnectionMode::uv_below_w:
      return static_cast<double>(copies1) * (copies1 - 1) / 2;
    default:
      return 1;
  }
}

/// \throws Error if a path names no block, or blocks that its mode cannot join
[[gnu::cold]] inline void check_path(const TensorProductSpec& spec, const TensorPath& path) {
  const auto inside = [](int i, const IrrepList& list) {
    return i >= 0 && i < static_cast<int>(list.size());
  };
  expect(inside(path.in1, spec.in1) && inside(path.in2, spec.in2) && inside(path.out, spec.out),
         "TensorProduct: a path names block ", path.in1, " of ", spec.in1.size(), ", ", path.in2,
         " of ", spec.in2.size(), " and ", path.out, " of ", spec.out.size());
  const auto at = [](const IrrepList& list, int i) { return list[static_cast<std::size_t>(i)]; };
  const auto in1 = at(spec.in1, path.in1), in2 = at(spec.in2, path.in2),
             out = at(spec.out, path.out);
  const auto named = [&] {
    return to_string(in1)
        .append(" (x) ")
        .append(to_string(in2))
        .append(" -> ")
        .append(to_string(out));
  };
  if (!occurs_in_product(out.label, in1.label, in2.label))
    fail("TensorProduct: the irrep of the output does not occur in the product: ", named());
  const int m1 = in1.copies, m2 = in2.copies, mo = out.copies;
  bool fits = true;
  using enum ConnectionMode;
  switch (path.mode) {
    case uvw:
      fits = path.weighted;
      break;
    case uvu:
      fits = mo == m1;
      break;
    case uvv:
      fits = mo == m2;
      break;
    case uuw:
      fits = m1 == m2 && (path.weighted || mo == 1);
      break;
    case uuu:
      fits = m1 == m2 && mo == m1;
      break;
    case uvuv:
      fits = mo == m1 * m2;
      break;
    case uvu_below:
      fits = m1 == m2 && mo == m1 * (m1 - 1) / 2;
      break;
    case uv_below_w:
      fits = m1 == m2 && path.weighted;
      break;
  }
  if (!fits)
    fail("TensorProduct: the multiplicities of ", named(), " do not fit the mode ",
         to_string(path.mode), path.weighted ? " with weights" : " without weights");
  expect(path.path_weight >= 0, "TensorProduct: expected a path_weight >= 0, got ",
         path.path_weight);
}

/// The coefficient of each path, as e3nn >= 0.4 has it:
///   c = sqrt(variance_out path_weight alpha / X),
///   alpha = dim_out (component), dim_1 dim_2 (norm) or 1, because C has norm 1,
///   X = sum of variance_1 variance_2 N over the paths to the same block (element), or
///       variance_1 variance_2 N times the number of these (path), or 1; N = summed_elements.
/// \throws Error if a path does not fit, or a list of variances has not one for each block
[[gnu::cold]] inline std::vector<double> path_coefficients(const TensorProductSpec& spec,
                                                           const TensorProductOptions& options) {
  const auto check = [](const std::vector<double>& variances, const IrrepList& list) {
    expect(variances.empty() || variances.size() == list.size(),
           "TensorProduct: expected one variance for each of ", list.size(), " blocks, got ",
           variances.size());
  };
  check(options.in1_variances, spec.in1);
  check(options.in2_variances, spec.in2);
  check(options.out_variances, spec.out);
  const auto variance = [](const std::vector<double>& variances, int i) {
    return variances.empty() ? 1.0 : variances[static_cast<std::size_t>(i)];
  };
  const auto at = [](const IrrepList& list, int i) { return list[static_cast<std::size_t>(i)]; };
  const auto elements = [&](const TensorPath& path) {
    return variance(options.in1_variances, path.in1) * variance(options.in2_variances, path.in2) *
           summed_elements(path, at(spec.in1, path.in1).copies, at(spec.in2, path.in2).copies);
  };
  std::vector<double> coefficients;
  for (const auto& path : spec.paths) {
    check_path(spec, path);
    double square = variance(options.out_variances, path.out) * path.path_weight;
    if (options.irrep_normalization == IrrepNormalization::component)
      square *= irrep_dimension(at(spec.out, path.out).label);
    if (options.irrep_normalization == IrrepNormalization::norm)
      square *= irrep_dimension(at(spec.in1, path.in1).label) *
                irrep_dimension(at(spec.in2, path.in2).label);
    double all = 0, count = 0;
    for (const auto& other : spec.paths)
      if (other.out == path.out) {
        all += elements(other);
        ++count;
      }
    if (options.path_normalization == PathNormalization::path) all = elements(path) * count;
    if (options.path_normalization == PathNormalization::none || all <= 0) all = 1;
    coefficients.push_back(std::sqrt(square / all));
  }
  return coefficients;
}

}  // namespace detail
}  // namespace gsteer
