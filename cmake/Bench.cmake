# SPDX-License-Identifier: BSD-3-Clause
# What `flowzip bench` is made of. zstd and CharLS are rivals that it calls as libraries;
# without them it names them as missing.
find_package(nlohmann_json QUIET)
if(NOT nlohmann_json_FOUND)
  message(FATAL_ERROR "nlohmann-json not found: run scripts/install-deps.sh build")
endif()
flowzip_add_library(flowzip_bench tools/bench flowzip_codec flowzip_files)
target_link_libraries(flowzip_bench PRIVATE nlohmann_json::nlohmann_json)

find_path(ZSTD_INCLUDE_DIR zstd.h)
if(FLOWZIP_LINK_SHARED)
  find_library(ZSTD_LIBRARY NAMES zstd)
else()
  find_library(ZSTD_LIBRARY NAMES libzstd.a zstd)  # linked, it need not be found whenever flowzip starts
endif()
if(ZSTD_INCLUDE_DIR AND ZSTD_LIBRARY)
  target_include_directories(flowzip_bench SYSTEM PRIVATE "${ZSTD_INCLUDE_DIR}")
  target_link_libraries(flowzip_bench PRIVATE "${ZSTD_LIBRARY}")
  target_compile_definitions(flowzip_bench PRIVATE FLOWZIP_HAVE_ZSTD)
else()
  message(STATUS "zstd not found: flowzip bench will do without (scripts/install-deps.sh bench)")
endif()
find_package(charls QUIET)
if(charls_FOUND)
  # Not linked: see tools/bench/charls_codec.cc.
  get_target_property(charls_include charls INTERFACE_INCLUDE_DIRECTORIES)
  target_include_directories(flowzip_bench SYSTEM PRIVATE "${charls_include}")
  target_link_libraries(flowzip_bench PRIVATE ${CMAKE_DL_LIBS})
  target_compile_definitions(flowzip_bench PRIVATE
    FLOWZIP_HAVE_CHARLS "FLOWZIP_CHARLS_MAJOR=\"${charls_VERSION_MAJOR}\"")
else()
  message(STATUS "CharLS not found: flowzip bench will do without (scripts/install-deps.sh bench)")
endif()
mark_as_advanced(ZSTD_INCLUDE_DIR ZSTD_LIBRARY)
