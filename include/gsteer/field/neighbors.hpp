// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "gsteer/field/graph.hpp"

namespace gsteer {

/// A box that repeats itself along some of its edges.
struct PeriodicBox {
  /// Lattice vectors, one a column; of any angles, right- or left-handed. Those along which the box
  /// does not repeat are not used.
  Eigen::Matrix3d cell = Eigen::Matrix3d::Identity();
  std::array<bool, 3> periodic{false, false, false};
};

namespace detail {

/// A frame in which boxes of side `cutoff` or more can be counted: columns are the lattice vectors
/// where the box repeats, and otherwise unit vectors orthogonal to those.
struct CellFrame {
  Eigen::Matrix3d cell, inverse;
  std::array<bool, 3> periodic{};

  Eigen::Vector3d fractional(const Eigen::Vector3d& x) const {
    Eigen::Vector3d f;
    for (int i = 0; i < 3; ++i)
      f(i) = inverse(i, 0) * x(0) + inverse(i, 1) * x(1) + inverse(i, 2) * x(2);
    return f;
  }
  Eigen::Vector3d cartesian(const std::array<int, 3>& n) const {
    Eigen::Vector3d x;
    for (int i = 0; i < 3; ++i) x(i) = cell(i, 0) * n[0] + cell(i, 1) * n[1] + cell(i, 2) * n[2];
    return x;
  }
  /// Distance between the two faces of the box that axis i joins: 1 / |row i of the inverse|.
  double height(int i) const {
    return 1 / std::sqrt(inverse(i, 0) * inverse(i, 0) + inverse(i, 1) * inverse(i, 1) +
                         inverse(i, 2) * inverse(i, 2));
  }
};

inline Eigen::Vector3d cross(const Eigen::Vector3d& a, const Eigen::Vector3d& b) {
  return {a(1) * b(2) - a(2) * b(1), a(2) * b(0) - a(0) * b(2), a(0) * b(1) - a(1) * b(0)};
}
inline double dot(const Eigen::Vector3d& a, const Eigen::Vector3d& b) {
  return a(0) * b(0) + a(1) * b(1) + a(2) * b(2);
}

[[gnu::cold]] inline CellFrame make_frame(const PeriodicBox& box) {
  CellFrame frame;
  frame.periodic = box.periodic;
  std::array<Eigen::Vector3d, 3> column;
  for (int i = 0; i < 3; ++i) column[static_cast<std::size_t>(i)] = box.cell.col(i);
  // A direction without repetition: the coordinate axis that is farthest from the plane (line) of
  // the others, made orthogonal to them.
  for (std::size_t i = 0; i < 3; ++i) {
    if (frame.periodic[i]) continue;
    Eigen::Vector3d best = Eigen::Vector3d::Zero();
    for (int axis = 0; axis < 3; ++axis) {
      Eigen::Vector3d v = Eigen::Vector3d::Zero();
      v(axis) = 1;
      std::vector<Eigen::Vector3d> basis;
      for (std::size_t j = 0; j < 3; ++j)
        if (j < i || frame.periodic[j]) {
          Eigen::Vector3d u = column[j];
          for (const auto& b : basis) u -= dot(u, b) * b;
          const double size = std::sqrt(dot(u, u));
          expect(size > 0, "PeriodicBox: two lattice vectors are parallel, or one is zero");
          basis.push_back(u / size);
        }
      for (const auto& b : basis) v -= dot(v, b) * b;
      if (dot(v, v) > dot(best, best)) best = v;
    }
    column[i] = best / std::sqrt(dot(best, best));
  }
  const double volume = dot(column[0], cross(column[1], column[2]));
  expect(std::isfinite(volume) && std::abs(volume) > 1e-12,
         "PeriodicBox: expected lattice vectors that span a volume, got ", volume);
  for (std::size_t i = 0; i < 3; ++i) {
    const Eigen::Vector3d row = cross(column[(i + 1) % 3], column[(i + 2) % 3]);
    for (int axis = 0; axis < 3; ++axis) {
      frame.inverse(static_cast<int>(i), axis) = row(axis) / volume;
      frame.cell(axis, static_cast<int>(i)) = column[i](axis);
    }
  }
  return frame;
}

inline int floor_mod(int a, int n) { return ((a % n) + n) % n; }
inline int floor_div(int a, int n) { return (a - floor_mod(a, n)) / n; }

/// Points sorted into boxes at least `cutoff` wide, so that the neighbors of a point are in its own
/// box and the few around it: linear in the number of points.
class CellList {
 public:
  [[gnu::cold]] CellList(const Eigen::MatrixXd& positions, double cutoff, const PeriodicBox& box)
      : frame_(make_frame(box)) {
    const int n = static_cast<int>(positions.cols());
    fractional_.resize(3, n);
    for (int p = 0; p < n; ++p) {
      const Eigen::Vector3d f = frame_.fractional(positions.col(p));
      for (int i = 0; i < 3; ++i) fractional_(i, p) = f(i);
    }
    // No more boxes than points, so that sparse points in a vast space cost no memory.
    const double most = std::max(1.0, std::cbrt(static_cast<double>(n)) * 2);
    for (int i = 0; i < 3; ++i) {
      const auto axis = static_cast<std::size_t>(i);
      double low = 0, high = 1;
      if (!frame_.periodic[axis]) {
        low = high = fractional_(i, 0);
        for (int p = 1; p < n; ++p) {
          low = std::min(low, fractional_(i, p));
          high = std::max(high, fractional_(i, p));
        }
      }
      const double length = high - low;
      const double boxes = std::floor(length * frame_.height(i) / cutoff);
      count_[axis] = static_cast<int>(std::clamp(boxes, 1.0, most));
      low_[axis] = low;
      width_[axis] = length > 0 ? length / count_[axis] : 1;
      reach_[axis] = static_cast<int>(std::ceil(cutoff / (width_[axis] * frame_.height(i))));
    }
    std::vector<int> keys;
    for (int p = 0; p < n; ++p) {
      std::array<int, 3> at{};
      for (int i = 0; i < 3; ++i) at[static_cast<std::size_t>(i)] = index(i, p);
      home_.push_back(at);
      for (std::size_t i = 0; i < 3; ++i)
        if (frame_.periodic[i]) at[i] = floor_mod(at[i], count_[i]);
      keys.push_back(key(at));
    }
    order_by(keys, count_[0] * count_[1] * count_[2], order_, first_);
  }

