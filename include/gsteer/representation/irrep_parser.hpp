// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "gsteer/representation/irrep_list.hpp"

// The notation of e3nn for representations of O(3):
//   list = [ term { "+" term } ]      term = [ multiplicity "x" ] l parity
//   parity = "e" | "o" | "y", y for that of the spherical harmonics, (-1)^l
// with spaces between any two of these symbols: "32x0e + 16x1o + 8x2e".

namespace gsteer {

/// Why a text is no list of irreps.
enum class irreps_mistake {
  none,
  number_expected,  ///< where a term begins
  l_expected,       ///< after "16x"
  parity_expected,  ///< after l
  plus_expected,    ///< between two terms
  number_has_seven_digits
};

/// The explanation of a mistake.
constexpr std::string_view explain(irreps_mistake mistake) {
  switch (mistake) {
    case irreps_mistake::number_expected:
      return "expected a multiplicity or l, as in 16x1o or 1o";
    case irreps_mistake::l_expected:
      return "expected l after the x, as in 16x1o";
    case irreps_mistake::parity_expected:
      return "expected the parity after l: e (even), o (odd) or y, that of (-1)^l";
    case irreps_mistake::plus_expected:
      return "expected + between two irreps";
    case irreps_mistake::number_has_seven_digits:
      return "a number is too large";
    default:
      return "";
  }
}

namespace detail {

/// What became of a text: the list, or what is wrong and the characters [first, last) that are.
struct ParsedIrreps {
  IrrepList list;
  irreps_mistake mistake = irreps_mistake::none;
  std::size_t first = 0, last = 0;
};

class IrrepsParser {
 public:
  constexpr explicit IrrepsParser(std::string_view text) : text_(text) {}

  constexpr ParsedIrreps parse() && {
    skip_spaces();
    while (at_ < text_.size() && term()) {
      skip_spaces();
      if (at_ == text_.size()) break;
      if (text_[at_] != '+') {
        wrong(irreps_mistake::plus_expected);
        break;
      }
      ++at_;
      skip_spaces();
      if (at_ == text_.size()) wrong(irreps_mistake::number_expected);
    }
    return std::move(result_);
  }

 private:
  constexpr bool term() {
    irrep_copies block{{}, 1};
    if (!number(block.label.frequency, irreps_mistake::number_expected)) return false;
    skip_spaces();
    if (at_ < text_.size() && text_[at_] == 'x') {
      ++at_;
      skip_spaces();
      block.copies = block.label.frequency;
      if (!number(block.label.frequency, irreps_mistake::l_expected)) return false;
      skip_spaces();
    }
    const char parity = at_ < text_.size() ? text_[at_] : '\0';
    if (parity != 'e' && parity != 'o' && parity != 'y')
      return wrong(irreps_mistake::parity_expected);
    ++at_;
    block.label.parity = parity == 'y' ? block.label.frequency % 2 : (parity == 'o' ? 1 : 0);
    result_.list.push_back(block);
    return true;
  }

  constexpr bool number(int& value, irreps_mistake missing) {
    const auto begin = at_;
    value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      if (at_ - begin == 6) {
        at_ = begin;
        return wrong(irreps_mistake::number_has_seven_digits);
      }
      value = 10 * value + (text_[at_] - '0');
    }
    return at_ > begin || wrong(missing);
  }

  constexpr void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  /// The rest of the term is what is wrong: up to the next + or the end.
  constexpr bool wrong(irreps_mistake mistake) {
    result_.mistake = mistake;
    result_.first = result_.last = at_;
    while (result_.last < text_.size() && text_[result_.last] != '+') ++result_.last;
    while (result_.last > at_ && text_[result_.last - 1] == ' ') --result_.last;
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  ParsedIrreps result_;
};

constexpr ParsedIrreps parse_irreps_text(std::string_view text) {
  return IrrepsParser(text).parse();
}

}  // namespace detail

/// The list that a text in the notation of e3nn stands for, for example from the metadata of a
/// file; "" is the empty one. \throws Error that quotes what is wrong
[[gnu::cold]] inline IrrepList parse_irreps(std::string_view text) {
  auto parsed = detail::parse_irreps_text(text);
  if (parsed.mistake != irreps_mistake::none)
    fail("parse_irreps: \"", text, "\": ", explain(parsed.mistake), ", got \"",
         text.substr(parsed.first, parsed.last - parsed.first), "\" at position ", parsed.first);
  return std::move(parsed.list);
}

}  // namespace gsteer
