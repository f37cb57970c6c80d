# SPDX-License-Identifier: MIT
set(small --trajectories 60 --tests 20 --epochs 6 --batch 10 --seeds 1 --simulations 20)

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
# The summary without times.
function(summary_of text result)
  string(REGEX MATCHALL "[a-z]+ +[0-9]+ parameters, test error [^\n]*, [0-9]+ s each" lines "${text}")
  string(REGEX REPLACE ", [0-9]+ s each" "" lines "${lines}")
  set(${result} "${lines}" PARENT_SCOPE)
endfunction()

# The simulation conserves what it should, better with shorter steps, and has no special axes.
run(passes --only-simulate --simulations 50)
foreach(line
    "50 simulations of 5 particles, 5000 steps each"
    "energy in steps of 0.001: changes by [0-9.]+e-0[5-9] .median."
    "momentum changes by at most [0-9.]+e-1[1-9], angular momentum by [0-9.]+e-1[1-9]"
    "forces turn and mirror with the particles, but for [0-9.]+e-1[4-9]")
  expect_line("${line}")
endforeach()
string(REGEX MATCH "steps of 0.001: changes by ([-0-9.e]+)" found "${output}")
set(coarse ${CMAKE_MATCH_1})
string(REGEX MATCH "steps of 0.0005: changes by ([-0-9.e]+)" found "${output}")
if(NOT CMAKE_MATCH_1 LESS coarse)
  message(FATAL_ERROR "shorter steps conserve energy no better:\n${output}")
endif()
# Steps that are too long show.
run(passes --only-simulate --simulations 20 --time-step 0.1)
expect_line("energy in steps of 0.1: changes by [0-9.]+e([+]0|-0[123])")

# Three networks learn; their predictions move with the system; one thread gives what two give.
run(passes ${small} --threads 2)
summary_of("${output}" whole)
expect_line("60 simulations to learn from, 20 to validate, 20 to test")
expect_line("x [+] v t: test error 0[.]1[0-9]+; with t = 0[.][67][0-9], fitted: 0[.]0[0-9]+ ")
foreach(model linear nonlinear attention)
  expect_line("${model} +[0-9]+ parameters, test error 0[.][0-9]+ [+]- 0[.]00000 .0[.][0-9]+., [0-9]+ s each")
  expect_line("${model} [^\n]*\n +turned, mirrored and shifted systems: predictions differ by [0-9.]+e-1[2-9]\n +published: [A-Z]")
  foreach(epoch 1 6)
    expect_line("${model}, seed 1: epoch +${epoch} of 6, training [0-9.]+, validation [0-9.]+, +[0-9]+ s left")
    string(REGEX MATCH "${model}, seed 1: epoch +${epoch} of 6, training ([0-9.]+)" found "${output}")
    set(error_${epoch} ${CMAKE_MATCH_1})
  endforeach()
  if(NOT error_6 LESS error_1)
    message(FATAL_ERROR "${model} did not learn: ${error_1}, then ${error_6}")
  endif()
endforeach()
file(READ run/n_body.png start LIMIT 16 HEX)
if(NOT start STREQUAL "89504e470d0a1a0a0000000d49484452")
  message(FATAL_ERROR "n_body.png is not a picture: it begins with ${start}")
endif()

# A run that is killed and resumed, on one thread, says the same.
kill_at(killed.ckpt ${small})
run(passes ${small} --threads 1 --resume killed.ckpt --save killed.ckpt)
expect_line("resumed after epoch [1-6]\n")
summary_of("${output}" resumed)
if(NOT resumed STREQUAL whole)
  message(FATAL_ERROR "a run that was killed and resumed gives\n${resumed}\nnot\n${whole}")
endif()
# What has been finished is not done again.
run(passes ${small} --resume killed.ckpt)
summary_of("${output}" again)
if(NOT again STREQUAL whole OR output MATCHES "linear, seed 1: epoch")
  message(FATAL_ERROR "a finished run, resumed, gives\n${output}")
endif()
run(fails ${small} --rate 0.5 --resume killed.ckpt)
expect_line("killed.ckpt: expected a run with rate 0.5, it is of one with 0")

# Mistakes are said.
run(fails --models linear,quadratic)
expect_line("--models: .*quadratic")
run(fails --trajectories 0)
expect_line("--trajectories: ")
run(fails --quick --epochs 3)
expect_line("--quick|--epochs")
file(WRITE run/bad.ckpt "nothing")
run(fails ${small} --resume bad.ckpt)
expect_line("n_body: bad.ckpt")