  /// visit(other point, how many lattice vectors it is shifted by) for each point in the boxes
  /// around one.
  template <class Visit>
  void for_each_near(int point, Visit&& visit) const {
    const auto& home = home_[static_cast<std::size_t>(point)];
    std::array<int, 3> low{}, high{};
    for (std::size_t i = 0; i < 3; ++i) {
      low[i] = home[i] - reach_[i];
      high[i] = home[i] + reach_[i];
      if (!frame_.periodic[i]) {
        low[i] = std::max(low[i], 0);
        high[i] = std::min(high[i], count_[i] - 1);
      }
    }
    std::array<int, 3> at{};
    for (at[0] = low[0]; at[0] <= high[0]; ++at[0])
      for (at[1] = low[1]; at[1] <= high[1]; ++at[1])
        for (at[2] = low[2]; at[2] <= high[2]; ++at[2]) {
          std::array<int, 3> cell = at, image{};
          for (std::size_t i = 0; i < 3; ++i)
            if (frame_.periodic[i]) {
              cell[i] = floor_mod(at[i], count_[i]);
              image[i] = floor_div(at[i], count_[i]);
            }
          const auto k = static_cast<std::size_t>(key(cell));
          for (int j = first_[k]; j < first_[k + 1]; ++j) {
            const int other = order_[static_cast<std::size_t>(j)];
            // A point may lie outside of the box: its own box then is not where it was sorted to.
            std::array<int, 3> shift = image;
            for (std::size_t i = 0; i < 3; ++i)
              if (frame_.periodic[i])
                shift[i] -= floor_div(home_[static_cast<std::size_t>(other)][i], count_[i]);
            visit(other, shift);
          }
        }
  }

  const CellFrame& frame() const { return frame_; }

 private:
  int index(int axis, int point) const {
    const auto i = static_cast<std::size_t>(axis);
    const double at = std::floor((fractional_(axis, point) - low_[i]) / width_[i]);
    expect(std::abs(at) < 1e9, "radius_graph: a point is ", at, " boxes away from the origin");
    const int box = static_cast<int>(at);
    return frame_.periodic[i] ? box : std::clamp(box, 0, count_[i] - 1);
  }
  int key(const std::array<int, 3>& at) const {
    return (at[0] * count_[1] + at[1]) * count_[2] + at[2];
  }

