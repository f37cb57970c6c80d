#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What gsteer costs at compile time: bench/compile.sh [PROGRAM.cpp...], by default those in bench/programs.
# Seconds and memory of g++ and clang++ with -O2, the templates that clang++ instantiates (the figure that does not
# depend on the machine), and the size of the stripped program that g++ makes. Needs GNU time for the memory.
# EIGEN names Eigen's folder, GXX and CLANGXX the compilers.
set -euo pipefail

cd "$(dirname "$0")/.."
gxx=${GXX:-g++} clangxx=${CLANGXX:-clang++} eigen=${EIGEN:-/usr/include/eigen3}
flags=(-std=c++20 -O2 -Iinclude -isystem "$eigen")
[ $# -gt 0 ] || set -- bench/programs/*.cpp
out=$(mktemp -d)
trap 'rm -r "$out"' EXIT

# measure COMMAND...: sets `seconds` of the processor and `megabytes` of the largest process.
measure() {
  megabytes=-
  if [ -x /usr/bin/time ]; then
    /usr/bin/time -o "$out/time" -f '%U %S %M' "$@"
    megabytes=$(awk '{ printf "%.0f", $3 / 1024 }' "$out/time")
  else
    local TIMEFORMAT='%U %S'
    { time "$@" 2>&3; } 3>&2 2>"$out/time"
  fi
  seconds=$(awk '{ printf "%.1f", $1 + $2 }' "$out/time")
}
count() { grep -o "\"name\":\"$1\"" "$out/program.json" | wc -l; }

printf '| program | g++ s | MB | clang++ s | MB | classes | functions | program KB |\n'
printf '|---|--:|--:|--:|--:|--:|--:|--:|\n'
for source in "$@"; do
  measure "$gxx" "${flags[@]}" -c "$source" -o "$out/program.o"
  row="| $(basename "$source" .cpp) | $seconds | $megabytes"
  "$gxx" -s "$out/program.o" -o "$out/program" -pthread
  size=$(($(wc -c <"$out/program") / 1024))
  if command -v "$clangxx" >/dev/null; then
    measure "$clangxx" "${flags[@]}" -c "$source" -o "$out/program.o"
    "$clangxx" "${flags[@]}" -ftime-trace -ftime-trace-granularity=0 -c "$source" -o "$out/program.o"
    row+=" | $seconds | $megabytes | $(count InstantiateClass) | $(count InstantiateFunction)"
  else
    row+=" | - | - | - | -"
  fi
  echo "$row | $size |"
done
