// SPDX-License-Identifier: MIT
#include "os/append_only_file.hpp"

#include <fcntl.h>

#include <utility>

#include "os/file_descriptor.hpp"
#include "os/output_file.hpp"
#include "os/whole_file.hpp"

namespace tunrelay {

AppendOnlyFile::AppendOnlyFile(std::string path)
    : path_(std::move(path)), is_kept_(keeps_last_text_alone(path_)) {}

void AppendOnlyFile::add_or_report(std::string_view text,
                                   const std::function<void(const Error&)>& report) {
  text_ += text;
  if (!is_kept_) return;
  news_.attempt([this] { catch_up(); }, report);
}

void AppendOnlyFile::catch_up() {
  if (written_bytes_ == 0) {
    replace_file(path_, text_);
  } else {
    const OutputPlace place(path_, "add to");
    const FileDescriptor file = place.open(O_WRONLY | O_APPEND);
    const int error = append_all(file.get(), std::string_view(text_).substr(written_bytes_));
    if (error != 0) place.refuse(error, "make room on its file system");
  }
  written_bytes_ = text_.size();
}

}  // namespace tunrelay
