// SPDX-License-Identifier: MIT
#include "cli/record_page.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <utility>

#include "base/error.hpp"
#include "os/whole_file.hpp"
#include "record/record_text.hpp"
#include "report/html_record.hpp"

namespace tunrelay {

RecordPage::RecordPage(std::string path, TunnelOptions& options) : path_(std::move(path)) {
  if (path_.empty()) return;
  check_replaceable(path_);
  if (options.record) {
    record_file_ = options.record->file;
    options.files_read_later.push_back(record_file_);
    return;
  }
  memory_ = std::make_shared<const FileDescriptor>(
      check_system_call(::memfd_create("tunrelay-record", MFD_CLOEXEC), "make", "a record"));
  record_file_ = fmt::format("/proc/self/fd/{}", memory_->get());
  options.record.emplace();
  options.record->file = path_;
  options.record->into = memory_;
}

std::string RecordPage::write() const try {
  if (!path_.empty()) replace_file(path_, html_record(read_record(record_file_)));
  return "";
} catch (const Error& error) {
  return error.what();
}

}  // namespace tunrelay
