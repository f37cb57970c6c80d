// SPDX-License-Identifier: MIT
#include "gsteer/layer/point_conv.hpp"

#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "gsteer/field/grid_graph.hpp"
#include "gsteer/group/axial.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/polyhedral.hpp"
#include "gsteer/kernel/basis.hpp"
#include "gsteer/layer/graph_pooling.hpp"
#include "gsteer/layer/pointwise.hpp"
#include "gsteer/layer/potential.hpp"
#include "gsteer/layer/sequential.hpp"
#include "gsteer/representation/irreps.hpp"
#include "gsteer/train/initialization.hpp"
#include "layer/graph_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Two clouds of the space that a group acts on, with edges to and from themselves.
template <class G>
PointCloud clouds(G, Rng& rng, int n = 8, bool coincident = false) {
  PointCloud cloud = random_clouds({n, n - 3}, 1, rng, 3);
  // Two in one place, where nothing has a direction.
  if (coincident) cloud.positions.col(1) = cloud.positions.col(0);
  if (G::dimension == 2) cloud.positions.row(2).setZero();
  std::vector<Graph> graphs;
  for (const int first : {0, n})
    graphs.push_back(radius_graph(cloud.positions.middleCols(first, first == 0 ? n : n - 3), 3));
  cloud.graph = with_self_edges(join(graphs));
  return cloud;
}

/// The matrix of g on (x, y, z).
template <class G>
Eigen::Matrix3d in_space(const typename G::element& g) {
  Eigen::Matrix3d a = Eigen::Matrix3d::Identity();
  a.topLeftCorner<G::dimension, G::dimension>() = G::action(g);
  return a;
}

/// |f(g x, g points) - g f(x, points)| for elements g of any angle, as the layer trains and as it
/// is used; the control shears the points and turns the channels around.
template <class Layer>
void check_commutes(Layer layer, Rng& rng, int trials = 5) {
  using G = typename Layer::in::group;
  INFO(G::name());
  randomize(layer, rng);
  const auto cloud = clouds(G{}, rng, 8, true);
  const auto x = random_field(typename Layer::Features(cloud.nodes()), rng);
  const auto frozen = layer.freeze();
  Eigen::Matrix3d shear = Eigen::Matrix3d::Identity();
  shear(0, 1) = 0.4;
  const auto spoiled = [&](auto y, const Eigen::Matrix3d& a) {
    for (int b = 0; b < y.batch(); ++b)
      std::reverse(y.data() + std::ptrdiff_t{b} * y.channels(),
                   y.data() + std::ptrdiff_t{b + 1} * y.channels());
    return frozen.forward(y, cloud.mapped(shear * a));
  };
  const auto y = layer.forward(x, cloud.graph);
  const auto spoiled_y = spoiled(x, Eigen::Matrix3d::Identity());
  REQUIRE(detail::relative_distance(frozen.forward(x, cloud.graph), y) == 0);
  double control = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const auto g = G::sample(rng);
    const auto a = in_space<G>(g);
    const auto turned = transform(g, x);
    const auto moved = cloud.mapped(a);
    const auto gy = transform(g, y);
    CHECK(detail::relative_distance(layer.forward(turned, moved), gy) <
          tolerance<typename Layer::Scalar>);
    CHECK(detail::relative_distance(frozen.forward(turned, moved), gy) <
          tolerance<typename Layer::Scalar>);
    control =
        std::max(control, detail::relative_distance(spoiled(turned, a), transform(g, spoiled_y)));
  }
  CHECK(control > 1e-2);
}

/// Numbers of a field on a grid, [batch, channel, point], as those of points, and back.
template <class Features, class Space>
Field<Features, double, Point> as_points(const Field<Features, double, Space>& f) {
  Field<Features, double, Point> points(f.batch() * f.points());
  for (int b = 0; b < f.batch(); ++b)
    for (int c = 0; c < f.channels(); ++c)
      for (int p = 0; p < f.points(); ++p) points(b * f.points() + p, c) = f.item(b)(c, p);
  return points;
}

