# SPDX-License-Identifier: MIT
#
# Finds mbedTLS 2.28, 3.x and 4.x by their headers and libraries, since many installations (Debian 12's among them)
# come without package files. Another one than the system's: -DMbedTLS_ROOT=PREFIX.
#
#   MbedTLS_FOUND, MbedTLS_VERSION, MbedTLS_LIBRARIES (files, in the order of linking)
#   MbedTLS::mbedtls, MbedTLS::mbedx509, MbedTLS::mbedcrypto
#
# In 4.x the crypto library is called tfpsacrypto; its target keeps the name MbedTLS::mbedcrypto.

find_path(MbedTLS_INCLUDE_DIR mbedtls/ssl.h)
find_library(MbedTLS_TLS_LIBRARY mbedtls)
find_library(MbedTLS_X509_LIBRARY mbedx509)

# The version: build_info.h since 3.0, version.h before.
set(MbedTLS_VERSION "")
foreach(header build_info.h version.h)
  if(MbedTLS_INCLUDE_DIR AND NOT MbedTLS_VERSION AND EXISTS "${MbedTLS_INCLUDE_DIR}/mbedtls/${header}")
    file(STRINGS "${MbedTLS_INCLUDE_DIR}/mbedtls/${header}" MbedTLS_version_line
      REGEX "^#[ \t]*define[ \t]+MBEDTLS_VERSION_STRING[ \t]+\"")
    if(MbedTLS_version_line MATCHES "\"([0-9.]+)")
      set(MbedTLS_VERSION "${CMAKE_MATCH_1}")
    endif()
  endif()
endforeach()
unset(MbedTLS_version_line)

# The crypto library of the version that was found, not one of another version beside it.
if(MbedTLS_VERSION VERSION_LESS 4)
  find_library(MbedTLS_CRYPTO_LIBRARY mbedcrypto)
else()
  find_library(MbedTLS_CRYPTO_LIBRARY tfpsacrypto)
endif()
# A static 3.x of CMake keeps parts of its crypto library in files of their own.
set(MbedTLS_parts "")
foreach(part everest p256m)
  get_filename_component(MbedTLS_directory "${MbedTLS_CRYPTO_LIBRARY}" DIRECTORY)
  if(MbedTLS_CRYPTO_LIBRARY MATCHES "\\.a$" AND EXISTS "${MbedTLS_directory}/lib${part}.a")
    list(APPEND MbedTLS_parts "${MbedTLS_directory}/lib${part}.a")
  endif()
endforeach()
mark_as_advanced(MbedTLS_INCLUDE_DIR MbedTLS_TLS_LIBRARY MbedTLS_X509_LIBRARY MbedTLS_CRYPTO_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(MbedTLS
  REQUIRED_VARS MbedTLS_TLS_LIBRARY MbedTLS_X509_LIBRARY MbedTLS_CRYPTO_LIBRARY MbedTLS_INCLUDE_DIR
  VERSION_VAR MbedTLS_VERSION)

if(MbedTLS_FOUND)
  set(MbedTLS_LIBRARIES "${MbedTLS_TLS_LIBRARY}" "${MbedTLS_X509_LIBRARY}" "${MbedTLS_CRYPTO_LIBRARY}" ${MbedTLS_parts})
  function(_cpmsync_mbedtls_target name library)
    if(NOT TARGET MbedTLS::${name})
      add_library(MbedTLS::${name} UNKNOWN IMPORTED)
      set_target_properties(MbedTLS::${name} PROPERTIES
        IMPORTED_LOCATION "${library}"
        INTERFACE_INCLUDE_DIRECTORIES "${MbedTLS_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES "${ARGN}")
    endif()
  endfunction()
  _cpmsync_mbedtls_target(mbedcrypto "${MbedTLS_CRYPTO_LIBRARY}" ${MbedTLS_parts})
  _cpmsync_mbedtls_target(mbedx509 "${MbedTLS_X509_LIBRARY}" MbedTLS::mbedcrypto)
  _cpmsync_mbedtls_target(mbedtls "${MbedTLS_TLS_LIBRARY}" MbedTLS::mbedx509 MbedTLS::mbedcrypto)
endif()
unset(MbedTLS_directory)
unset(MbedTLS_parts)
