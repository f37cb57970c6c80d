// SPDX-License-Identifier: MIT
// The same for gsteer::io: writes a tensor file and reads it again, and reads IDX.
#include <gsteer/io/idx.hpp>
#include <gsteer/io/safetensors.hpp>
#include <span>

int main() {
  const float weight[] = {1, 2.5f, -3};
  gsteer::TensorFile file;
  file.add("weight", weight, {3});
  gsteer::write_safetensors("weight.safetensors", file);
  if (gsteer::read_safetensors("weight.safetensors") != file) return 1;

  const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 1, 7};
  return gsteer::parse_idx_labels(std::as_bytes(std::span(labels))).at(0) == 7 ? 0 : 1;
}