/// Equal to the convolution on the grid, forward and backward.
template <class Conv, class Points, class Space>
void check_grid(const Conv& prototype, Points points, const Space& grid, int taps, double spacing) {
  INFO(Conv::in::group::name());
  Rng rng(1);
  Conv conv = prototype;
  randomize(conv, rng);
  copy_parameters(conv, points);
  const auto x = random_field(Field<typename Conv::in, double, Space>(2, grid), rng);
  const auto y = conv.forward(x);
  REQUIRE(y.space() == grid);
  const Graph one = grid_graph(grid, taps, spacing), graph = join({one, one});
  CHECK(detail::relative_distance(points.forward(as_points(x), graph), as_points(y)) < 1e-12);
  const auto g = random_field(y, rng);
  const auto d = conv.backward(g);
  CHECK(detail::relative_distance(points.backward(as_points(g)).features, as_points(d)) < 1e-12);
  CHECK(relative_error(parameter_gradients(points), parameter_gradients(conv)) < 1e-12);
  // The control: half of the window.
  const Graph part = grid_graph(grid, taps - 2, spacing), parts = join({part, part});
  CHECK(detail::relative_distance(points.forward(as_points(x), parts), as_points(y)) > 1e-3);
}

template <auto In, auto Out, int Taps>
void check_plane_grid(double spacing) {
  check_grid(Conv2d<In, Out, Taps, double>{{.padding = Taps / 2}},
             PointConv<In, Out, Taps, double>{{.spacing = spacing}}, Grid<2>{{6, 7}}, Taps,
             spacing);
}
template <auto In, auto Out, int Taps>
void check_space_grid(double spacing) {
  check_grid(Conv3d<In, Out, Taps, double>{{.padding = Taps / 2}},
             PointConv<In, Out, Taps, double>{{.spacing = spacing}}, Grid<3>{{4, 3, 5}}, Taps,
             spacing);
}

/// A profile for points: wide rings, and harmonics that a grid of five taps resolves.
constexpr auto rings = kernel_size(5).with_rings({{0, 0.6, 0}, {1, 0.6, 2}, {2, 0.5, 2}});

constexpr auto vectors = 3 * trivial<SO<3>> + 2 * irrep<SO<3>, 1>;
constexpr auto many = 8 * trivial<SO<3>> + 9 * irrep<SO<3>, 1> + 6 * irrep<SO<3>, 2>;
constexpr auto tensors = 2 * trivial<SO<3>> + irrep<SO<3>, 1> + irrep<SO<3>, 2>;
constexpr auto parities = irreps<"2x0e+0o+2x1o+1e">;
constexpr auto waves = 2 * trivial<O<2>> + irrep<O<2>, 1, 1> + 2 * irrep<O<2>, 1, 2>;

}  // namespace

TEST_CASE("on the points of a grid PointConv is the convolution", "[graph]") {
  check_plane_grid<2 * trivial<C<1>>, 3 * trivial<C<1>>, 3>(1);
  check_plane_grid<2 * regular<C<4>> + trivial<C<4>>, trivial<C<4>> + 2 * regular<C<4>>, 5>(0.3);
  check_plane_grid<trivial<C<8>>, 2 * regular<C<8>>, 5>(1);
  check_plane_grid<2 * regular<C<8>>, regular<C<8>>, 5>(7);
  check_plane_grid<regular<D<4>> + irrep<D<4>, 1, 1>, 2 * regular<D<4>>, 3>(1);
  check_plane_grid<trivial<SO<2>> + 2 * irrep<SO<2>, 1>, irrep<SO<2>, 2> + trivial<SO<2>>, 7>(1);
  check_plane_grid<waves, waves, 5>(0.1);
}

