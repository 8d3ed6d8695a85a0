# SPDX-License-Identifier: MIT
# Run by cpack when the packages are made: the library's asks dpkg for ldconfig by a trigger, as
# Debian Policy (8.1.1) wants it, in the place of cpack's scripts that call it.
foreach(PACKAGE ${CPACK_PACKAGE_FILES})
  get_filename_component(NAME ${PACKAGE} NAME)
  if(NAME MATCHES "^${CPACK_DEBIAN_LIBRARY_PACKAGE_NAME}_")
    set(UNPACKED ${CPACK_TEMPORARY_DIRECTORY}/unpacked)
    file(REMOVE_RECURSE ${UNPACKED})
    execute_process(COMMAND dpkg-deb --raw-extract ${PACKAGE} ${UNPACKED}
      COMMAND_ERROR_IS_FATAL ANY)
    file(REMOVE ${UNPACKED}/DEBIAN/postinst ${UNPACKED}/DEBIAN/postrm)
    file(WRITE ${UNPACKED}/DEBIAN/triggers "activate-noawait ldconfig\n")
    execute_process(COMMAND dpkg-deb -Z${CPACK_DEBIAN_COMPRESSION_TYPE} --root-owner-group --build ${UNPACKED} ${PACKAGE}
      OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()
