# SPDX-License-Identifier: MIT
# The component mockserver: its header, library, program, CMake targets and pkg-config file. What install.cmake installs is
# needed beside it: the headers it includes and the CMake package.
install(TARGETS cpmsync_mockserver cpm-mockserver EXPORT cpmsync_mockserver
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT mockserver
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT mockserver
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT mockserver)
install(FILES "${PROJECT_SOURCE_DIR}/include/cpmsync/mock.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/cpmsync"
  COMPONENT mockserver)
install(EXPORT cpmsync_mockserver NAMESPACE cpmsync:: FILE cpmsyncMockserverTargets.cmake
  DESTINATION "${CPMSYNC_CMAKE_DIR}" COMPONENT mockserver)

cpmsync_link_flags(CPMSYNC_MOCK_PC_LIBS ${MbedTLS_LIBRARIES})
if(GD_INCLUDE_DIR AND GD_LIBRARY)
  string(APPEND CPMSYNC_MOCK_PC_LIBS " -lgd")
endif()
set(CPMSYNC_MOCK_PC_REQUIRES "")
if(CPMSYNC_WITH_ZLIB)
  set(CPMSYNC_MOCK_PC_REQUIRES zlib)
endif()
configure_file("${PROJECT_SOURCE_DIR}/cmake/cpmsync-mockserver.pc.in" cpmsync-mockserver.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/cpmsync-mockserver.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
  COMPONENT mockserver)