TEST_CASE("on the points of a volume PointConv is the convolution", "[graph]") {
  check_space_grid<vectors, tensors, 3>(1);
  check_space_grid<parities, parities, 5>(0.5);
  check_space_grid<trivial<octahedral>, regular<octahedral>, 3>(1);
}

TEMPLATE_TEST_CASE("PointConv commutes with elements of any angle", "[graph]", float, double) {
  using Scalar = TestType;
  Rng rng(2);
  check_commutes(PointConv<2 * regular<C<8>>, regular<C<8>> + trivial<C<8>>, 5, Scalar>{}, rng);
  check_commutes(PointConv<2 * regular<C<5>>, regular<C<5>>, rings, Scalar>{}, rng);
  check_commutes(PointConv<regular<D<6>>, 2 * regular<D<6>>, rings, Scalar>{}, rng);
  check_commutes(
      PointConv<2 * trivial<SO<2>> + irrep<SO<2>, 1>, irrep<SO<2>, 2>, rings, Scalar>{
          {.aggregation = Aggregation::mean}},
      rng);
  check_commutes(PointConv<waves, waves, 5, Scalar>{{.spacing = 0.7}}, rng);
  check_commutes(PointConv<vectors, tensors, rings, Scalar>{}, rng);
  check_commutes(PointConv<many, many, rings, Scalar>{}, rng);
  check_commutes(PointConv<parities, parities, rings, Scalar>{{.spacing = 0.7}}, rng);
  check_commutes(PointConv<trivial<tetrahedral>, regular<tetrahedral>, 3, Scalar>{}, rng);
  check_commutes(PointConv<regular<octahedral>, irrep<octahedral, 0, 1>, rings, Scalar>{}, rng);
  check_commutes(PointConv<2 * irrep<icosahedral, 0, 1>, irrep<icosahedral, 0, 2>, rings, Scalar>{},
                 rng);
  // Functions on the group, for a hundred elements each.
  constexpr auto circle = band_limited<SO<2>, 2>;
  constexpr auto circles = band_limited<O<2>, 2>;
  constexpr auto rotations = band_limited<SO<3>, 1>;
  constexpr auto isometries = band_limited<O<3>, 1>;
  check_commutes(PointConv<circle, circle, rings, Scalar>{}, rng, 100);
  check_commutes(PointConv<circles, circles, rings, Scalar>{}, rng, 100);
  check_commutes(PointConv<rotations, rotations, rings, Scalar>{}, rng, 100);
  check_commutes(PointConv<isometries, isometries, rings, Scalar>{}, rng, 100);
  constexpr auto about = about_z<SO<2>>;
  check_commutes(PointConv<2 * trivial<about>, irrep<about, 1> + trivial<about>, rings, Scalar>{},
                 rng);
}

