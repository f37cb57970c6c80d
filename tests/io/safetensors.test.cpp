// SPDX-License-Identifier: MIT
#include "gsteer/io/safetensors.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "io/directory.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

using Bytes = std::vector<std::byte>;

/// A file with a header that nobody checked.
Bytes file_of(const std::string& header, std::size_t data_size = 0, std::byte fill = {}) {
  Bytes bytes(8);
  detail::store_little_endian<std::uint64_t>(header.size(), bytes.data());
  for (const char c : header) bytes.push_back(static_cast<std::byte>(c));
  bytes.resize(bytes.size() + data_size, fill);
  return bytes;
}

std::string tensor_json(const std::string& dtype, const std::string& shape,
                        const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

std::string message_of(const Bytes& bytes) {
  try {
    parse_safetensors(bytes, "bad.st");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

std::string message_of(const std::string& header, std::size_t data_size = 0, std::byte fill = {}) {
  return message_of(file_of(header, data_size, fill));
}

TensorFile sample() {
  TensorFile file;
  const double weight[] = {1, 2.5, -3, 1e-300, 0, 6};
  const float bias[] = {0.25f, -0.0f};
  const std::int64_t step[] = {std::numeric_limits<std::int64_t>::min()};
  const std::uint8_t pixel[] = {0, 128, 255};
  const bool mask[] = {true, false, true};
  file.add("weight", weight, {2, 3});
  file.add("bias", bias, {2});
  file.add("step", step, {});
  file.add("pixel", pixel, {3, 1});
  file.add("mask", mask, {3});
  file.add<float>("empty", nullptr, {0, 4});
  file.metadata = {{"note", "gr\u00fc\u00dfe \"quoted\"\n"}, {"version", "1"}};
  return file;
}

}  // namespace

TEST_CASE("tensors and metadata come back as they were") {
  const auto file = sample();
  const auto bytes = serialize_safetensors(file);
  const auto read = parse_safetensors(bytes);
  CHECK(read == file);
  CHECK(serialize_safetensors(read) == bytes);
  CHECK(read.values<double>("weight") == std::vector<double>{1, 2.5, -3, 1e-300, 0, 6});
  CHECK(read.values<double>("weight", {2, 3}).size() == 6);
  CHECK(read.values<double>("bias") == std::vector<double>{0.25, 0});
  CHECK(read.values<float>("weight")[1] == 2.5f);
  CHECK(read.exact_values<float>("bias") == std::vector<float>{0.25f, 0});
  CHECK(std::signbit(read.values<float>("bias")[1]));
  CHECK(read.values<std::int64_t>("step") == std::vector{std::numeric_limits<std::int64_t>::min()});
  CHECK(read.values<std::uint8_t>("pixel") == std::vector<std::uint8_t>{0, 128, 255});
  CHECK(read.values<bool>("mask") == std::vector<bool>{true, false, true});
  CHECK(read.tensor("empty").shape == TensorShape{0, 4});
  CHECK(read.values<float>("empty").empty());
  CHECK(read.metadata.at("note") == "gr\u00fc\u00dfe \"quoted\"\n");

  const Directory directory;
  const auto path = directory.path / "model.safetensors";
  write_safetensors(path, file);
  CHECK(read_safetensors(path) == file);
  CHECK(read_safetensors(path).source == path.string());
  CHECK(parse_safetensors(serialize_safetensors({})) == TensorFile{});
}

TEMPLATE_TEST_CASE("every element type is stored and found again", "", double, float, std::int64_t,
                   std::int32_t, std::int16_t, std::int8_t, std::uint64_t, std::uint32_t,
                   std::uint16_t, std::uint8_t, long long, unsigned long) {
  const TestType data[] = {std::numeric_limits<TestType>::lowest(), 0, 3,
                           std::numeric_limits<TestType>::max()};
  TensorFile file;
  file.add("x", data, {4});
  const auto read = parse_safetensors(serialize_safetensors(file));
  CHECK(read.exact_values<TestType>("x") == std::vector<TestType>(data, data + 4));
  CHECK(read.values<TestType>("x") == std::vector<TestType>(data, data + 4));
  CHECK(element_size(read.tensor("x").type) == sizeof(TestType));
}

TEST_CASE("the layout on disk is fixed") {
  TensorFile file;
  const std::uint8_t narrow[] = {7};
  const std::uint16_t wide[] = {0x0102};
  file.add("a", narrow, {1});
  file.add("b", wide, {1});
  file.metadata["k"] = "v";
  const auto bytes = serialize_safetensors(file);
  std::string header =
      R"({"__metadata__":{"k":"v"},"a":{"data_offsets":[2,3],"dtype":"U8","shape":[1]},)"
      R"("b":{"data_offsets":[0,2],"dtype":"U16","shape":[1]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  auto expected = file_of(header);
  for (const int b : {2, 1, 7}) expected.push_back(static_cast<std::byte>(b));
  CHECK(bytes == expected);
}

TEST_CASE("half precision is read as float") {
  const auto read_half = [](const char* type, std::uint16_t bits) {
    TensorFile file;
    const auto kind = std::string(type) == "F16" ? ElementType::f16 : ElementType::bf16;
    StoredTensor tensor{kind, {}, Bytes(2)};
    detail::store_little_endian(bits, tensor.bytes.data());
    file.tensors["x"] = tensor;
    const TensorFileOptions all{.allow_nonfinite = true};
    return parse_safetensors(serialize_safetensors(file, all), "file", all)
        .values<float>("x")
        .at(0);
  };
  CHECK(read_half("F16", 0x3c00) == 1.0f);
  CHECK(read_half("F16", 0xc001) == -2.001953125f);
  CHECK(read_half("F16", 0x7bff) == 65504.0f);
  CHECK(read_half("F16", 0x0400) == 0x1p-14f);
  CHECK(read_half("F16", 0x0001) == 0x1p-24f);
  CHECK(read_half("F16", 0x83ff) == -0x1.ff8p-15f);
  CHECK(std::signbit(read_half("F16", 0x8000)));
  CHECK(read_half("F16", 0xfc00) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(read_half("F16", 0x7e00)));
  CHECK(read_half("BF16", 0x3f80) == 1.0f);
  CHECK(read_half("BF16", 0xc049) == -3.140625f);
  CHECK(std::isnan(read_half("BF16", 0x7fc0)));
}

TEST_CASE("the golden files of escnn are read") {
  const std::filesystem::path golden = std::filesystem::path(GSTEER_TEST_DATA) / "golden";
  const auto basis = read_safetensors(golden / "escnn_r2conv_basis.safetensors");
  CHECK(basis.tensors.size() == 15);
  CHECK(basis.tensor("C8|regular|regular|5").shape == TensorShape{88, 8, 8, 5, 5});
  CHECK(basis.metadata.at("C8|regular|regular|5") == "88");
  const auto forward = read_safetensors(golden / "escnn_r2conv_forward.safetensors");
  CHECK(forward.values<double>("x", {2, 3, 11, 11}).size() == 726);
  CHECK(forward.metadata.at("group") == "C8");
  CHECK(parse_safetensors(serialize_safetensors(forward)) == forward);
}

TEST_CASE("typed access says what was expected, what came, and where") {
  auto file = sample();
  file.source = "model.st";
  const float one = 1;
  CHECK_THROWS_WITH(file.tensor("absent"),
                    "model.st: tensor 'absent': expected this tensor, the file has 6 others");
  CHECK_THROWS_WITH(file.values<double>("step"),
                    "model.st: tensor 'step': expected floating-point numbers, got I64");
  CHECK_THROWS_WITH(file.values<std::int32_t>("step"),
                    "model.st: tensor 'step': expected I32, got I64");
  CHECK_THROWS_WITH(file.exact_values<float>("weight"),
                    "model.st: tensor 'weight': expected F32, got F64");
  CHECK_THROWS_WITH(file.values<float>("weight", {3, 2}),
                    "model.st: tensor 'weight': expected the shape [3, 2], got [2, 3]");
  CHECK_THROWS_WITH(file.add("bias", &one, {1}),
                    "model.st: tensor 'bias': the file has a tensor of this name already");
  CHECK_THROWS_WITH(file.add("new", &one, {-1}),
                    "model.st: tensor 'new': expected sizes >= 0, got the shape [-1]");
  CHECK_THROWS_WITH(file.add("new", &one, {1ll << 40, 1ll << 40}),
                    ContainsSubstring("overflows 63 bits"));
  const double large = 1e300;
  file.add("large", &large, {});
  CHECK_THROWS_WITH(file.values<float>("large"),
                    "model.st: tensor 'large': element 0 is 1e+300, too large for F32");
  CHECK(!file.contains("new"));
}

TEST_CASE("a truncated file is refused, wherever it ends") {
  const auto bytes = serialize_safetensors(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(parse_safetensors(std::span(bytes).first(size)), Error);
  }
  CHECK(message_of(Bytes{}) == "bad.st: expected 8 bytes of header length, the file has 0");
  CHECK(message_of(Bytes(7)) == "bad.st: expected 8 bytes of header length, the file has 7");
  auto cut = file_of("{}      ");
  cut.resize(12);
  CHECK(message_of(cut) == "bad.st: expected a header of 8 bytes, the file has 4 more");
  CHECK_THAT(
      message_of(R"({"w":)" + tensor_json("F32", "[2]", "[0,8]") + "}", 7),
      StartsWith(
          "bad.st: tensor 'w': expected data_offsets within the 7 bytes of data, got [0, 8]"));
}

TEST_CASE("a changed byte is read or refused, but nothing else happens") {
  const auto bytes = serialize_safetensors(sample());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {1, 2, 32, 128, 255}) {
      auto changed = bytes;
      changed[i] ^= static_cast<std::byte>(flip);
      try {
        parse_safetensors(changed);
      } catch (const Error&) {
      }
    }
  }
  SUCCEED();
}

