# SPDX-License-Identifier: MIT
# The main example on a few digits: it runs, it writes its picture, results do not depend on the number of threads, a run that is
# killed and resumed ends in the weights of one that was not, and mistakes are said before the work begins.
set(small --limit 200 --group C4 --no-cnn)
find_program(bash bash REQUIRED)  # to kill a run

function(run result)
  execute_process(COMMAND ${PROGRAM} ${small} ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out
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
# An exit code of an error, not of a crash, and no training before.
function(refuse message)
  execute_process(COMMAND ${PROGRAM} ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT code MATCHES "^[1-9][0-9]*$" OR NOT err MATCHES "${message}" OR out MATCHES "epoch")
    message(FATAL_ERROR "${ARGN}: ${code}, expected '${message}' in\n${err}and no training in\n${out}")
  endif()
endfunction()

file(REMOVE one.safetensors two.safetensors digits.png)
file(REMOVE_RECURSE empty tiny)
run(out --epochs 4 --threads 1 --save one.safetensors)
if(NOT out MATCHES "C4 +[0-9]+ parameters +upright +[0-9.]+ % +rotated +[0-9.]+ %")
  message(FATAL_ERROR "no result in\n${out}")
endif()
run(out --epochs 4 --threads 2 --save two.safetensors)
same(one.safetensors two.safetensors "results depend on the number of threads")

# kill -9 when `condition` has come true and `delay` seconds have passed, and resume. `epoch` is the last one in the checkpoint;
# `epochs` if the run ended before it could be killed.
function(kill_when condition delay epochs epoch)
  file(REMOVE killed.safetensors killed.log)
  string(JOIN " " arguments ${small} --epochs ${epochs} --save killed.safetensors)
  execute_process(COMMAND ${bash} -c "
    '${PROGRAM}' ${arguments} > killed.log 2>&1 &
    until ${condition} || ! kill -0 $!; do sleep 0.01; done
    sleep ${delay}
    kill -9 $!
    wait $!"
    RESULT_VARIABLE code ERROR_QUIET)
  file(READ killed.log log)
  if(code EQUAL 0)
    set(${epoch} ${epochs} PARENT_SCOPE)
    return()
  elseif(NOT code EQUAL 137)  # 128 + SIGKILL
    message(FATAL_ERROR "the run to be killed ended with ${code}\n${log}")
  endif()
  run(out --epochs ${epochs} --resume killed.safetensors --save killed.safetensors)
  if(NOT out MATCHES "resumed after epoch ([0-9]+)")
    message(FATAL_ERROR "not resumed:\n${out}")
  endif()
  set(${epoch} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

# At the first checkpoint, and in the middle of a later epoch; the log that is watched shows progress though it is no terminal. A
# machine on which the run has come to its end by then gets a longer one.
function(test_resume condition delay)
  set(epochs 4)
  set(whole one.safetensors)
  kill_when("${condition}" ${delay} ${epochs} epoch)
  while(NOT epoch LESS epochs)
    math(EXPR epochs "4 * ${epochs}")
    if(epochs GREATER 64)
      message(FATAL_ERROR "could not kill a run before its end, ${delay} s after ${condition}")
    endif()
    set(whole whole.safetensors)
    kill_when("${condition}" ${delay} ${epochs} epoch)
  endwhile()
  if(whole STREQUAL "whole.safetensors")
    run(out --epochs ${epochs} --save ${whole})
  endif()
  message(STATUS "killed ${delay} s after ${condition}: resumed after epoch ${epoch} of ${epochs}")
  same(${whole} killed.safetensors "a resumed run must end where one that was never killed does")
endfunction()
test_resume("[ -s killed.safetensors ]" 0)
test_resume("grep -q 'epoch  2 of' killed.log" 0.1)

# A run goes on as it began, or not at all.
run(out --epochs 4 --resume one.safetensors)
refuse("one.safetensors: expected a run with epochs 5, it is of one with 4" ${small} --epochs 5 --resume one.safetensors)
refuse("one.safetensors: expected a run with seed 2, it is of one with 1" ${small} --epochs 4 --seed 2 --resume one.safetensors)
refuse("one.safetensors: expected a run with training digits 100, it is of one with 200"
  --limit 100 --group C4 --no-cnn --epochs 4 --resume one.safetensors)

execute_process(COMMAND ${PROGRAM} --limit 100 --group C4 --epochs 1 --output digits.png RESULT_VARIABLE code
                OUTPUT_VARIABLE out ERROR_VARIABLE err)
if(NOT code EQUAL 0 OR NOT out MATCHES "plain CNN +[0-9]+ parameters")
  message(FATAL_ERROR "${code}\n${out}\n${err}")
endif()
file(READ digits.png magic LIMIT 8 HEX)
if(NOT magic STREQUAL "89504e470d0a1a0a")
  message(FATAL_ERROR "digits.png is no PNG")
endif()

# Mistakes are said.
refuse("rotated_digits: .*digits.png" --resume digits.png --output empty.png)
refuse("--seed: Value -4 not in range" ${small} --seed -4)
file(MAKE_DIRECTORY empty)
refuse("'missing/digits.png': No such file" --output missing/digits.png --save empty/new.safetensors)
refuse("'empty'" --output empty/new.png --save empty)
refuse("'missing/new.safetensors': No such file" --output empty/new.png --save missing/new.safetensors)
file(GLOB left empty/* empty/.g*)
if(left)
  message(FATAL_ERROR "a run that did not begin left ${left}")
endif()
file(SIZE digits.png size)
refuse("'missing/new.safetensors'" --output digits.png --save missing/new.safetensors)
file(SIZE digits.png size_after)
if(NOT size EQUAL size_after)
  message(FATAL_ERROR "a run that did not begin changed a picture from ${size} to ${size_after} bytes")
endif()
# One digit of 2 x 2 pixels.
file(MAKE_DIRECTORY tiny)
execute_process(COMMAND ${bash} -c [[
  printf '\0\0\10\3\0\0\0\1\0\0\0\2\0\0\0\2\1\2\3\4' > tiny/train-images-idx3-ubyte
  printf '\0\0\10\1\0\0\0\1\7' > tiny/train-labels-idx1-ubyte]])
refuse("tiny: expected digits of 28 x 28 pixels, got 2 x 2" ${small} --mnist tiny)
