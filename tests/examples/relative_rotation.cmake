# SPDX-License-Identifier: MIT
set(small --points 96 --cutoff 0.4 --batch 8 --test 10 --shapes camel femur retinal --held-out elephant)

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
# Whole degrees of the median over the shapes that were learned.
function(median_of_known result)
  expect_line("noise of 2 %, points drawn anew, shapes it knows: median ([0-9]+)[.][0-9]+ degrees, mean [0-9.]+, of 30 pairs")
  string(REGEX MATCH "shapes it knows: median ([0-9]+)" found "${output}")
  set(${result} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

# Without noise even a network that learned nothing is exact: by construction. With noise it is not.
run(passes ${small} --steps 0)
set(exact "no noise, the same points: at most [0-9.]+e-(0[6-9]|1[0-9]) rad in double")
expect_line("3 shapes to learn and 1 to test only")
expect_line("${exact}")
median_of_known(before)

run(passes ${small} --quick --save quick.ckpt)
median_of_known(after)
expect_line("${exact}")
expect_line("shapes it has never seen: median [0-9.]+ degrees, mean [0-9.]+, of 10 pairs")
if(after GREATER 30 OR NOT after LESS before)
  message(FATAL_ERROR "it did not learn: ${before} degrees before, ${after} after\n${output}")
endif()
file(READ run/relative_rotation.png start LIMIT 16 HEX)
if(NOT start STREQUAL "89504e470d0a1a0a0000000d49484452")
  message(FATAL_ERROR "relative_rotation.png is not a picture: it begins with ${start}")
endif()
string(REGEX MATCH "noise of 2 %[^\n]*" tested "${output}")

# A saved model gives the same numbers.
run(passes ${small} --load relative_rotation.safetensors)
string(FIND "${output}" "${tested}" found)
if(found EQUAL -1)
  message(FATAL_ERROR "expected '${tested}' of the model that was saved, got\n${output}")
endif()

# A run that is killed and resumed, on one thread, ends in the same weights, bit for bit.
set(short --points 48 --test 1 --steps 50 --batch 4)
run(passes ${short} --model whole.safetensors)
kill_at(killed.ckpt ${short} --model killed.safetensors)
run(passes ${short} --threads 1 --model killed.safetensors --resume killed.ckpt)
expect_line("resumed after step (25|50)\n")
file(SHA256 run/whole.safetensors whole)
file(SHA256 run/killed.safetensors resumed)
if(NOT resumed STREQUAL whole)
  message(FATAL_ERROR "a run that was killed and resumed has other weights")
endif()
run(fails ${short} --noise 0.01 --resume killed.ckpt)
expect_line("killed.ckpt: expected a run with noise 0.01, it is of one with 0.02")

# Mistakes are said.
run(fails --shapes none)
expect_line("relative_rotation: .*none.off: cannot be opened")
file(MAKE_DIRECTORY run/meshes)
file(WRITE run/meshes/flat.off "OFF\n3 1 0\n0 0 0\n1 0 0\n2 0 0\n3 0 1 2\n")
file(WRITE run/meshes/bad.off "OFF\n3 1 0\n0 0 0\n1 0 0\n2 1 0\n3 0 1 3\n")
file(WRITE run/meshes/cut.off "OFF 3 1 0 # three\n0 0 0\n\n1 0 0\n")
foreach(mistake "flat: a mesh has a surface of area 0" "bad: line 6: expected vertices below 3"
    "cut: expected a vertex, the file ends after line 4")
  string(REGEX MATCH "^([a-z]+): (.*)$" found "${mistake}")
  set(text "${CMAKE_MATCH_2}")
  run(fails --meshes meshes --held-out ${CMAKE_MATCH_1} --shapes ${CMAKE_MATCH_1})
  expect_line("${text}")
endforeach()
