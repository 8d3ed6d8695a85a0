// SPDX-License-Identifier: MIT
// What a description of a link in another program's form becomes: the stages of this one, and what
// could not be taken over. Each form has a file of its own beside this one; all are pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "link/description.hpp"

namespace tunrelay {

/// What a link's description in another form has and this one has not.
struct LeftOut {
  std::string place;   ///< where it stands: "FILE:3:14", "FILE: eth0/outgoing"
  std::string what;    ///< "mm-onoff uplink 2 1"
  std::string reason;  ///< a sentence without a full stop
};

class Conversion {
 public:
  /// SOURCE: what to call the text that is read.
  explicit Conversion(std::string source) : source_(std::move(source)) {}

  [[nodiscard]] const std::string& source() const noexcept { return source_; }
  [[nodiscard]] const LinkDescription& link() const noexcept { return link_; }
  [[nodiscard]] const std::vector<LeftOut>& left_out() const noexcept { return left_out_; }

  /// "SOURCE:LINE:COLUMN".
  [[nodiscard]] std::string place(std::size_t line, std::size_t column) const;
  /// "SOURCE: WAY".
  [[nodiscard]] std::string place(const std::string& way) const;

  /// Adds STAGE, as link/stage_text.hpp has it, to DIRECTION (0: a to b). Where that refuses it (a
  /// number is out of its range, a name has characters that no link's file can hold), WHAT at PLACE
  /// is left out, with its reason. Gives whether it was added.
  bool add(std::size_t direction, const std::string& stage, const std::string& place,
           const std::string& what);
  void leave_out(std::string place, std::string what, std::string reason);

 private:
  std::string source_;
  LinkDescription link_;
  std::vector<LeftOut> left_out_;
};

/// The other forms, by the names that `tunrelay convert --from` takes.
struct ForeignForm {
  const char* name;
  /// Throws a usage Error that names SOURCE where TEXT is nothing of this form.
  Conversion (*convert)(std::string_view text, const std::string& source);
};
[[nodiscard]] const std::vector<ForeignForm>& foreign_forms();
/// The form that TEXT looks like; throws a usage Error that names SOURCE and all forms where it
/// looks like none.
[[nodiscard]] const ForeignForm& detect_form(std::string_view text, const std::string& source);

/// As a link's file (link/link_file.hpp), with what was left out in comments. FORM: its name.
[[nodiscard]] std::string link_file_text(const Conversion& conversion, const std::string& form);

}  // namespace tunrelay
