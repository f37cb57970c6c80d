// SPDX-License-Identifier: MIT
// Any bytes are either refused with an Error or read, and what was read survives a round trip.
// Everything else is a crash.
#include <cstdlib>

#include "gsteer/io/extended_xyz.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check(std::string_view text, const gsteer::ExtendedXyzOptions& options) {
  std::vector<gsteer::AtomicConfiguration> frames;
  try {
    frames = gsteer::parse_extended_xyz(text, "input", options);
  } catch (const gsteer::Error&) {
    return;
  }
  const auto written = gsteer::serialize_extended_xyz(frames, "written", options);
  const auto again = gsteer::parse_extended_xyz(written, "written", options);
  require(again == frames);
  require(gsteer::serialize_extended_xyz(again, "again", options) == written);
  const auto species = gsteer::species_of(frames);
  std::size_t atoms = 0;
  for (const auto& frame : frames) {
    for (const int kind : gsteer::kinds_of(frame, species))
      require(kind >= 0 && static_cast<std::size_t>(kind) < species.size());
    require(frame.positions.allFinite() && (!frame.forces || frame.forces->allFinite()));
    atoms += frame.species.size();
  }
  require(8 * atoms <= text.size() + 1);  // none that the text has no room for
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, {});
  check(text, {.energy_key = "", .forces_key = "f", .virial_key = "", .stress_key = "s"});
  return 0;
}
