// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/io/file.hpp"

namespace gsteer {

/// What a stored tensor is made of. Floating-point types come first.
enum class ElementType { f64, f32, f16, bf16, i64, i32, i16, i8, u64, u32, u16, u8, boolean };

namespace detail {

struct ElementTypeInfo {
  std::string_view name;  ///< as safetensors spells it
  std::size_t size;       ///< bytes
};
inline constexpr std::array<ElementTypeInfo, 13> element_types{{{"F64", 8},
                                                                {"F32", 4},
                                                                {"F16", 2},
                                                                {"BF16", 2},
                                                                {"I64", 8},
                                                                {"I32", 4},
                                                                {"I16", 2},
                                                                {"I8", 1},
                                                                {"U64", 8},
                                                                {"U32", 4},
                                                                {"U16", 2},
                                                                {"U8", 1},
                                                                {"BOOL", 1}}};

}  // namespace detail

constexpr std::string_view to_string(ElementType type) {
  return detail::element_types[static_cast<std::size_t>(type)].name;
}
constexpr std::size_t element_size(ElementType type) {
  return detail::element_types[static_cast<std::size_t>(type)].size;
}
constexpr bool is_floating_point(ElementType type) { return type <= ElementType::bf16; }

/// The stored type of a C++ number: by kind, size and sign, so that long and long long are one.
template <class T>
constexpr ElementType element_type_of() {
  static_assert(std::is_arithmetic_v<T>, "gsteer: tensor files store numbers and bool");
  if constexpr (std::is_same_v<T, bool>) {
    return ElementType::boolean;
  } else if constexpr (std::is_floating_point_v<T>) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "gsteer: tensor files store float and double");
    return sizeof(T) == 8 ? ElementType::f64 : ElementType::f32;
  } else {
    constexpr int log2_size = std::bit_width(sizeof(T)) - 1;
    const auto widest = std::is_signed_v<T> ? ElementType::i64 : ElementType::u64;
    return static_cast<ElementType>(static_cast<int>(widest) + 3 - log2_size);
  }
}

using TensorShape = std::vector<std::int64_t>;

/// "[2, 3]"; a shape that no tensor has in earnest is cut off.
inline std::string to_string(const TensorShape& shape) {
  std::string text = "[";
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (d == 16) return text + ", ...]";
    text += (d > 0 ? ", " : "") + std::to_string(shape[d]);
  }
  return text + "]";
}

/// A tensor as it lies on disk: row-major, little-endian.
struct StoredTensor {
  ElementType type = ElementType::f32;
  TensorShape shape;
  std::vector<std::byte> bytes;

  /// The number of elements.
  std::size_t size() const { return bytes.size() / element_size(type); }

  friend bool operator==(const StoredTensor&, const StoredTensor&) = default;
};

/// What readers and writers of tensor files let pass.
struct TensorFileOptions {
  bool allow_nonfinite = false;  ///< NaN and infinities in floating-point tensors
};

namespace detail {

template <class T>
T load_little_endian(const std::byte* from) {
  std::array<std::byte, sizeof(T)> raw;
  std::copy_n(from, sizeof(T), raw.data());
  if constexpr (std::endian::native == std::endian::big) std::reverse(raw.begin(), raw.end());
  if constexpr (std::is_same_v<T, bool>) {
    return raw[0] != std::byte{0};
  } else {
    return std::bit_cast<T>(raw);
  }
}

template <class T>
void store_little_endian(T value, std::byte* to) {
  auto raw = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
  if constexpr (std::endian::native == std::endian::big) std::reverse(raw.begin(), raw.end());
  std::copy_n(raw.data(), sizeof(T), to);
}

/// IEEE 754 binary16: 1 sign bit, 5 exponent bits with bias 15, 10 bits of fraction.
inline float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 31, fraction = half & 1023;
  float magnitude = std::ldexp(static_cast<float>(fraction + (exponent > 0 ? 1024 : 0)),
                               std::max(exponent, 1) - 25);
  if (exponent == 31) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  }
  return half >> 15 ? -magnitude : magnitude;
}

/// Element i of a floating-point tensor.
inline double load_floating(const StoredTensor& tensor, std::size_t i) {
  const std::byte* from = tensor.bytes.data() + i * element_size(tensor.type);
  switch (tensor.type) {
    case ElementType::f64:
      return load_little_endian<double>(from);
    case ElementType::f32:
      return static_cast<double>(load_little_endian<float>(from));
    case ElementType::f16:
      return static_cast<double>(half_to_float(load_little_endian<std::uint16_t>(from)));
    default:  // bf16: the upper half of a float
      return static_cast<double>(std::bit_cast<float>(
          static_cast<std::uint32_t>(load_little_endian<std::uint16_t>(from)) << 16));
  }
}