  CellFrame frame_;
  Eigen::MatrixXd fractional_;
  std::array<int, 3> count_{}, reach_{};
  std::array<double, 3> low_{}, width_{};
  std::vector<std::array<int, 3>> home_;
  std::vector<int> order_, first_;
};

}  // namespace detail

/// All pairs of points closer than `cutoff`, in both directions; in a periodic box also pairs of a
/// point and an image, of its own too. `points` is 3 x n, or 2 x n on the plane. Linear in n at a
/// given density. \throws Error if a position is not finite, the cutoff not positive, or the box
/// flat
[[gnu::cold]] inline Graph radius_graph(const Eigen::MatrixXd& points, double cutoff,
                                        std::vector<int> kinds = {}, const PeriodicBox& box = {}) {
  const Eigen::MatrixXd positions = detail::in_space(points, "radius_graph");
  expect(positions.cols() >= 1, "radius_graph: expected at least one point, got none");
  expect(cutoff > 0 && std::isfinite(cutoff), "radius_graph: expected a cutoff > 0, got ", cutoff);
  for (Eigen::Index i = 0; i < positions.size(); ++i)
    expect(std::isfinite(positions.data()[i]), "radius_graph: the position of point ", i / 3,
           " is not finite");
  const detail::CellList cells(positions, cutoff, box);
  std::vector<Edge> edges;
  for (int p = 0; p < positions.cols(); ++p)
    cells.for_each_near(p, [&](int other, const std::array<int, 3>& image) {
      const bool shifted = image[0] != 0 || image[1] != 0 || image[2] != 0;
      if (other == p && !shifted) return;
      Edge edge{other, p};
      if (shifted) edge.shift = cells.frame().cartesian(image);
      double square = 0;
      for (int i = 0; i < 3; ++i) {
        const double d = positions(i, other) + edge.shift(i) - positions(i, p);
        square += d * d;
      }
      if (square < cutoff * cutoff) edges.push_back(edge);
    });
  return make_graph(positions, edges, std::move(kinds));
}

/// Each point hears of the k points that are nearest to it (of all others, if there are fewer);
/// ties go to the lower index. `points` is 3 x n, or 2 x n on the plane. \throws Error as
/// radius_graph
[[gnu::cold]] inline Graph nearest_neighbor_graph(const Eigen::MatrixXd& points, int k,
                                                  std::vector<int> kinds = {}) {
  const Eigen::MatrixXd positions = detail::in_space(points, "nearest_neighbor_graph");
  const int n = static_cast<int>(positions.cols());
  expect(n >= 1, "nearest_neighbor_graph: expected at least one point, got none");
  expect(k >= 1, "nearest_neighbor_graph: expected k >= 1, got ", k);
  const int wanted = std::min(k, n - 1);
  std::vector<Edge> edges;
  std::vector<std::pair<double, int>> near;
  const auto search = [&](int p, auto&& candidates) {
    near.clear();
    candidates([&](int other) {
      if (other == p) return;
      double square = 0;
      for (int i = 0; i < 3; ++i) {
        const double d = positions(i, other) - positions(i, p);
        square += d * d;
      }
      near.emplace_back(square, other);
    });
    std::sort(near.begin(), near.end());
  };
  // Look in boxes that hold a few points each; where these do not suffice, in all.
  Eigen::Vector3d low = positions.col(0), high = low;
  for (int p = 0; p < n; ++p)
    for (int i = 0; i < 3; ++i) {
      expect(std::isfinite(positions(i, p)), "nearest_neighbor_graph: the position of point ", p,
             " is not finite");
      low(i) = std::min(low(i), positions(i, p));
      high(i) = std::max(high(i), positions(i, p));
    }
  double longest = 0, volume = 1, axes = 0;  // of the axes along which the points spread
  for (int i = 0; i < 3; ++i) longest = std::max(longest, high(i) - low(i));
  for (int i = 0; i < 3; ++i)
    if (high(i) - low(i) > 1e-3 * longest) {
      volume *= high(i) - low(i);
      ++axes;
    }
  const double side =
      axes > 0 ? std::max(std::pow(volume * (wanted + 1) / n, 1 / axes), longest * 1e-3) : 0;
  const detail::CellList cells(positions, side > 0 ? side : 1, {});
  for (int p = 0; p < n; ++p) {
    search(p, [&](auto&& visit) {
      cells.for_each_near(p, [&](int other, const std::array<int, 3>&) { visit(other); });
    });
    // Points farther than the boxes reach may be nearer than the last of those found in them.
    const bool enough = static_cast<int>(near.size()) >= wanted && wanted > 0 &&
                        near[static_cast<std::size_t>(wanted) - 1].first <= side * side;
    if (!enough)
      search(p, [&](auto&& visit) {
        for (int other = 0; other < n; ++other) visit(other);
      });
    for (int i = 0; i < wanted; ++i) edges.push_back({near[static_cast<std::size_t>(i)].second, p});
  }
  return make_graph(positions, edges, std::move(kinds));
}

}  // namespace gsteer
