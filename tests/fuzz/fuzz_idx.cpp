// SPDX-License-Identifier: MIT
// Any bytes are either refused with an Error or read, and what was read accounts for every byte.
// Everything else is a crash.
#include <algorithm>
#include <cstdlib>

#include "gsteer/io/idx.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check(std::span<const std::byte> bytes) {
  gsteer::IdxArray array;
  try {
    array = gsteer::parse_idx(bytes);
  } catch (const gsteer::Error&) {
    return;
  }
  std::size_t size = 1;
  for (const auto extent : array.shape) size *= extent;
  require(size == array.values.size());
  require(4 + 4 * array.shape.size() + size == bytes.size());
  const auto data = bytes.last(size);
  require(std::equal(data.begin(), data.end(), std::as_bytes(std::span(array.values)).begin()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  check(bytes);
  try {
    const auto images = gsteer::parse_idx_images(bytes);
    require(images.count > 0 && images.rows > 0 && images.columns > 0);
  } catch (const gsteer::Error&) {
  }
  try {
    require(!gsteer::parse_idx_labels(bytes).empty());
  } catch (const gsteer::Error&) {
  }
  return 0;
}