TEST_CASE("a header that is no header is refused") {
  auto huge = file_of("{}");
  detail::store_little_endian<std::uint64_t>(100'000'001, huge.data());
  CHECK(message_of(huge) == "bad.st: expected a header of at most 100000000 bytes, got 100000001");
  detail::store_little_endian<std::uint64_t>(~std::uint64_t{0}, huge.data());
  CHECK(message_of(huge) ==
        "bad.st: expected a header of at most 100000000 bytes, got 18446744073709551615");

  CHECK_THAT(message_of(""), ContainsSubstring("begins with {"));
  CHECK_THAT(message_of("[]"), ContainsSubstring("begins with {"));
  CHECK_THAT(message_of("\xef\xbb\xbf{}"), ContainsSubstring("begins with {"));
  CHECK_THAT(message_of("{\"w\":"),
             ContainsSubstring("expected a header of JSON: ") && ContainsSubstring("parse error"));
  CHECK_THAT(message_of("{} {}"), ContainsSubstring("expected a header of JSON: "));
  CHECK_THAT(message_of("{\"\xff\":{}}"), ContainsSubstring("expected a header of JSON: "));
  CHECK_THAT(message_of(R"({"w":1e999})"), ContainsSubstring("expected a header of JSON: "));
  CHECK_THAT(message_of(std::string("{}\0\0", 4)), ContainsSubstring("got a zero byte"));
  CHECK(message_of("{\"" + std::string(10'000, 'x') + "\"").size() < 400);
}

TEST_CASE("a key that occurs twice is refused") {
  const auto w = R"("w":)" + tensor_json("U8", "[0]", "[0,0]");
  CHECK(message_of("{" + w + "," + w + "}") == "bad.st: the key 'w' occurs twice in the header");
  CHECK_THAT(message_of(R"({"w":{"dtype":"U8","dtype":"I8","shape":[0],"data_offsets":[0,0]}})"),
             ContainsSubstring("the key 'dtype' occurs twice"));
  CHECK_THAT(message_of(R"({"__metadata__":{"a":"1","a":"2"}})"),
             ContainsSubstring("the key 'a' occurs twice"));
  CHECK(message_of("{" + w + R"(,"v":)" + tensor_json("U8", "[0]", "[0,0]") + "}") == "accepted");
}

TEST_CASE("a deep header is refused before it fills the stack") {
  std::string deep = R"({"w":)";
  for (int i = 0; i < 1'000'000; ++i) deep += '[';
  CHECK(message_of(deep) == "bad.st: the header is nested deeper than file -> tensor -> shape");
  CHECK_THAT(message_of(R"({"w":{"shape":[[1]]}})"), ContainsSubstring("nested deeper"));
}

TEST_CASE("many tensors take no quadratic time") {
  std::string header = "{";
  for (int i = 0; i < 50'000; ++i)
    header += '"' + std::to_string(i) + "\":" + tensor_json("U8", "[1]", "[0,1]") + ',';
  header.back() = '}';
  CHECK_THAT(message_of(header, 1), ContainsSubstring("overlaps"));
}

TEST_CASE("a broken entry is refused") {
  const auto entry = [](const std::string& json) { return message_of(R"({"w":)" + json + "}", 4); };
  CHECK(entry("1") == "bad.st: tensor 'w': expected an object, got '1'");
  CHECK(entry("[]") == "bad.st: tensor 'w': expected an object, got array");
  CHECK(entry("{}") == "bad.st: tensor 'w': expected a dtype");
  CHECK(entry(R"({"dtype":"U8","data_offsets":[0,4]})") == "bad.st: tensor 'w': expected a shape");
  CHECK(entry(R"({"dtype":"U8","shape":[4]})") == "bad.st: tensor 'w': expected a data_offsets");
  CHECK(entry(R"({"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":1})") ==
        "bad.st: tensor 'w': expected dtype, shape and data_offsets, got 4 keys");
  CHECK(entry(R"({"dtype":8,"shape":[4],"data_offsets":[0,4]})") ==
        "bad.st: tensor 'w': expected dtype to be a string, got '8'");
  CHECK(entry(tensor_json("F8_E4M3", "[4]", "[0,4]")) ==
        "bad.st: tensor 'w': expected a dtype out of F64, F32, F16, BF16, I64 ... U8, BOOL, got "
        "'\"F8_E4M3\"'");

  CHECK(entry(tensor_json("U8", "4", "[0,4]")) ==
        "bad.st: tensor 'w': expected shape to be an array, got '4'");
  CHECK(entry(tensor_json("U8", "[-4]", "[0,4]")) ==
        "bad.st: tensor 'w': expected integers in [0, 2^63) in shape, got '-4'");
  CHECK_THAT(entry(tensor_json("U8", "[4.0]", "[0,4]")),
             ContainsSubstring("integers in [0, 2^63) in shape, got '4.0'"));
  CHECK_THAT(entry(tensor_json("U8", "[null]", "[0,4]")),
             ContainsSubstring("in shape, got 'null'"));
  CHECK_THAT(entry(tensor_json("U8", "[9223372036854775808]", "[0,4]")),
             ContainsSubstring("got '9223372036854775808'"));
  CHECK_THAT(entry(tensor_json("U8", "[99999999999999999999]", "[0,4]")),
             ContainsSubstring("integers in [0, 2^63) in shape"));
  CHECK(entry(tensor_json("U8", "[4294967296,4294967296]", "[0,4]")) ==
        "bad.st: tensor 'w': the shape [4294967296, 4294967296] overflows 63 bits");
  CHECK_THAT(entry(tensor_json("F64", "[2305843009213693952]", "[0,4]")),
             ContainsSubstring("overflows 63 bits"));
  CHECK_THAT(entry(tensor_json("U8", "[0,4294967296,4294967296]", "[0,0]")),
             ContainsSubstring("overflows 63 bits"));
  CHECK(entry(tensor_json("F32", "[1099511627776]", "[0,4]")) ==
        "bad.st: tensor 'w': expected 4398046511104 bytes for the shape [1099511627776] of F32, "
        "got data_offsets [0, 4]");
  CHECK_THAT(entry(tensor_json("U8", "[3]", "[0,4]")),
             ContainsSubstring("expected 3 bytes for the shape [3] of U8"));

  CHECK_THAT(entry(tensor_json("U8", "[4]", "{}")),
             ContainsSubstring("expected data_offsets to be an array, got object"));
  CHECK_THAT(entry(tensor_json("U8", "[4]", "[0,4,4]")),
             ContainsSubstring("expected data_offsets of 2 integers, got 3"));
  CHECK_THAT(entry(tensor_json("U8", "[4]", "[-1,3]")),
             ContainsSubstring("in data_offsets, got '-1'"));
  CHECK_THAT(entry(tensor_json("U8", "[4]", "[4,0]")),
             ContainsSubstring("got them reversed: [4, 0]"));
  CHECK_THAT(entry(tensor_json("U8", "[4]", "[1,5]")),
             ContainsSubstring("within the 4 bytes of data, got [1, 5]"));
}

TEST_CASE("tensors that do not cover the data exactly are refused") {
  const auto two = [](const std::string& first, const std::string& second) {
    return message_of(R"({"a":)" + tensor_json("U8", "[2]", first) + R"(,"b":)" +
                          tensor_json("U8", "[2]", second) + "}",
                      5);
  };
  CHECK(two("[0,2]", "[1,3]") ==
        "bad.st: tensor 'b': begins at byte 1 and overlaps the tensor before it, which ends at 2");
  CHECK(two("[3,5]", "[0,2]") ==
        "bad.st: tensor 'a': begins at byte 3 and leaves a hole after the tensor before it, which "
        "ends at 2");
  CHECK(two("[1,3]", "[3,5]") ==
        "bad.st: tensor 'a': begins at byte 1 and leaves a hole after the tensor before it, which "
        "ends at 0");
  CHECK(two("[0,2]", "[2,4]") == "bad.st: expected 4 bytes of data, got 5: trailing bytes");
  CHECK(message_of("{}", 1) == "bad.st: expected 0 bytes of data, got 1: trailing bytes");
}

TEST_CASE("metadata are strings") {
  CHECK(message_of(R"({"__metadata__":[]})") ==
        "bad.st: expected __metadata__ to be an object, got array");
  CHECK(message_of(R"({"__metadata__":{"epoch":3}})") ==
        "bad.st: expected strings in __metadata__, got '3' as 'epoch'");
  CHECK(message_of(R"({"__metadata__":{"epoch":{}}})") ==
        "bad.st: expected strings in __metadata__, got object as 'epoch'");
}

TEST_CASE("data that have no value are refused") {
  const TensorFileOptions all{.allow_nonfinite = true};
  for (const auto& [type, size] : {std::pair{"F64", 8u}, {"F32", 4u}, {"F16", 2u}, {"BF16", 2u}}) {
    const auto bytes =
        file_of(R"({"w":)" + tensor_json(type, "[1]", "[0," + std::to_string(size) + "]") + "}",
                size, std::byte{0xff});
    CHECK_THAT(message_of(bytes), StartsWith("bad.st: tensor 'w': expected finite numbers, got ") &&
                                      ContainsSubstring("nan in element 0"));
    CHECK(std::isnan(parse_safetensors(bytes, "file", all).values<double>("w").at(0)));
  }
  TensorFile file;
  const float data[] = {1, std::numeric_limits<float>::infinity()};
  file.add("w", data, {2});
  CHECK_THROWS_WITH(serialize_safetensors(file),
                    "tensor file: tensor 'w': expected finite numbers, got inf in element 1");
  CHECK(parse_safetensors(serialize_safetensors(file, all), "file", all) == file);
  CHECK(message_of(R"({"w":)" + tensor_json("BOOL", "[1]", "[0,1]") + "}", 1, std::byte{2}) ==
        "bad.st: tensor 'w': expected 0 or 1 as a BOOL, got 2 in element 0");
}

TEST_CASE("what no reader would accept is not written, and the old file stays") {
  const Directory directory;
  const auto path = directory.path / "model.safetensors";
  const auto good = sample();
  write_safetensors(path, good);

  const auto refuse = [&](const TensorFile& bad, const std::string& message) {
    CHECK_THROWS_WITH(write_safetensors(path, bad), ContainsSubstring(message));
    CHECK_THROWS_AS(write_safetensors(path, bad), Error);
    CHECK(read_safetensors(path) == good);
    CHECK(directory.names() == std::vector<std::string>{"model.safetensors"});
  };
  const auto with_tensor = [](const std::string& name, StoredTensor tensor) {
    TensorFile file;
    file.tensors[name] = std::move(tensor);
    return file;
  };
  refuse(with_tensor("w", {ElementType::f32, {2}, Bytes(4)}),
         "'w': expected 8 bytes for the shape [2] of F32, got 4");
  refuse(with_tensor("w", {ElementType::f32, {-1}, {}}), "expected sizes >= 0, got the shape [-1]");
  refuse(with_tensor("w", {ElementType::boolean, {1}, Bytes(1, std::byte{9})}),
         "expected 0 or 1 as a BOOL, got 9");
  refuse(with_tensor("w", {ElementType::f64, {1}, Bytes(8, std::byte{0xff})}),
         "expected finite numbers");
  refuse(with_tensor("__metadata__", {ElementType::u8, {0}, {}}), "this name is reserved");
  refuse(with_tensor("\xff", {ElementType::u8, {0}, {}}), "expected names and metadata in UTF-8");
  TensorFile note;
  note.metadata["k"] = "\xc3";
  refuse(note, "expected names and metadata in UTF-8");
}

TEST_CASE("only regular files are read") {
  const Directory directory;
  CHECK_THROWS_WITH(read_safetensors(directory.path),
                    ContainsSubstring("expected a regular file, got a directory"));
  write_file_atomically(directory.path / "cut", Bytes(3));
  CHECK_THROWS_WITH(read_safetensors(directory.path / "cut"),
                    ContainsSubstring("cut: expected 8 bytes of header length, the file has 3"));
}
