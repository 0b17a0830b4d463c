# SPDX-License-Identifier: MIT
# What is installed: headers, library, CMake package, pkg-config file. Prefixes may be moved afterwards.
include(CMakePackageConfigHelpers)
set(CPMSYNC_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/cpmsync")

install(TARGETS cpmsync EXPORT cpmsync
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(DIRECTORY include/cpmsync DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h"
  PATTERN mock.h EXCLUDE) # the component mockserver brings it

install(EXPORT cpmsync NAMESPACE cpmsync:: FILE cpmsyncTargets.cmake DESTINATION "${CPMSYNC_CMAKE_DIR}")
string(REGEX MATCH "^[0-9]+\\.[0-9]+" MbedTLS_SERIES "${MbedTLS_VERSION}") # cpmsyncConfig.cmake compares it
configure_package_config_file(cmake/cpmsyncConfig.cmake.in cpmsyncConfig.cmake INSTALL_DESTINATION "${CPMSYNC_CMAKE_DIR}")
write_basic_package_version_file(cpmsyncConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/cpmsyncConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/cpmsyncConfigVersion.cmake"
  cmake/FindMbedTLS.cmake
  DESTINATION "${CPMSYNC_CMAKE_DIR}")

# A library by its file, as a linker is told: -L only where the linker would not look anyway.
function(cpmsync_link_flags out)
  set(flags "")
  foreach(library IN LISTS ARGN)
    get_filename_component(directory "${library}" DIRECTORY)
    get_filename_component(real_directory "${directory}" REALPATH)
    get_filename_component(name "${library}" NAME_WE)
    string(REGEX REPLACE "^lib" "" name "${name}")
    if(NOT directory IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES
        AND NOT real_directory IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES AND NOT "-L${directory}" IN_LIST flags)
      list(APPEND flags "-L${directory}")
    endif()
    list(APPEND flags "-l${name}")
  endforeach()
  string(REPLACE ";" " " flags "${flags}")
  set(${out} "${flags}" PARENT_SCOPE)
endfunction()

set(CPMSYNC_PC_REQUIRES "")
set(CPMSYNC_PC_LIBS "")
if(CPMSYNC_WITH_TLS)
  # By name and not by package: Debian 12's mbedTLS has no .pc.
  cpmsync_link_flags(CPMSYNC_PC_LIBS ${MbedTLS_LIBRARIES})
endif()
if(CPMSYNC_WITH_RESOLVER)
  string(APPEND CPMSYNC_PC_LIBS " ${CMAKE_THREAD_LIBS_INIT}")
endif()
if(CPMSYNC_WITH_SQLITE)
  list(APPEND CPMSYNC_PC_REQUIRES sqlite3)
endif()
if(CPMSYNC_WITH_ZLIB)
  list(APPEND CPMSYNC_PC_REQUIRES zlib)
endif()
string(REPLACE ";" ", " CPMSYNC_PC_REQUIRES "${CPMSYNC_PC_REQUIRES}")
string(STRIP "${CPMSYNC_PC_LIBS}" CPMSYNC_PC_LIBS)
set(CPMSYNC_PC_CFLAGS "")
if(BUILD_SHARED_LIBS)
  set(CPMSYNC_PC_CFLAGS " -DCPMSYNC_SHARED=1")
endif()

# The prefix is where the .pc file lies, unless the directories were given absolutely.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(CPMSYNC_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
  set(CPMSYNC_PC_LIBDIR "${CMAKE_INSTALL_FULL_LIBDIR}")
  set(CPMSYNC_PC_INCLUDEDIR "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
else()
  file(RELATIVE_PATH CPMSYNC_PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" CPMSYNC_PC_PREFIX "\${pcfiledir}/${CPMSYNC_PC_PREFIX}")
  set(CPMSYNC_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
  set(CPMSYNC_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
configure_file(cmake/cpmsync.pc.in cpmsync.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/cpmsync.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
