// SPDX-License-Identifier: MIT
#include "gsteer/io/idx.hpp"

#include "catch.hpp"
#include "io/directory.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::initializer_list<int> numbers) {
  Bytes bytes;
  for (const int number : numbers) bytes.push_back(static_cast<std::byte>(number));
  return bytes;
}

/// An IDX file of unsigned bytes 0, 1, 2, ...
Bytes idx_of(const std::vector<std::uint32_t>& shape, std::size_t data_size) {
  Bytes bytes = bytes_of({0, 0, 8, static_cast<int>(shape.size())});
  for (const auto extent : shape) {
    for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::byte>(extent >> shift));
  }
  for (std::size_t i = 0; i < data_size; ++i) bytes.push_back(static_cast<std::byte>(i));
  return bytes;
}

template <class Parser>
std::string message_of(const Bytes& bytes, Parser parse) {
  try {
    parse(bytes, "bad.idx");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}
std::string message_of(const Bytes& bytes) { return message_of(bytes, parse_idx); }

}  // namespace

TEST_CASE("IDX arrays of one to three dimensions are read") {
  const auto images = parse_idx_images(idx_of({2, 3, 4}, 24));
  CHECK(images.count == 2);
  CHECK(images.rows == 3);
  CHECK(images.columns == 4);
  REQUIRE(images.pixels.size() == 24);
  CHECK(images.pixels[(1 * 3 + 2) * 4 + 3] == 23);
  CHECK(parse_idx_labels(idx_of({3}, 3)) == std::vector<std::uint8_t>{0, 1, 2});
  CHECK(parse_idx(idx_of({2, 5}, 10)).shape == std::vector<std::uint32_t>{2, 5});
  CHECK(parse_idx(idx_of({300}, 300)).values.size() == 300);
}

TEST_CASE("what is no IDX file of unsigned bytes is refused") {
  CHECK(message_of(bytes_of({})) ==
        "bad.idx: expected 4 bytes that say what the file is, it has 0");
  CHECK(message_of(bytes_of({0, 0, 8})) ==
        "bad.idx: expected 4 bytes that say what the file is, it has 3");
  CHECK(message_of(bytes_of({1, 2, 8, 1, 0})) ==
        "bad.idx: expected an IDX file, which begins with the bytes 0 0, got 1 2");
  CHECK(message_of(bytes_of({0x1f, 0x8b, 8, 0})) ==
        "bad.idx: expected an IDX file, got a gzip archive: unpack it");
  CHECK(message_of(bytes_of({0, 0, 0x0d, 1, 0})) ==
        "bad.idx: expected elements of type 8 (unsigned byte), got type 13 (float)");
  CHECK_THAT(message_of(bytes_of({0, 0, 0x09, 1})), ContainsSubstring("got type 9 (signed byte)"));
  CHECK_THAT(message_of(bytes_of({0, 0, 0x0b, 1})), ContainsSubstring("got type 11 (int16)"));
  CHECK_THAT(message_of(bytes_of({0, 0, 0x0c, 1})), ContainsSubstring("got type 12 (int32)"));
  CHECK_THAT(message_of(bytes_of({0, 0, 0x0e, 1})), ContainsSubstring("got type 14 (double)"));
  CHECK_THAT(message_of(bytes_of({0, 0, 0x0a, 1})),
             ContainsSubstring("got type 10 (no type of the format)"));
  CHECK(message_of(bytes_of({0, 0, 8, 0})) == "bad.idx: expected 1 to 3 dimensions, got 0");
  CHECK(message_of(idx_of({1, 1, 1, 1}, 1)) == "bad.idx: expected 1 to 3 dimensions, got 4");
  CHECK(message_of(idx_of({3}, 3), parse_idx_images) ==
        "bad.idx: expected images, which have 3 dimensions, got 1");
  CHECK(message_of(idx_of({1, 1, 3}, 3), parse_idx_labels) ==
        "bad.idx: expected labels, which have 1 dimension, got 3");
}

TEST_CASE("sizes that do not fit the file are refused") {
  CHECK(message_of(bytes_of({0, 0, 8, 2, 0, 0, 0, 1})) ==
        "bad.idx: expected a header of 12 bytes for 2 dimensions, the file has 8");
  CHECK(message_of(idx_of({0}, 0)) == "bad.idx: expected sizes > 0, got 0 in dimension 0");
  CHECK(message_of(idx_of({2, 0, 4}, 8)) == "bad.idx: expected sizes > 0, got 0 in dimension 1");
  CHECK(message_of(idx_of({0xffffffff, 0xffffffff, 2}, 8)) ==
        "bad.idx: the product of the sizes overflows 64 bits");
  CHECK(message_of(idx_of({0xffffffff, 0xffffffff}, 8)) ==
        "bad.idx: expected 18446744065119617025 elements, the file is truncated after 8");
  CHECK(message_of(idx_of({2, 3, 4}, 23)) ==
        "bad.idx: expected 24 elements, the file is truncated after 23");
  CHECK(message_of(idx_of({2, 3, 4}, 26)) == "bad.idx: expected 24 elements, got 2 trailing bytes");
  const auto whole = idx_of({2, 3, 4}, 24);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_THROWS_AS(parse_idx(std::span(whole).first(size)), Error);
  }
}

TEST_CASE("digits are read under both of their usual names") {
  const Directory directory;
  const auto write = [&](const char* name, const Bytes& bytes) {
    write_file_atomically(directory.path / name, bytes);
  };
  write("train-images-idx3-ubyte", idx_of({3, 2, 2}, 12));
  write("train-labels-idx1-ubyte", idx_of({3}, 3));
  write("t10k-images.idx3-ubyte", idx_of({10, 1, 1}, 10));
  write("t10k-labels.idx1-ubyte", idx_of({10}, 10));
  CHECK(read_digits(directory.path, "train").images.rows == 2);
  CHECK(read_digits(directory.path, "train").labels == std::vector<std::uint8_t>{0, 1, 2});
  CHECK(read_digits(directory.path, "t10k").images.count == 10);
  CHECK(read_idx_images(directory.path / "train-images-idx3-ubyte").columns == 2);
  CHECK(read_idx_labels(directory.path / "train-labels-idx1-ubyte").size() == 3);

  write("t10k-labels.idx1-ubyte", idx_of({11}, 11));
  CHECK_THROWS_WITH(
      read_digits(directory.path, "t10k"),
      ContainsSubstring("expected 10 labels, one for each of ") && ContainsSubstring("got 11"));
  write("t10k-images.idx3-ubyte", idx_of({11, 1, 1}, 11));
  CHECK_THROWS_WITH(
      read_digits(directory.path, "t10k"),
      ContainsSubstring("t10k-labels.idx1-ubyte: expected labels 0 to 9, got 10 as label 10"));
  std::filesystem::remove(directory.path / "train-labels-idx1-ubyte");
  CHECK_THROWS_WITH(read_digits(directory.path, "train"),
                    ContainsSubstring("expected the file ") &&
                        ContainsSubstring("train-labels-idx1-ubyte or ") &&
                        ContainsSubstring("train-labels.idx1-ubyte, found neither"));
  CHECK_THROWS_WITH(read_digits(directory.path, "test"),
                    "read_digits: expected the part train or t10k, got 'test'");
  CHECK_THROWS_WITH(read_idx_images(directory.path),
                    ContainsSubstring("expected a regular file, got a directory"));
}
