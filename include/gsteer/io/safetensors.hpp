// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/io/file.hpp"
#include "gsteer/io/tensor_file.hpp"

// safetensors: a little-endian uint64 H, a JSON object of H bytes, the data. The object maps
//   name -> {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]},  offsets in bytes from
//   the end of the header,
// and "__metadata__" to an object of strings. The tensors cover the data without holes or overlaps.
// (https://github.com/huggingface/safetensors, section Format.)

namespace gsteer {
namespace detail {

inline constexpr std::size_t safetensors_longest_header = 100'000'000;

struct SafetensorsEntry {
  std::string name;
  StoredTensor tensor;  // without its bytes yet
  std::uint64_t begin = 0, end = 0;
};

/// Walks over a header and stops at what nlohmann::json lets pass: a key that occurs twice (the
/// last would win), and depth beyond file -> tensor -> shape. Mistakes of syntax are left to the
/// parser proper, which words them well. (A parser callback could do the same, but takes quadratic
/// time in the number of tensors.)
class SafetensorsHeaderCheck final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit SafetensorsHeaderCheck(const std::string& file) : file_(file) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return descend(); }
  bool start_array(std::size_t) override { return descend(); }
  bool end_object() override { return ascend(); }
  bool end_array() override { return ascend(); }
  bool key(string_t& key) override {
    if (!keys_.back().insert(key).second)
      fail(file_, ": the key ", in_quotes(key), " occurs twice in the header");
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool descend() {
    keys_.emplace_back();
    expect(keys_.size() <= 3, file_, ": the header is nested deeper than file -> tensor -> shape");
    return true;
  }
  bool ascend() {
    keys_.pop_back();
    return true;
  }

  const std::string& file_;
  std::vector<std::set<std::string>> keys_;  // of the objects we are in; empty sets for arrays
};

inline nlohmann::json parse_safetensors_header(std::string_view text, const std::string& file) {
  // The parser takes a zero byte for the end of the text and skips a byte order mark: what follows
  // would go unseen.
  expect(text.starts_with('{'), file, ": expected a header that begins with {");
  expect(text.find('\0') == std::string_view::npos, file,
         ": expected a header of JSON, got a zero byte in it");
  SafetensorsHeaderCheck check(file);
  nlohmann::json::sax_parse(text.begin(), text.end(), &check);
  try {
    return nlohmann::json::parse(text.begin(), text.end());
  } catch (const nlohmann::json::exception& error) {
    fail(file, ": expected a header of JSON: ", std::string_view(error.what()).substr(0, 200));
  }
}

/// JSON in an error message: what it is, and the beginning of its text.
inline std::string shown_json(const nlohmann::json& value) {
  return value.is_structured()
             ? value.type_name()
             : in_quotes(value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

inline std::vector<std::int64_t> json_integers(const nlohmann::json& list, const char* key,
                                               const std::string& where) {
  expect(list.is_array(), where, ": expected ", key, " to be an array, got ", shown_json(list));
  std::vector<std::int64_t> result;
  for (const auto& item : list) {
    // Integers beyond 64 bits have become floating-point numbers here.
    if (!item.is_number_unsigned() || item.get<std::uint64_t>() > INT64_MAX) {
      fail(where, ": expected integers in [0, 2^63) in ", key, ", got ", shown_json(item));
    }
    result.push_back(item.get<std::int64_t>());
  }
  return result;
}

inline SafetensorsEntry safetensors_entry(const std::string& name, const nlohmann::json& entry,
                                          std::size_t data_size, const std::string& where) {
  expect(entry.is_object(), where, ": expected an object, got ", shown_json(entry));
  for (const char* key : {"dtype", "shape", "data_offsets"})
    expect(entry.contains(key), where, ": expected a ", key);
  expect(entry.size() == 3, where, ": expected dtype, shape and data_offsets, got ", entry.size(),
         " keys");

  SafetensorsEntry result{name, {}, 0, 0};
  const auto& dtype = entry["dtype"];
  expect(dtype.is_string(), where, ": expected dtype to be a string, got ", shown_json(dtype));
  const auto type = std::find_if(
      element_types.begin(), element_types.end(),
      [&](const auto& known) { return known.name == dtype.get_ref<const std::string&>(); });
  expect(type != element_types.end(), where,
         ": expected a dtype out of F64, F32, F16, BF16, I64 ... U8, BOOL, got ",
         shown_json(dtype));
  result.tensor.type = static_cast<ElementType>(type - element_types.begin());

  result.tensor.shape = json_integers(entry["shape"], "shape", where);
  const auto offsets = json_integers(entry["data_offsets"], "data_offsets", where);
  expect(offsets.size() == 2, where, ": expected data_offsets of 2 integers, got ", offsets.size());
  result.begin = static_cast<std::uint64_t>(offsets[0]);
  result.end = static_cast<std::uint64_t>(offsets[1]);
  expect(result.begin <= result.end, where,
         ": expected data_offsets [begin, end], got them reversed: ", to_string(offsets));
  expect(result.end <= data_size, where, ": expected data_offsets within the ", data_size,
         " bytes of data, got ", to_string(offsets));
  const std::uint64_t size = tensor_bytes(result.tensor.shape, result.tensor.type, where);
  expect(size == result.end - result.begin, where, ": expected ", size, " bytes for the shape ",
         to_string(result.tensor.shape), " of ", to_string(result.tensor.type),
         ", got data_offsets ", to_string(offsets));
  return result;
}

}  // namespace detail

/// The tensors of a safetensors file that lies in memory; `name` begins all error messages.
///
/// Nothing is allocated on the word of the header alone: its claims are checked against the size of
/// the file first.
/// \throws Error if the file is truncated, breaks a rule of the format, or holds NaN or infinities
/// (unless options allow them)
inline TensorFile parse_safetensors(std::span<const std::byte> bytes,
                                    const std::string& name = "safetensors",
                                    const TensorFileOptions& options = {}) {
  expect(bytes.size() >= 8, name, ": expected 8 bytes of header length, the file has ",
         bytes.size());
  const auto header_size = detail::load_little_endian<std::uint64_t>(bytes.data());
  expect(header_size <= detail::safetensors_longest_header, name, ": expected a header of at most ",
         detail::safetensors_longest_header, " bytes, got ", header_size);
  bytes = bytes.subspan(8);
  expect(header_size <= bytes.size(), name, ": expected a header of ", header_size,
         " bytes, the file has ", bytes.size(), " more");
  const auto header = detail::parse_safetensors_header(
      {reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(header_size)}, name);
  const auto data = bytes.subspan(static_cast<std::size_t>(header_size));

  TensorFile file;
  file.source = name;
  std::vector<detail::SafetensorsEntry> entries;
  for (const auto& [key, entry] : header.items()) {
    if (key != "__metadata__") {
      entries.push_back(detail::safetensors_entry(key, entry, data.size(),
                                                  name + ": tensor " + detail::in_quotes(key)));
      continue;
    }
    expect(entry.is_object(), name, ": expected __metadata__ to be an object, got ",
           detail::shown_json(entry));
    for (const auto& [note, text] : entry.items()) {
      if (!text.is_string()) {
        fail(name, ": expected strings in __metadata__, got ", detail::shown_json(text), " as ",
             detail::in_quotes(note));
      }
      file.metadata.emplace(note, text.get<std::string>());
    }
  }

  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  std::uint64_t covered = 0;
  for (const auto& entry : entries) {
    expect(entry.begin >= covered, name, ": tensor ", detail::in_quotes(entry.name),
           ": begins at byte ", entry.begin, " and overlaps the tensor before it, which ends at ",
           covered);
    expect(entry.begin == covered, name, ": tensor ", detail::in_quotes(entry.name),
           ": begins at byte ", entry.begin,
           " and leaves a hole after the tensor before it, which ends at ", covered);
    covered = entry.end;
  }
  expect(covered == data.size(), name, ": expected ", covered, " bytes of data, got ", data.size(),
         ": trailing bytes");

  for (auto& entry : entries) {
    const auto part = data.subspan(static_cast<std::size_t>(entry.begin),
                                   static_cast<std::size_t>(entry.end - entry.begin));
    entry.tensor.bytes.assign(part.begin(), part.end());
    detail::check_tensor(entry.tensor, name + ": tensor " + detail::in_quotes(entry.name), options);
    file.tensors.emplace(std::move(entry.name), std::move(entry.tensor));
  }
  return file;
}

/// \throws Error as parse_safetensors, or if the file cannot be read
inline TensorFile read_safetensors(const std::filesystem::path& path,
                                   const TensorFileOptions& options = {}) {
  return parse_safetensors(read_file(path), path.string(), options);
}

/// The bytes of a safetensors file; the same content always gives the same bytes.
///
/// The data begin at a multiple of 8, wide elements before narrow ones and by name among equals, so
/// that all are aligned.
/// \throws Error if a tensor's bytes do not fit its shape, a name is no UTF-8 or reserved, or a
/// number is not finite
inline std::vector<std::byte> serialize_safetensors(const TensorFile& file,
                                                    const TensorFileOptions& options = {}) {
  using Entry = std::pair<const std::string, StoredTensor>;
  std::vector<const Entry*> order;
  for (const auto& entry : file.tensors) {
    const auto where = file.source + ": tensor " + detail::in_quotes(entry.first);
    expect(entry.first != "__metadata__", where, ": this name is reserved by the format");
    detail::check_tensor(entry.second, where, options);
    order.push_back(&entry);
  }
  std::stable_sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
    return element_size(a->second.type) > element_size(b->second.type);
  });

