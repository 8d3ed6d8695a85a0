// SPDX-License-Identifier: MIT
// The page that `run --html` and `exec --html` write at the end: of the tunnel's record, which is
// kept in memory where no file was asked for.
#pragma once

#include <memory>
#include <string>

#include "os/file_descriptor.hpp"
#include "tunnel/tunnel_options.hpp"

namespace tunrelay {

class RecordPage {
 public:
  /// PATH: as the user gave it; empty: no page. Has OPTIONS record what the page shows. Throws
  /// Error: the page could not be written.
  RecordPage(std::string path, TunnelOptions& options);

  /// To be called when the tunnel has stopped. Empty, or why there is no page.
  [[nodiscard]] std::string write() const;

 private:
  std::string path_;
  std::string record_file_;
  std::shared_ptr<const FileDescriptor> memory_;  ///< null: the record is in the file
};

}  // namespace tunrelay
