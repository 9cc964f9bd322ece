# SPDX-License-Identifier: BSD-3-Clause
# flowzip-train: tools/train/*.cc. Everything but main.cc is a library, for the tests.
# Included only where LibTorch was found; nothing else links it.

file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/tools/train/*.cc")
set(main "${CMAKE_CURRENT_SOURCE_DIR}/tools/train/main.cc")
if(NOT main IN_LIST sources)
  message(STATUS "tools/train/main.cc does not exist: flowzip-train is left out")
  return()
endif()
list(REMOVE_ITEM sources "${main}")

add_library(flowzip_trainer STATIC ${sources} cmake/empty.cc)
# The element-wise loops of training: vector exp and log, this machine's widest vectors. Nothing
# of the codec is in these files.
option(FLOWZIP_TRAIN_NATIVE "Compile the trainer's loops for this machine" ON)
set(loop_flags -O3 -ffast-math)
if(FLOWZIP_TRAIN_NATIVE)
  list(APPEND loop_flags -march=native)
endif()
set_source_files_properties(tools/train/likelihood_kernel.cc tools/train/clamp.cc
                            PROPERTIES COMPILE_OPTIONS "${loop_flags}")
target_link_libraries(flowzip_trainer PUBLIC flowzip_flags flowzip_codec flowzip_files
                      ${TORCH_LIBRARIES})
target_include_directories(flowzip_trainer SYSTEM PUBLIC ${TORCH_INCLUDE_DIRS})
# flowzip-train may use CLI11; where only the trainer is built it may be missing.
find_package(CLI11 QUIET)
if(CLI11_FOUND)
  target_link_libraries(flowzip_trainer PUBLIC CLI11::CLI11)
endif()

add_executable(flowzip-train "${main}")
target_link_libraries(flowzip-train PRIVATE flowzip_trainer)
set_target_properties(flowzip-train PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
