# SPDX-License-Identifier: MIT
# The main example on a few digits: it runs, it writes its picture, results do not depend on the number of threads, and a run that
# is killed and resumed ends in the weights of one that was not.
function(run result)
  execute_process(COMMAND ${PROGRAM} --limit 200 --group C4 --no-cnn ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out
                  ERROR_VARIABLE err)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ${ARGN}: ${code}\n${out}\n${err}")
  endif()
  set(${result} "${out}" PARENT_SCOPE)
endfunction()
function(same a b why)
  execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${a} ${b} RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${a} and ${b} differ: ${why}")
  endif()
endfunction()

file(REMOVE one.safetensors two.safetensors killed.safetensors digits.png)
run(out --epochs 4 --threads 1 --save one.safetensors)
if(NOT out MATCHES "C4 +[0-9]+ parameters +upright +[0-9.]+ % +rotated +[0-9.]+ %")
  message(FATAL_ERROR "no result in\n${out}")
endif()
run(out --epochs 4 --threads 2 --save two.safetensors)
same(one.safetensors two.safetensors "results depend on the number of threads")

# kill -9 as soon as there is a checkpoint, at whatever point the training then is.
find_program(bash bash)
if(bash)
  execute_process(COMMAND ${bash} -c "
    '${PROGRAM}' --limit 200 --group C4 --no-cnn --epochs 4 --save killed.safetensors > killed.log 2>&1 &
    for i in $(seq 2000); do [ -s killed.safetensors ] && break; sleep 0.01; done
    kill -9 $! 2>/dev/null; wait $! 2>/dev/null; [ -s killed.safetensors ]"
    RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "the run to be killed wrote no checkpoint")
  endif()
  run(out --epochs 4 --resume killed.safetensors --save killed.safetensors)
  if(NOT out MATCHES "resumed after epoch [1234]")
    message(FATAL_ERROR "not resumed:\n${out}")
  endif()
  if(NOT out MATCHES "resumed after epoch 4")
    same(one.safetensors killed.safetensors "a resumed run must end where one that was never killed does")
  endif()
endif()

execute_process(COMMAND ${PROGRAM} --limit 100 --group C4 --epochs 1 --output digits.png RESULT_VARIABLE code
                OUTPUT_VARIABLE out ERROR_VARIABLE err)
if(NOT code EQUAL 0 OR NOT out MATCHES "plain CNN +[0-9]+ parameters")
  message(FATAL_ERROR "${code}\n${out}\n${err}")
endif()
file(READ digits.png magic LIMIT 8 HEX)
if(NOT magic STREQUAL "89504e470d0a1a0a")
  message(FATAL_ERROR "digits.png is no PNG")
endif()
execute_process(COMMAND ${PROGRAM} --resume digits.png RESULT_VARIABLE code ERROR_VARIABLE err OUTPUT_QUIET)
if(code EQUAL 0 OR NOT err MATCHES "rotated_digits: .*digits.png")
  message(FATAL_ERROR "a picture was taken for a checkpoint: ${err}")
endif()
