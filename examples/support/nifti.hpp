// SPDX-License-Identifier: MIT
// Volumes of unsigned bytes in NIfTI-1 files (.nii): one file, a header of 348 bytes, then voxels.
// The format: https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/io/file.hpp"

namespace example {

/// values[(z * sizes[1] + y) * sizes[0] + x], x to the right, y to the front, z up.
struct Volume {
  std::array<int, 3> sizes{};       ///< along x, y, z
  std::array<double, 3> spacing{};  ///< between voxels, in mm
  std::array<double, 3> origin{};   ///< where voxel (0, 0, 0) is, in mm
  std::vector<std::uint8_t> values;

  std::uint8_t at(int x, int y, int z) const {
    const auto index = [](int i) { return static_cast<std::size_t>(i); };
    return values[(index(z) * index(sizes[1]) + index(y)) * index(sizes[0]) + index(x)];
  }
};

namespace detail {

inline constexpr std::size_t nifti_header = 348, nifti_data = 352;

template <class Number>
Number number_at(std::span<const std::byte> bytes, std::size_t offset) {
  Number number;
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}
template <class Number>
void put_number(std::span<std::byte> bytes, std::size_t offset, Number number) {
  std::memcpy(bytes.data() + offset, &number, sizeof number);
}

}  // namespace detail

/// \throws gsteer::Error unless it is a volume of unsigned bytes, little endian, whose axes run to
/// the right, to the front and up
inline Volume read_nifti(const std::filesystem::path& path) {
  using gsteer::expect;
  static_assert(std::endian::native == std::endian::little);
  const auto file = gsteer::read_file(path);
  const std::span<const std::byte> bytes(file);
  const std::string name = path.string();
  expect(bytes.size() < 2 || bytes[0] != std::byte{0x1f} || bytes[1] != std::byte{0x8b}, name,
         ": expected a NIfTI file, got a gzip archive: unpack it with gunzip");
  expect(bytes.size() >= detail::nifti_data, name, ": expected a header of ", detail::nifti_data,
         " bytes, the file has ", bytes.size());
  const auto number = [&]<class Number>(Number, std::size_t offset) {
    return detail::number_at<Number>(bytes, offset);
  };
  expect(number(std::int32_t{}, 0) == 348 && std::memcmp(bytes.data() + 344, "n+1", 4) == 0, name,
         ": expected a little-endian NIfTI-1 file, which begins with 348 and has n+1 at byte 344");
  const int dimensions = number(std::int16_t{}, 40), type = number(std::int16_t{}, 70);
  expect(dimensions >= 3 && dimensions <= 7, name, ": expected 3 to 7 dimensions, got ",
         dimensions);
  for (int d = 4; d <= dimensions; ++d)
    expect(number(std::int16_t{}, 40 + 2 * static_cast<std::size_t>(d)) == 1, name,
           ": expected one volume, got several along dimension ", d);
  expect(type == 2, name, ": expected voxels of type 2 (unsigned byte), got type ", type);

  Volume volume;
  std::size_t count = 1;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const int size = number(std::int16_t{}, 42 + 2 * axis);
    expect(size >= 1 && size <= 2048, name, ": expected sizes of 1 to 2048, got ", size);
    volume.sizes[axis] = size;
    count *= static_cast<std::size_t>(size);
    // The rows of the matrix that takes indices to millimeters.
    for (std::size_t column = 0; column < 3; ++column) {
      const auto entry = static_cast<double>(number(float{}, 280 + 16 * axis + 4 * column));
      expect(column == axis ? entry > 0 && std::isfinite(entry) : entry == 0, name,
             ": expected axes to the right, the front and up (srow_x, srow_y, srow_z diagonal and "
             "positive)");
      if (column == axis) volume.spacing[axis] = entry;
    }
    volume.origin[axis] = static_cast<double>(number(float{}, 292 + 16 * axis));
  }
  const auto start = static_cast<double>(number(float{}, 108));
  expect(start >= static_cast<double>(detail::nifti_data) && start < 1e6, name,
         ": expected voxels from byte 352 on, got ", start);
  const auto first = static_cast<std::size_t>(start);
  expect(bytes.size() >= first + count, name, ": expected ", count, " voxels, the file ends after ",
         bytes.size() < first ? 0 : bytes.size() - first);
  const auto* voxels = reinterpret_cast<const std::uint8_t*>(bytes.data() + first);
  volume.values.assign(voxels, voxels + count);
  return volume;
}

/// \throws gsteer::Error if the file cannot be written
inline void write_nifti(const std::filesystem::path& path, const Volume& volume) {
  std::vector<std::byte> bytes(detail::nifti_data + volume.values.size());
  const auto put = [&](std::size_t offset, auto number) {
    detail::put_number(std::span<std::byte>(bytes), offset, number);
  };
  put(0, std::int32_t{348});
  put(40, std::int16_t{3});
  for (std::size_t d = 1; d <= 7; ++d)
    put(40 + 2 * d, static_cast<std::int16_t>(d <= 3 ? volume.sizes[d - 1] : 1));
  put(70, std::int16_t{2});  // unsigned byte
  put(72, std::int16_t{8});  // of 8 bits
  put(76, 1.0f);             // no axis is reversed
  put(108, static_cast<float>(detail::nifti_data));
  put(112, 1.0f);             // slope of the values
  put(123, std::uint8_t{2});  // millimeters
  put(254, std::int16_t{1});  // srow_* hold the position in the scanner
  for (std::size_t axis = 0; axis < 3; ++axis) {
    put(80 + 4 * axis, static_cast<float>(volume.spacing[axis]));
    put(280 + 20 * axis, static_cast<float>(volume.spacing[axis]));
    put(292 + 16 * axis, static_cast<float>(volume.origin[axis]));
  }
  std::memcpy(bytes.data() + 344, "n+1", 4);
  std::memcpy(bytes.data() + detail::nifti_data, volume.values.data(), volume.values.size());
  gsteer::write_file_atomically(path, bytes);
}

}  // namespace example