namespace {

/// The result by the sum over edges of kernels, each a combination of the basis.
template <auto In, auto Out, auto Profile>
void check_definition(const PointConvOptions& options) {
  Rng rng(3);
  PointConv<In, Out, Profile, double> layer{options};
  using G = typename decltype(layer)::in::group;
  randomize(layer, rng);
  const auto cloud = clouds(G{}, rng, 6);
  const auto x = random_field(PointField<In, double>(cloud.nodes()), rng);
  const auto y = layer.forward(x, cloud.graph);
  const auto named = parameters(layer);
  const auto& weight = named.front().parameter->value;

  // Each element of the basis, over its norm on the taps of a grid: d sizes the irrep it maps to.
  const auto space =
      kernel_space_of<features_of<In>, features_of<Out>>(detail::profile_of<Profile>());
  const auto basis = kernel_basis<In, Out>(detail::profile_of<Profile>());
  REQUIRE(basis.size() == weight.size());
  const int k = detail::profile_of<Profile>().size;
  std::vector<double> scales;
  for (const auto& block : space.blocks)
    for (int copies = space.out[static_cast<std::size_t>(block.out_block)].copies *
                      space.in [static_cast<std::size_t>(block.in_block)].copies;
         copies > 0; --copies)
      for (const auto& slot : block.slots)
        for (const auto& term : space.terms_of(slot)) {
          double square = 0;
          for (int t = 0; t < k * k * (G::dimension == 3 ? k : 1); ++t) {
            const Eigen::Vector3d tap(t % k - k / 2, t / k % k - k / 2,
                                      G::dimension == 3 ? t / k / k - k / 2 : 0);
            square += basis[scales.size()](tap.head<G::dimension>()).squaredNorm();
          }
          scales.push_back(std::sqrt(term.tensor.sizes[1] / square));
        }
  REQUIRE(scales.size() == basis.size());

  auto expected = y;
  std::fill(expected.values().begin(), expected.values().end(), 0.0);
  const Graph& graph = cloud.graph;
  for (int e = 0; e < graph.edges(); ++e) {
    const int sender = graph.senders()[static_cast<std::size_t>(e)],
              receiver = graph.receivers()[static_cast<std::size_t>(e)];
    const Eigen::VectorXd v = graph.vectors().col(e).head<G::dimension>() / options.spacing;
    Eigen::MatrixXd kernel = Eigen::MatrixXd::Zero(y.channels(), x.channels());
    for (std::size_t b = 0; b < basis.size(); ++b) kernel += weight[b] * scales[b] * basis[b](v);
    const double factor = options.aggregation == Aggregation::mean
                              ? 1.0 / (graph.received(receiver + 1) - graph.received(receiver))
                          : options.aggregation == Aggregation::normalized
                              ? 1 / std::sqrt(options.average_neighbors)
                              : 1.0;
    expected.item(receiver) += factor * kernel * x.item(sender);
  }
  // The bias is what a cloud without edges gives.
  const auto alone = layer.forward(x, make_graph(Eigen::MatrixXd::Zero(3, cloud.nodes()), {}));
  for (std::size_t i = 0; i < expected.size(); ++i) expected.values()[i] += alone.values()[i];
  CHECK(detail::relative_distance(y, expected) < 1e-12);
  CHECK(detail::relative_distance(y, alone) > 0.1);
}

}  // namespace

TEST_CASE("PointConv sums kernels over edges, as its definition says", "[graph]") {
  check_definition<2 * regular<C<4>> + trivial<C<4>>, trivial<C<4>> + regular<C<4>>, 5>({});
  check_definition<waves, waves, rings>({.spacing = 0.8, .aggregation = Aggregation::mean});
  check_definition<vectors, tensors, rings>(
      {.spacing = 1.3, .aggregation = Aggregation::normalized, .average_neighbors = 2.5});
  check_definition<many, many, 3>({});
  check_definition<parities, parities, 3>({});
  check_definition<trivial<octahedral> + irrep<octahedral, 0, 2>, regular<octahedral>, 3>({});
}

TEST_CASE("PointConv: first and second derivatives", "[graph]") {
  Rng rng(4);
  const auto check = [&](auto layer) {
    using G = typename decltype(layer)::in::group;
    INFO(G::name());
    randomize(layer, rng);
    const auto errors = graph_derivative_errors(layer, clouds(G{}, rng), rng);
    CHECK(errors.adjoint < 1e-12);
    CHECK(errors.input_only == 0);
    CHECK(errors.worst() < 1e-7);
  };
  const auto aggregation = GENERATE(Aggregation::sum, Aggregation::mean, Aggregation::normalized);
  const PointConvOptions options{
      .spacing = 0.9, .aggregation = aggregation, .average_neighbors = 3};
  check(PointConv<2 * regular<C<4>>, regular<C<4>> + trivial<C<4>>, rings, double>{options});
  check(PointConv<waves, waves, rings, double>{options});
  check(PointConv<vectors, tensors, rings, double>{options});
  check(PointConv<many, many, rings, double>{options});
  check(PointConv<parities, parities, rings, double>{options});
}

