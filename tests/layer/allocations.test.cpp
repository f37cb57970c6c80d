// SPDX-License-Identifier: MIT
// Forward and backward ask the system for no memory once they have run: results and what layers
// remember take the memory of the step before.
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "catch.hpp"
#include "gsteer/gsteer.hpp"
#include "layer/point_clouds.hpp"

// Counted where the C library lets a program stand in for malloc, and no sanitizer does.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GSTEER_COUNTS_ALLOCATIONS 1
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#undef GSTEER_COUNTS_ALLOCATIONS
#endif
#endif
#endif

namespace {
std::atomic<long> allocations{0};  // elsewhere, the tests only run the layers
}

#ifdef GSTEER_COUNTS_ALLOCATIONS
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
  ++allocations;
  return __libc_malloc(bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  ++allocations;
  return __libc_memalign(alignment, bytes);
}
}
#endif

using namespace gsteer;

namespace {

/// Calls of malloc in a step, after two others. On several threads the least of some steps: which
/// thread does what, and so what memory it keeps, is not the same in each.
template <class Step>
long allocations_of(Step&& step, int steps = 1) {
  step();
  step();
  long least = -1;
  for (int i = 0; i < steps; ++i) {
    const long before = allocations;
    step();
    const long count = allocations - before;
    if (least < 0 || count < least) least = count;
  }
  return least;
}

template <class Layer, class X>
void check(const std::string& name, Layer layer, const X& x) {
  INFO(name);
  for (const int count : {1, 2}) {
    CAPTURE(count);
    set_threads(count);
    const int steps = count == 1 ? 1 : 20;
    CHECK(allocations_of([&] { layer.backward(layer.forward(x)); }, steps) == 0);
    const auto frozen = layer.freeze();
    CHECK(allocations_of([&] { frozen.forward(x); }, steps) == 0);
  }
  set_threads(0);
}

/// The same with a graph, and the gradient of the edges' vectors in a matrix that stays.
template <class Layer, class X>
void check_on_graph(const std::string& name, Layer layer, const X& x, const Graph& graph) {
  INFO(name);
  Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
  for (const int count : {1, 2}) {
    CAPTURE(count);
    set_threads(count);
    const int steps = count == 1 ? 1 : 20;
    const auto step = [&] { layer.backward(layer.forward(x, graph), d_vectors); };
    CHECK(allocations_of(step, steps) == 0);
    const auto frozen = layer.freeze();
    CHECK(allocations_of([&] { frozen.forward(x, graph); }, steps) == 0);
  }
  set_threads(0);
}

constexpr auto f = 2 * regular<C<8>>;
constexpr auto atoms = irreps<"4x0e+4x1o">;
constexpr auto edges = irreps<"1x0e+1x1o">;
constexpr auto scalars = 2 * trivial<C<8>>;
constexpr auto v = 2 * trivial<SO<3>> + irrep<SO<3>, 1>;

template <auto F, int Dimension = 2>
auto random_grid(int batch, int size) {
  Grid<Dimension> grid;
  for (int& n : grid.sizes) n = size;
  GridField<F> x(batch, grid);
  Rng rng(3);
  for (auto& value : x.values()) value = static_cast<float>(rng.normal());
  return x;
}

}  // namespace

#ifdef GSTEER_COUNTS_ALLOCATIONS
TEST_CASE("the count of allocations sees one") {
  volatile std::size_t bytes = 100;  // or the compiler leaves allocations out
  CHECK(allocations_of([&] { ::operator delete(::operator new(bytes)); }) == 1);
  CHECK(allocations_of([&] {
          ::operator delete (::operator new (bytes, std::align_val_t{64}), std::align_val_t{64});
        }) == 1);
  CHECK(allocations_of([&] {
          const Eigen::MatrixXd a(static_cast<int>(bytes), 2);
          bytes = 100 + 0 * static_cast<std::size_t>(a.rows());
        }) == 1);
}
#endif

TEST_CASE("layers on grids run without asking for memory") {
  const auto x = random_grid<f>(3, 11);
  using enum ConvolutionMethod;
  check("dense", Conv2d<f, f, 3>{{.padding = 1, .method = dense}}, x);
  check("harmonic", Conv2d<f, f, 5>{{.padding = 2, .method = harmonic}}, x);
  check("circular", Conv2d<f, f, 5>{{.padding = 2, .padding_mode = Padding::circular}}, x);
  check("strided", Conv2d<f, f, 3>{{.stride = 2, .padding = 1}}, x);
  check("groups", Conv2d<f, f, 3>{{.padding = 1, .groups = 2}}, x);
  check("transposed", ConvTransposed2d<f, f, 3>{{.stride = 2, .padding = 1}}, x);
  check("volume", Conv3d<v, v, 3>{{.padding = 1}}, random_grid<v, 3>(1, 6));
  check("linear", Linear<f, f>{}, x);
  check("batch norm", BatchNorm<f>{}, x);
  check("instance norm", InstanceNorm<f>{}, x);
  check("relu", ReLU<f>{}, x);
  check("average pool", AntialiasedAvgPool<f>{}, x);
  check("max pool", MaxPool<f>{}, random_grid<f>(3, 12));
  check("group pool", GroupPool<f>{}, x);
  check("global pool", GlobalAvgPool<scalars>{}, random_grid<scalars>(3, 7));
  check("upsample", Upsample<f>{}, x);
  check("network",
        Sequential{Conv2d<f, f, 5>{{.padding = 2}}, BatchNorm<f>{}, ELU<f>{},
                   Residual{Sequential{Conv2d<f, f, 3>{{.padding = 1}}, ReLU<f>{}}}, GroupPool<f>{},
                   GlobalAvgPool<scalars>{}, Linear<scalars, trivial<C<8>>>{}},
        x);
}

TEST_CASE("layers on graphs run without asking for memory") {
  Rng rng(5);
  const Graph graph = test::random_clouds({40, 30}, 1, rng).graph;
  REQUIRE(graph.edges() > 256);  // several tasks in every loop
  PointField<atoms> x(graph.nodes());
  for (auto& value : x.values()) value = static_cast<float>(rng.normal());
  check_on_graph("messages", MessagePassing<atoms, edges, atoms>{{.cutoff = 3}}, x, graph);
  check_on_graph("attention", Attention<atoms, edges, atoms>{{.heads = 2, .cutoff = 3}}, x, graph);
  check_on_graph("steerable", SteerableMessagePassing<atoms, edges, atoms>{}, x, graph);
  check_on_graph("point convolution", PointConv<atoms, atoms, 3>{}, x, graph);
}
