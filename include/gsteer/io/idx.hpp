// SPDX-License-Identifier: MIT
#pragma once

#include <climits>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/io/file.hpp"

// IDX, the format of MNIST: the bytes 0, 0, element type, number d of dimensions; d sizes as
// big-endian uint32; the elements in row-major order. (http://yann.lecun.com/exdb/mnist.) Unsigned
// bytes are the one element type in use, and the one read here.

namespace gsteer {

/// An array of unsigned bytes, row-major.
struct IdxArray {
  std::vector<std::uint32_t> shape;
  std::vector<std::uint8_t> values;
};

/// Grey images of one size: pixels[(image * rows + row) * columns + column].
struct IdxImages {
  int count = 0, rows = 0, columns = 0;
  std::vector<std::uint8_t> pixels;
};

/// Images of the digits 0 to 9 and which digit each shows.
struct Digits {
  IdxImages images;
  std::vector<std::uint8_t> labels;
};

namespace detail {

inline const char* idx_type_name(int code) {
  switch (code) {
    case 0x08:
      return "unsigned byte";
    case 0x09:
      return "signed byte";
    case 0x0B:
      return "int16";
    case 0x0C:
      return "int32";
    case 0x0D:
      return "float";
    case 0x0E:
      return "double";
    default:
      return "no type of the format";
  }
}

inline std::filesystem::path first_existing(
    std::initializer_list<std::filesystem::path> candidates) {
  std::string tried;
  for (const auto& path : candidates) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return path;
    tried += (tried.empty() ? "" : " or ") + path.string();
  }
  fail("expected the file ", tried, ", found neither");
}

}  // namespace detail

/// An IDX file of unsigned bytes with 1 to 3 dimensions that lies in memory; `name` begins all
/// error messages.
/// \throws Error if it is no IDX file, of another element type, empty, or not exactly as long as
/// its sizes say
inline IdxArray parse_idx(std::span<const std::byte> bytes, const std::string& name = "IDX") {
  const auto at = [&](std::size_t i) { return std::to_integer<int>(bytes[i]); };
  expect(bytes.size() < 2 || at(0) != 0x1f || at(1) != 0x8b, name,
         ": expected an IDX file, got a gzip archive: unpack it");
  expect(bytes.size() >= 4, name, ": expected 4 bytes that say what the file is, it has ",
         bytes.size());
  expect(at(0) == 0 && at(1) == 0, name,
         ": expected an IDX file, which begins with the bytes 0 0, got ", at(0), " ", at(1));
  expect(at(2) == 0x08, name, ": expected elements of type 8 (unsigned byte), got type ", at(2),
         " (", detail::idx_type_name(at(2)), ")");
  const auto dimensions = static_cast<std::size_t>(at(3));
  expect(dimensions >= 1 && dimensions <= 3, name, ": expected 1 to 3 dimensions, got ",
         dimensions);
  const std::size_t header = 4 + 4 * dimensions;
  expect(bytes.size() >= header, name, ": expected a header of ", header, " bytes for ", dimensions,
         " dimensions, the file has ", bytes.size());

  IdxArray array;
  std::uint64_t size = 1;
  for (std::size_t d = 0; d < dimensions; ++d) {
    std::uint32_t extent = 0;
    for (std::size_t i = 0; i < 4; ++i)
      extent = extent << 8 | static_cast<std::uint32_t>(at(4 + 4 * d + i));
    expect(extent > 0, name, ": expected sizes > 0, got 0 in dimension ", d);
    expect(size <= std::numeric_limits<std::uint64_t>::max() / extent, name,
           ": the product of the sizes overflows 64 bits");
    size *= extent;
    array.shape.push_back(extent);
  }
  const auto data = bytes.subspan(header);
  expect(data.size() >= size, name, ": expected ", size, " elements, the file is truncated after ",
         data.size());
  expect(data.size() == size, name, ": expected ", size, " elements, got ", data.size() - size,
         " trailing bytes");
  const auto* first = reinterpret_cast<const std::uint8_t*>(data.data());
  array.values.assign(first, first + data.size());
  return array;
}

/// \throws Error as parse_idx, or if there are not 3 dimensions
inline IdxImages parse_idx_images(std::span<const std::byte> bytes,
                                  const std::string& name = "IDX") {
  auto array = parse_idx(bytes, name);
  expect(array.shape.size() == 3, name, ": expected images, which have 3 dimensions, got ",
         array.shape.size());
  for (const auto extent : array.shape) {
    expect(extent <= INT_MAX, name, ": expected sizes of at most ", INT_MAX, ", got ", extent);
  }
  return {static_cast<int>(array.shape[0]), static_cast<int>(array.shape[1]),
          static_cast<int>(array.shape[2]), std::move(array.values)};
}

/// \throws Error as parse_idx, or if there is not 1 dimension
inline std::vector<std::uint8_t> parse_idx_labels(std::span<const std::byte> bytes,
                                                  const std::string& name = "IDX") {
  auto array = parse_idx(bytes, name);
  expect(array.shape.size() == 1, name, ": expected labels, which have 1 dimension, got ",
         array.shape.size());
  return std::move(array.values);
}

inline IdxImages read_idx_images(const std::filesystem::path& path) {
  return parse_idx_images(read_file(path), path.string());
}
inline std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path) {
  return parse_idx_labels(read_file(path), path.string());
}

/// One part ("train" or "t10k") of MNIST or of a data set that looks like it: the files
/// `<part>-images-idx3-ubyte` and `<part>-labels-idx1-ubyte`, or the same with a dot before idx.
/// \throws Error if a file is missing or broken, the counts differ, or a label is no digit
inline Digits read_digits(const std::filesystem::path& directory, const std::string& part) {
  expect(part == "train" || part == "t10k", "read_digits: expected the part train or t10k, got ",
         detail::in_quotes(part));
  const auto find = [&](const std::string& stem, const char* kind) {
    return detail::first_existing(
        {directory / (stem + "-" + kind), directory / (stem + "." + kind)});
  };
  const auto images = find(part + "-images", "idx3-ubyte");
  const auto labels = find(part + "-labels", "idx1-ubyte");
  Digits digits{read_idx_images(images), read_idx_labels(labels)};
  const auto count = static_cast<std::size_t>(digits.images.count);
  expect(digits.labels.size() == count, labels.string(), ": expected ", count,
         " labels, one for each of ", images.string(), ", got ", digits.labels.size());
  for (std::size_t i = 0; i < count; ++i) {
    expect(digits.labels[i] < 10, labels.string(), ": expected labels 0 to 9, got ",
           int{digits.labels[i]}, " as label ", i);
  }
  return digits;
}

}  // namespace gsteer