TEST_CASE("PointConv does not depend on the order of edges and nodes", "[graph]") {
  Rng rng(5);
  PointConv<parities, parities, rings, double> layer;
  randomize(layer, rng);
  const auto cloud = clouds(O<3>, rng);
  const auto errors = edge_order_errors(layer, cloud, rng);
  CHECK(errors.error < 1e-12);
  CHECK(errors.control > 1e-3);

  const int n = cloud.nodes();
  const auto x = random_field(PointField<parities, double>(n), rng);
  const auto y = layer.forward(x, cloud.graph);
  auto reversed_x = x, reversed_y = y;
  Eigen::MatrixXd reversed(3, n);
  std::vector<Edge> edges;
  for (const Edge& e : cloud.edges()) edges.push_back({n - 1 - e.sender, n - 1 - e.receiver});
  for (int i = 0; i < n; ++i) {
    reversed.col(n - 1 - i) = cloud.positions.col(i);
    reversed_x.item(n - 1 - i) = x.item(i);
    reversed_y.item(n - 1 - i) = y.item(i);
  }
  const Graph renumbered = make_graph(reversed, edges);
  CHECK(detail::relative_distance(layer.forward(reversed_x, renumbered), reversed_y) < 1e-12);
  CHECK(detail::relative_distance(layer.forward(x, renumbered), reversed_y) > 1e-2);
}

TEST_CASE("PointConv of many nodes is that of each graph of a batch", "[graph]") {
  // Enough nodes and channels that backward works in several waves, which begin inside of graphs.
  constexpr auto in = 32 * regular<C<8>>;
  constexpr auto out = trivial<C<8>> + irrep<C<8>, 1>;
  Rng rng(6);
  PointConv<in, out, rings, double> layer;
  randomize(layer, rng);
  std::vector<Graph> graphs;
  for (int i = 0; i < 9; ++i) {
    Eigen::MatrixXd positions = random_matrix(2, 80, rng, 3);
    graphs.push_back(with_self_edges(radius_graph(positions, 2)));
  }
  const Graph all = join(graphs);
  const auto x = random_field(PointField<in, double>(all.nodes()), rng);
  const auto y = layer.forward(x, all);
  const auto g = random_field(y, rng);
  Eigen::MatrixXd by_vector = Eigen::MatrixXd::Zero(3, all.edges());
  zero_gradients(layer);
  const auto d = layer.backward(g, by_vector);
  const auto gradients = parameter_gradients(layer);
  zero_gradients(layer);
  double worst = 0;
  int edge = 0;
  for (int i = 0; i < 9; ++i) {
    const Graph& graph = graphs[static_cast<std::size_t>(i)];
    PointField<in, double> part(80), part_d(80);
    PointField<out, double> part_y(80), part_g(80);
    for (int node = 0; node < 80; ++node) {
      part.item(node) = x.item(80 * i + node);
      part_d.item(node) = d.item(80 * i + node);
      part_y.item(node) = y.item(80 * i + node);
      part_g.item(node) = g.item(80 * i + node);
    }
    worst = std::max(worst, detail::relative_distance(layer.forward(part, graph), part_y));
    Eigen::MatrixXd by_edge = Eigen::MatrixXd::Zero(3, graph.edges());
    worst = std::max(worst, detail::relative_distance(layer.backward(part_g, by_edge), part_d));
    worst = std::max(worst,
                     (by_edge - by_vector.middleCols(edge, graph.edges())).norm() / by_edge.norm());
    edge += graph.edges();
  }
  CHECK(worst < 1e-12);
  CHECK(relative_error(parameter_gradients(layer), gradients) < 1e-12);
}

