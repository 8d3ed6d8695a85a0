# What `cmake --install` puts where: the program, and what stages are written against, with a
# package for find_package(tunrelay) and for pkg-config. The component `stage` is the header with
# its packages alone, and needs nothing built.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/tunrelay)

install(TARGETS tunrelay RUNTIME COMPONENT program)

target_include_directories(tunrelay_stage_headers INTERFACE
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(tunrelay_stage_headers INTERFACE cxx_std_20)
set_target_properties(tunrelay_stage_headers PROPERTIES EXPORT_NAME stage)
install(TARGETS tunrelay_stage_headers EXPORT tunrelay_stage COMPONENT stage)
install(EXPORT tunrelay_stage FILE tunrelay-stage.cmake NAMESPACE tunrelay::
        DESTINATION ${PACKAGE_DIR} COMPONENT stage)
install(DIRECTORY src/plugin/tunrelay
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT stage)
install(FILES src/plugin/README.md RENAME stages.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT stage)
install(DIRECTORY tools/examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT stage)

configure_package_config_file(cmake/tunrelay-config.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/tunrelay-config.cmake INSTALL_DESTINATION ${PACKAGE_DIR})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/tunrelay-config-version.cmake
  COMPATIBILITY SameMinorVersion)
configure_file(cmake/tunrelay-stage.pc.in ${CMAKE_CURRENT_BINARY_DIR}/tunrelay-stage.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tunrelay-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/tunrelay-config-version.cmake
        DESTINATION ${PACKAGE_DIR} COMPONENT stage)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tunrelay-stage.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT stage)
