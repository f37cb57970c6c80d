// SPDX-License-Identifier: MIT
// Any bytes are either refused with an Error or read, and what was read survives a round trip.
// Everything else is a crash.
#include <cstdlib>

#include "gsteer/io/safetensors.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check(std::span<const std::byte> bytes, const gsteer::TensorFileOptions& options) {
  gsteer::TensorFile file;
  try {
    file = gsteer::parse_safetensors(bytes, "input", options);
  } catch (const gsteer::Error&) {
    return;
  }
  const auto written = gsteer::serialize_safetensors(file, options);
  const auto again = gsteer::parse_safetensors(written, "written", options);
  require(again == file);
  require(gsteer::serialize_safetensors(again, options) == written);
  for (const auto& [name, tensor] : file.tensors) {
    try {
      require(file.values<float>(name, tensor.shape).size() == tensor.size());
    } catch (const gsteer::Error&) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  check(bytes, {});
  check(bytes, {.allow_nonfinite = true});
  return 0;
}