TEST_CASE("PointConv: no NaN on points that coincide, are alone, or have no edges", "[graph]") {
  Rng rng(7);
  PointConv<parities, parities, rings, double> layer{{.aggregation = Aggregation::mean}};
  randomize(layer, rng);
  Eigen::MatrixXd positions = Eigen::MatrixXd::Zero(3, 4);
  positions(0, 3) = 100;
  std::vector<Edge> edges;
  if (GENERATE(true, false)) edges = {{0, 1}, {1, 0}, {2, 2}};
  const Graph graph = make_graph(positions, edges);
  const auto x = random_field(PointField<parities, double>(4), rng);
  const auto y = layer.forward(x, graph);
  const auto g = random_field(y, rng);
  const auto [gx, by_position] = layer.backward(g);
  Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
  layer.backward_input(g, d_vectors);
  const auto dy = layer.forward_tangent(x, Eigen::MatrixXd::Ones(3, graph.edges()));
  Eigen::MatrixXd dd = Eigen::MatrixXd::Zero(3, graph.edges());
  const auto dgx = layer.backward_tangent(g, &dd);
  for (const auto* values : {&y.values(), &gx.values(), &dy.values(), &dgx.values()})
    for (const double v : *values) CHECK(std::isfinite(v));
  CHECK(by_position.norm() == 0);
  CHECK(dd.norm() == 0);
  for (const double v : parameter_gradients(layer)) CHECK(std::isfinite(v));
  // Without neighbors the result is the bias: on 0e alone.
  const auto bias = parameters(layer).back().parameter->value;
  REQUIRE(bias.size() == 2);
  for (int c = 0; c < y.channels(); ++c)
    CHECK(y(3, c) == (c < 2 ? bias[static_cast<std::size_t>(c)] : 0));
}

namespace {

template <auto In>
void check_bits(const Eigen::MatrixXd& positions) {
  Rng rng(8);
  PointConv<In, In, 5> layer;
  randomize(layer, rng);
  const Graph graph = with_self_edges(radius_graph(positions, 2));
  REQUIRE(graph.edges() > 1500);
  const auto x = random_field(PointField<In>(graph.nodes()), rng);
  std::vector<std::vector<float>> runs;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    zero_gradients(layer);
    const auto y = layer.forward(x, graph);
    const auto [features, by_position] = layer.backward(y);
    std::vector<float> all(y.values().begin(), y.values().end());
    all.insert(all.end(), features.values().begin(), features.values().end());
    for (const auto& [name, p] : parameters(layer))
      all.insert(all.end(), p->gradient.begin(), p->gradient.end());
    for (Eigen::Index i = 0; i < by_position.size(); ++i)
      all.push_back(static_cast<float>(by_position.data()[i]));
    runs.push_back(all);
    const auto frozen = layer.freeze().forward(x, graph);
    CHECK(std::memcmp(frozen.data(), y.data(), y.size() * sizeof(float)) == 0);
  }
  set_threads(0);
  CHECK(runs[0] == runs[1]);
  CHECK(runs[0] == runs[2]);
}

}  // namespace

TEST_CASE("PointConv gives the same bits for any number of threads, and frozen", "[graph]") {
  Rng rng(12);
  check_bits<5 * irrep<SO<2>, 1> + trivial<SO<2>>>(random_matrix(2, 300, rng, 6));
  check_bits<many>(random_matrix(3, 250, rng, 3));
}

