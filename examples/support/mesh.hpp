// SPDX-License-Identifier: MIT
// Surfaces made of triangles: reading them (OFF), and points drawn from them.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/core/random.hpp"

namespace example {

struct Mesh {
  Eigen::Matrix3Xd vertices;
  std::vector<std::array<int, 3>> triangles;
};

namespace detail {

/// The lines of a file that are not empty, without comments.
class OffLines {
 public:
  explicit OffLines(const std::filesystem::path& path) : path_(path.string()), file_(path) {
    gsteer::expect(file_.good(), path_, ": cannot be opened");
  }

  std::istringstream next(const char* wanted) {
    for (std::string line; std::getline(file_, line);) {
      ++number_;
      line = line.substr(0, line.find('#'));
      if (line.find_first_not_of(" \t\r") != std::string::npos) return std::istringstream(line);
    }
    gsteer::fail(path_, ": expected ", wanted, ", the file ends after line ", number_);
  }
  template <class... Parts>
  void check(bool fine, const Parts&... expected) const {
    gsteer::expect(fine, path_, ", line ", number_, ": expected ", expected...);
  }

 private:
  std::string path_;
  std::ifstream file_;
  int number_ = 0;
};

}  // namespace detail

/// Reads a file in the Object File Format, OFF or COFF (colors are left out); polygons become fans
/// of triangles. \throws gsteer::Error if it is damaged, or has no surface
inline Mesh read_off(const std::filesystem::path& path) {
  detail::OffLines lines(path);
  auto header = lines.next("the word OFF");
  std::string word;
  header >> word;
  lines.check(word == "OFF" || word == "COFF", "the word OFF, got ", word);
  int vertices = 0, faces = 0;
  if (!(header >> vertices)) {  // the counts stand on the same line or on the next
    header = lines.next("the numbers of vertices and faces");
    header >> vertices;
  }
  lines.check(static_cast<bool>(header >> faces) && vertices >= 3 && faces >= 1,
              "the numbers of vertices (>= 3) and faces (>= 1)");

  std::vector<double> coordinates;  // grows with what is there, not with what the file promises
  for (int v = 0; v < vertices; ++v) {
    auto line = lines.next("a vertex");
    double x = 0, y = 0, z = 0;
    lines.check(line >> x >> y >> z && std::isfinite(x) && std::isfinite(y) && std::isfinite(z),
                "three coordinates");
    coordinates.insert(coordinates.end(), {x, y, z});
  }
  Mesh mesh;
  mesh.vertices = Eigen::Map<const Eigen::Matrix3Xd>(coordinates.data(), 3, vertices);
  for (int f = 0; f < faces; ++f) {
    auto line = lines.next("a face");
    int corners = 0;
    lines.check(line >> corners && corners >= 3, "a number of corners >= 3");
    std::array<int, 3> triangle{};
    for (int i = 0; i < corners; ++i) {
      int corner = -1;
      lines.check(line >> corner && corner >= 0 && corner < vertices, "vertices below ", vertices);
      if (i == 0) triangle[0] = corner;
      triangle[1] = triangle[2];
      triangle[2] = corner;
      if (i >= 2) mesh.triangles.push_back(triangle);
    }
  }
  return mesh;
}

/// Draws points uniformly from the surface of a mesh, which is moved so that its center (of the
/// surface) is the origin, and scaled so that its farthest point has distance 1.
class Surface {
 public:
  /// \throws gsteer::Error if the surface has no area
  explicit Surface(Mesh mesh) : mesh_(std::move(mesh)) {
    Eigen::Vector3d center = Eigen::Vector3d::Zero();
    double area = 0;
    for (const auto& t : mesh_.triangles) {
      const Eigen::Vector3d a = corner(t, 0), u = corner(t, 1) - a, v = corner(t, 2) - a;
      const double uv = u.dot(v);
      const double own = std::sqrt(std::max(0.0, u.squaredNorm() * v.squaredNorm() - uv * uv)) / 2;
      area += own;
      center += own * (a + (u + v) / 3);
      areas_.push_back(area);
    }
    gsteer::expect(area > 0 && std::isfinite(area), "a mesh has a surface of area ", area);
    for (Eigen::Index v = 0; v < mesh_.vertices.cols(); ++v) mesh_.vertices.col(v) -= center / area;
    double radius = 0;
    for (const auto& t : mesh_.triangles)
      for (std::size_t i = 0; i < 3; ++i) radius = std::max(radius, corner(t, i).norm());
    mesh_.vertices /= radius;
  }

  /// 3 x count
  Eigen::MatrixXd sample(int count, gsteer::Rng& rng) const {
    Eigen::MatrixXd points(3, count);
    for (int n = 0; n < count; ++n) {
      const auto found =
          std::upper_bound(areas_.begin(), areas_.end(), rng.uniform() * areas_.back());
      const auto index =
          std::min(static_cast<std::size_t>(found - areas_.begin()), mesh_.triangles.size() - 1);
      const auto& t = mesh_.triangles[index];
      double u = rng.uniform(), v = rng.uniform();
      if (u + v > 1) {  // the other half of the parallelogram
        u = 1 - u;
        v = 1 - v;
      }
      for (int i = 0; i < 3; ++i)
        points(i, n) = (1 - u - v) * mesh_.vertices(i, t[0]) + u * mesh_.vertices(i, t[1]) +
                       v * mesh_.vertices(i, t[2]);
    }
    return points;
  }

 private:
  Eigen::Vector3d corner(const std::array<int, 3>& triangle, std::size_t i) const {
    return mesh_.vertices.col(triangle[i]);
  }

  Mesh mesh_;
  std::vector<double> areas_;  // of the triangles so far
};

/// `count` of the points, spread evenly: first the one farthest from the mean of all, then always
/// the one farthest from those chosen so far (farthest point sampling). Turns along with the
/// points. \throws gsteer::Error if there are fewer points
inline Eigen::MatrixXd spread_evenly(const Eigen::MatrixXd& points, int count) {
  gsteer::expect(count >= 1 && count <= points.cols(), "expected at least ", count,
                 " points to choose from, got ", points.cols());
  const Eigen::Vector3d mean = points.rowwise().mean();
  Eigen::MatrixXd chosen(3, count);
  std::vector<double> distance;  // from the mean, and then from those chosen
  for (Eigen::Index i = 0; i < points.cols(); ++i)
    distance.push_back((points.col(i) - mean).squaredNorm());
  for (int n = 0; n < count; ++n) {
    const auto farthest = std::max_element(distance.begin(), distance.end()) - distance.begin();
    chosen.col(n) = points.col(farthest);
    for (Eigen::Index i = 0; i < points.cols(); ++i) {
      const double from = (points.col(i) - chosen.col(n)).squaredNorm();
      double& least = distance[static_cast<std::size_t>(i)];
      least = n == 0 ? from : std::min(least, from);
    }
  }
  return chosen;
}

}  // namespace example
