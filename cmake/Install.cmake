# SPDX-License-Identifier: BSD-3-Clause
# `make install`: the command with its manual and completions, the libraries with header,
# pkg-config file and CMake package, and what tells the desktop about .flz files.

include(CMakePackageConfigHelpers)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/flowzip")
set(package_build "${CMAKE_CURRENT_BINARY_DIR}/package")

if(TARGET flowzip)
  install(TARGETS flowzip)
  install(FILES docs/man/flowzip.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  install(FILES share/flowzip.bash RENAME flowzip
          DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES share/flowzip.zsh RENAME _flowzip
          DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
  install(FILES share/flowzip.xml DESTINATION "${CMAKE_INSTALL_DATADIR}/mime/packages")
  install(FILES share/org.flowzip.flowzip.metainfo.xml DESTINATION "${CMAKE_INSTALL_DATADIR}/metainfo")
  install(FILES share/flowzip.magic DESTINATION "${CMAKE_INSTALL_DATADIR}/flowzip")
  install(DIRECTORY share/imagemagick share/slurm share/parallel USE_SOURCE_PERMISSIONS
          DESTINATION "${CMAKE_INSTALL_DATADIR}/flowzip")
  install(FILES LICENSE README.md docs/FORMAT.md docs/archive.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
endif()

if(NOT FLOWZIP_SHARED AND NOT FLOWZIP_STATIC)
  return()
endif()
install(FILES include/flowzip/flowzip.h "${CMAKE_CURRENT_BINARY_DIR}/include/flowzip/version.h"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/flowzip")
foreach(kind shared static)
  if(TARGET flowzip_${kind})
    install(TARGETS flowzip_${kind} EXPORT flowzip-${kind})
    install(EXPORT flowzip-${kind} FILE flowzip-${kind}.cmake NAMESPACE flowzip::
            DESTINATION "${package_folder}")
  endif()
endforeach()
configure_package_config_file(cmake/flowzipConfig.cmake.in "${package_build}/flowzipConfig.cmake"
                              INSTALL_DESTINATION "${package_folder}")
# 0.x versions promise nothing to each other.
write_basic_package_version_file("${package_build}/flowzipConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${package_build}/flowzipConfig.cmake" "${package_build}/flowzipConfigVersion.cmake"
        DESTINATION "${package_folder}")

# Folders relative to the file itself, so that the prefix may be chosen as late as
# `cmake --install --prefix`; absolute ones as they are.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(FLOWZIP_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
  set(FLOWZIP_PC_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
else()
  file(RELATIVE_PATH up "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
  string(REGEX REPLACE "/$" "" up "${up}")
  set(FLOWZIP_PC_PREFIX "\${pcfiledir}/${up}")
  set(FLOWZIP_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(FLOWZIP_PC_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}")
else()
  set(FLOWZIP_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
configure_file(cmake/flowzip.pc.in "${package_build}/flowzip.pc" @ONLY)
install(FILES "${package_build}/flowzip.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