TEST_CASE("PointConv starts as the convolution does, and takes part in networks", "[graph]") {
  constexpr auto in = trivial<C<8>>;
  constexpr auto hidden = 4 * regular<C<8>>;
  Conv2d<in, hidden, 5, double> conv;
  PointConv<in, hidden, 5, double> points;
  initialize(conv, Rng{42});
  initialize(points, Rng{42});
  const auto a = parameters(conv), b = parameters(points);
  REQUIRE(a.front().parameter->value.size() == b.front().parameter->value.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.front().parameter->value.size(); ++i) {
    CHECK(a.front().parameter->value[i] == b.front().parameter->value[i]);
    largest = std::max(largest, std::abs(b.front().parameter->value[i]));
  }
  CHECK(largest > 0.1);

  Sequential net{PointConv<in, hidden, rings, double>{}, ELU<hidden, double>{},
                 PointConv<hidden, in, rings, double>{{.bias = false}}, GraphPool<in, double>{}};
  Rng rng(9);
  initialize(net, rng);
  const auto cloud = clouds(C<8>, rng);
  const auto x = random_field(PointField<in, double>(cloud.nodes()), rng);
  const auto y = net.forward(x, cloud.graph);
  REQUIRE(y.batch() == 2);
  const auto frozen = net.freeze();
  CHECK(detail::relative_distance(frozen.forward(x, cloud.graph), y) == 0);
  const auto g = C<8>.element_at(3);
  const auto turned = cloud.mapped(in_space<cyclic<8>>(g));
  CHECK(detail::relative_distance(frozen.forward(x, turned), y) < 1e-12);
  Eigen::MatrixXd by_vector = Eigen::MatrixXd::Zero(3, cloud.graph.edges());
  net.backward(y, by_vector);
  CHECK(by_vector.norm() > 1e-3);
  CHECK(by_vector.row(2).norm() == 0);
}

TEST_CASE("PointConv in a potential: forces are the derivative of the energy", "[graph]") {
  constexpr auto atom = irreps<"0e">;
  constexpr auto hidden = irreps<"3x0e+2x1o">;
  Potential potential{Sequential{PointConv<atom, hidden, rings, double>{},
                                 PointConv<hidden, atom, rings, double>{}}};
  Rng rng(10);
  for (const auto& [name, p] : parameters(potential))
    if (p->trained)
      for (auto& w : p->value) w = rng.normal();
  const auto cloud = clouds(O<3>, rng, 7);
  const auto result = potential.evaluate(cloud.graph);
  const Eigen::MatrixXd direction = random_matrix(3, cloud.nodes(), rng);
  const auto energy = [&](double t) {
    const auto e = potential.energies(cloud.graph.moved(cloud.positions + t * direction));
    return e.energies[0] + e.energies[1];
  };
  const double h = 1e-3;
  const double slope = (8 * (energy(h) - energy(-h)) - (energy(2 * h) - energy(-2 * h))) / (12 * h);
  CHECK(std::abs(slope + dot(result.forces, direction)) < 1e-7 * result.forces.norm());
  CHECK(result.forces.norm() > 1e-2);
  CHECK(result.forces.rowwise().sum().norm() < 1e-12 * result.forces.norm());
}

TEST_CASE("PointConv refuses what makes no sense", "[graph]") {
  Rng rng(11);
  using Layer = PointConv<trivial<C<4>>, trivial<C<4>>, 3, double>;
  Layer layer;
  const auto positions = random_matrix(3, 3, rng);
  const PointField<trivial<C<4>>, double> x(3);
  CHECK_THROWS_WITH(layer.forward(x, make_graph(positions, {{0, 1}})),
                    ContainsSubstring("expected points of the plane"));
  CHECK_THROWS_WITH(layer.forward(x, make_graph(positions.topRows(2).leftCols(2), {})),
                    ContainsSubstring("expected features of 2 nodes, got 3"));
  CHECK_THROWS_WITH(layer.backward(x), ContainsSubstring("a derivative before forward"));
  CHECK_THROWS_WITH((Layer{{.spacing = 0}}), ContainsSubstring("expected a spacing > 0"));
  CHECK_THROWS_WITH((Layer{{.average_neighbors = 0}}), ContainsSubstring("average_neighbors > 0"));
  const Graph graph = make_graph(positions.topRows(2), {{0, 1}});
  layer.forward(x, graph);
  CHECK_THROWS_WITH(layer.backward_tangent(x), ContainsSubstring("backward_tangent before"));
  Eigen::MatrixXd wrong = Eigen::MatrixXd::Zero(3, 2);
  CHECK_THROWS_WITH(layer.backward(x, wrong), ContainsSubstring("expected 3 x 1"));
}
