// SPDX-License-Identifier: MIT
#include "gsteer/core/buffer.hpp"

#include <cstdint>
#include <limits>
#include <new>
#include <utility>
#include <vector>

#include "catch.hpp"

using gsteer::Buffer;

namespace {

template <class Scalar>
bool aligned(const Buffer<Scalar>& buffer) {
  return reinterpret_cast<std::uintptr_t>(buffer.data()) % 64 == 0;
}

}  // namespace

TEMPLATE_TEST_CASE("an owned buffer is zero and aligned to a cache line", "", float, double, int) {
  for (const std::size_t size : {1u, 3u, 17u, 1000u}) {
    const Buffer<TestType> buffer(size);
    CHECK(buffer.size() == size);
    CHECK(buffer.owns_memory());
    CHECK(aligned(buffer));
    for (const auto x : buffer) CHECK(x == TestType{0});
  }
}

TEST_CASE("an empty buffer can be copied, moved and assigned") {
  Buffer<float> none, zero(0);
  CHECK(none.empty());
  CHECK(zero.empty());
  CHECK(none.begin() == none.end());
  const Buffer<float> copy = none;
  CHECK(copy.empty());
  zero = std::move(none);
  CHECK(zero.empty());
}

TEST_CASE(
    "a borrowed buffer writes to the memory of the caller, and its copy owns memory of its own") {
  std::vector<double> numbers{1, 2, 3};
  auto borrowed = Buffer<double>::map(numbers.data(), numbers.size());
  CHECK(!borrowed.owns_memory());
  borrowed[1] = 5;
  CHECK(numbers[1] == 5);

  Buffer<double> copy = borrowed;
  CHECK(copy.owns_memory());
  CHECK(aligned(copy));
  copy[0] = 7;
  CHECK(numbers[0] == 1);
  CHECK(copy[2] == 3);

  const Buffer<double> moved = std::move(borrowed);
  CHECK(!moved.owns_memory());
  CHECK(moved.data() == numbers.data());
}

TEST_CASE("a moved-from buffer is empty, and assignment to itself changes nothing") {
  Buffer<int> a(4);
  a[3] = 9;
  const int* memory = a.data();
  Buffer<int> b = std::move(a);
  CHECK(b.data() == memory);
  CHECK(a.empty());  // NOLINT: what is promised of it
  CHECK(a.data() == nullptr);
  CHECK(!a.owns_memory());

  auto& same = b;
  b = same;
  CHECK(b.size() == 4);
  CHECK(b[3] == 9);
  a = b;
  CHECK(a[3] == 9);
  CHECK(a.data() != b.data());
}

TEST_CASE("a size that no memory can hold is refused") {
  // 2^61 + 1 numbers of 8 bytes are 8 bytes modulo 2^64.
  CHECK_THROWS_AS(Buffer<double>(std::numeric_limits<std::size_t>::max() / 8 + 2), std::bad_alloc);
}