/// The bytes that a tensor takes. A shape with a size of zero is held to the same limit as if that
/// were a one: whether it overflows must not depend on the order of its sizes.
inline std::uint64_t tensor_bytes(const TensorShape& shape, ElementType type,
                                  const std::string& where) {
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t bytes = element_size(type);
  bool empty = false;
  for (const auto size : shape) {
    if (size < 0) fail(where, ": expected sizes >= 0, got the shape ", to_string(shape));
    empty = empty || size == 0;
    const auto factor = static_cast<std::uint64_t>(std::max<std::int64_t>(size, 1));
    if (bytes > limit / factor) fail(where, ": the shape ", to_string(shape), " overflows 63 bits");
    bytes *= factor;
  }
  return empty ? 0 : bytes;
}

/// The invariants of a stored tensor: the bytes are as many as the shape demands, and each element
/// has a value.
inline void check_tensor(const StoredTensor& tensor, const std::string& where,
                         const TensorFileOptions& options) {
  const std::uint64_t expected = tensor_bytes(tensor.shape, tensor.type, where);
  expect(tensor.bytes.size() == expected, where, ": expected ", expected, " bytes for the shape ",
         to_string(tensor.shape), " of ", to_string(tensor.type), ", got ", tensor.bytes.size());
  if (tensor.type == ElementType::boolean) {
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      expect(tensor.bytes[i] <= std::byte{1}, where, ": expected 0 or 1 as a BOOL, got ",
             std::to_integer<int>(tensor.bytes[i]), " in element ", i);
    }
  }
  if (is_floating_point(tensor.type) && !options.allow_nonfinite) {
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      const double value = load_floating(tensor, i);
      if (!std::isfinite(value))
        fail(where, ": expected finite numbers, got ", value, " in element ", i);
    }
  }
}

}  // namespace detail

/// Named tensors and notes about them: the content of one file.
struct TensorFile {
  std::map<std::string, StoredTensor> tensors;
  std::map<std::string, std::string> metadata;
  std::string source = "tensor file";  ///< where it came from; error messages begin with it

  bool contains(const std::string& name) const { return tensors.contains(name); }

  /// \throws Error if there is no tensor of that name
  const StoredTensor& tensor(const std::string& name) const {
    const auto found = tensors.find(name);
    expect(found != tensors.end(), where(name), ": expected this tensor, the file has ",
           tensors.size(), " others");
    return found->second;
  }

  /// The elements of a tensor. A tensor of any floating-point type is converted to float or double;
  /// integers and bool must be stored as exactly T.
  /// \throws Error if the tensor is missing, of another type, or holds a number too large for T
  template <class T>
  std::vector<T> values(const std::string& name) const {
    if constexpr (std::is_floating_point_v<T>) {
      const auto& from = tensor(name);
      expect(is_floating_point(from.type), where(name), ": expected floating-point numbers, got ",
             to_string(from.type));
      if (from.type == element_type_of<T>()) return exact_values<T>(name);
      std::vector<T> result(from.size());
      for (std::size_t i = 0; i < result.size(); ++i) {
        const double value = detail::load_floating(from, i);
        if (std::isfinite(value) &&
            std::abs(value) > static_cast<double>(std::numeric_limits<T>::max())) {
          fail(where(name), ": element ", i, " is ", value, ", too large for ",
               to_string(element_type_of<T>()));
        }
        result[i] = static_cast<T>(value);
      }
      return result;
    } else {
      return exact_values<T>(name);
    }
  }

  /// The same, of a tensor that must have the given shape.
  template <class T>
  std::vector<T> values(const std::string& name, const TensorShape& shape) const {
    const auto& from = tensor(name);
    expect(from.shape == shape, where(name), ": expected the shape ", to_string(shape), ", got ",
           to_string(from.shape));
    return values<T>(name);
  }

  /// The elements of a tensor that is stored as exactly T.
  template <class T>
  std::vector<T> exact_values(const std::string& name) const {
    const auto& from = tensor(name);
    expect(from.type == element_type_of<T>(), where(name), ": expected ",
           to_string(element_type_of<T>()), ", got ", to_string(from.type));
    std::vector<T> result(from.size());
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i] = detail::load_little_endian<T>(from.bytes.data() + i * sizeof(T));
    }
    return result;
  }

  /// Copies a row-major tensor into the file.
  /// \throws Error if the name is taken or the shape impossible
  template <class T>
  void add(const std::string& name, const T* data, TensorShape shape) {
    expect(!contains(name), where(name), ": the file has a tensor of this name already");
    StoredTensor stored{element_type_of<T>(), std::move(shape), {}};
    stored.bytes.resize(
        static_cast<std::size_t>(detail::tensor_bytes(stored.shape, stored.type, where(name))));
    for (std::size_t i = 0; i < stored.size(); ++i) {
      detail::store_little_endian(data[i], stored.bytes.data() + i * sizeof(T));
    }
    tensors.emplace(name, std::move(stored));
  }

  /// Same tensors and metadata, bit for bit; the source does not count.
  friend bool operator==(const TensorFile& a, const TensorFile& b) {
    return a.tensors == b.tensors && a.metadata == b.metadata;
  }

 private:
  std::string where(const std::string& name) const {
    return source + ": tensor " + detail::in_quotes(name);
  }
};

}  // namespace gsteer