  auto header = nlohmann::json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  std::size_t end = 0;
  for (const auto* entry : order) {
    const auto& [name, tensor] = *entry;
    const std::size_t begin = std::exchange(end, end + tensor.bytes.size());
    header[name] = {
        {"dtype", to_string(tensor.type)}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception& error) {
    fail(file.source,
         ": expected names and metadata in UTF-8: ", std::string_view(error.what()).substr(0, 200));
  }
  text.append((8 - text.size() % 8) % 8, ' ');
  expect(text.size() <= detail::safetensors_longest_header, file.source,
         ": expected a header of at most ", detail::safetensors_longest_header, " bytes, got ",
         text.size());

  std::vector<std::byte> bytes(8);
  bytes.reserve(8 + text.size() + end);
  detail::store_little_endian<std::uint64_t>(text.size(), bytes.data());
  const auto header_bytes = std::as_bytes(std::span(text));
  bytes.insert(bytes.end(), header_bytes.begin(), header_bytes.end());
  for (const auto* entry : order)
    bytes.insert(bytes.end(), entry->second.bytes.begin(), entry->second.bytes.end());
  return bytes;
}

/// Writes a safetensors file, atomically: see write_file_atomically.
/// \throws Error as serialize_safetensors, before the disk is touched, and as write_file_atomically
inline void write_safetensors(const std::filesystem::path& path, const TensorFile& file,
                              const TensorFileOptions& options = {}) {
  write_file_atomically(path, serialize_safetensors(file, options));
}

}  // namespace gsteer
