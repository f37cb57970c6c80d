# SPDX-License-Identifier: MIT
# The simulation conserves what it should, better with shorter steps, and has no special axes.
execute_process(COMMAND ${PROGRAM} --simulations 50 --steps 2000
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "exit code ${result}\n${output}")
endif()
foreach(line
    "50 simulations of 5 particles, 19 frames each"
    "energy in steps of 0.001: changes by [0-9.]+e-0[5-9] .median."
    "energy in steps of 0.0005: changes by [0-9.]+e-0[6-9] .median."
    "momentum changes by at most [0-9.]+e-1[1-9], angular momentum by [0-9.]+e-1[1-9]"
    "forces turn and mirror with the particles, but for [0-9.]+e-1[4-9]")
  if(NOT output MATCHES "${line}")
    message(FATAL_ERROR "expected a line '${line}' in\n${output}")
  endif()
endforeach()
# Steps that are too long show.
execute_process(COMMAND ${PROGRAM} --simulations 50 --steps 20 --time-step 0.1
  OUTPUT_VARIABLE output)
if(NOT output MATCHES "energy in steps of 0.1: changes by [0-9.]+e([+]0|-0[123])")
  message(FATAL_ERROR "steps of 0.1 conserve energy:\n${output}")
endif()
