# SPDX-License-Identifier: MIT
# Learns all shapes within 300 steps, and then knows them in every pose.
file(REMOVE tetris.png)
foreach(seed 1 2)
  execute_process(COMMAND ${PROGRAM} --seed ${seed} --rotations 25
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "exit code ${result}\n${output}")
  endif()
  foreach(line
      "step 300: loss [-0-9.e]+, 8 of 8 shapes"
      "turned at random: 200 of 200 right"
      "turned and mirrored: 200 of 200 right, with left and right exchanged"
      "in double, turning changes the answers by at most [0-9.]+e-1[1-9]")
    if(NOT output MATCHES "${line}")
      message(FATAL_ERROR "expected a line '${line}' in\n${output}")
    endif()
  endforeach()
endforeach()
file(READ tetris.png start LIMIT 16 HEX)
if(NOT start STREQUAL "89504e470d0a1a0a0000000d49484452")
  message(FATAL_ERROR "tetris.png is not a picture: it begins with ${start}")
endif()
# Without training it does not know them.
execute_process(COMMAND ${PROGRAM} --steps 0 --rotations 25 OUTPUT_VARIABLE output)
if(output MATCHES "turned at random: 200 of 200 right")
  message(FATAL_ERROR "a network that learned nothing knows all shapes:\n${output}")
endif()
