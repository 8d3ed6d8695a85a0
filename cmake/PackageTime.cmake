# SPDX-License-Identifier: MIT
# Read by cpack before it begins: the time that all files in the packages bear.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
  include(${CPACK_TUNRELAY_SOURCE}/cmake/SourceCommit.cmake)
  tunrelay_source_commit(${CPACK_TUNRELAY_SOURCE} COMMIT TIME)
  if(TIME STREQUAL "")
    file(TIMESTAMP ${CPACK_TUNRELAY_SOURCE}/CHANGELOG.md TIME "%s" UTC)
  endif()
  set(ENV{SOURCE_DATE_EPOCH} ${TIME})
endif()
