// SPDX-License-Identifier: MIT
#include "plugin/stage_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "base/error.hpp"

namespace tunrelay {
namespace {

constexpr const char* kReadAttempt = "read the arguments of --stage";
constexpr const char* kForm = "write --stage ./libmine.so,key=value";
constexpr const char* kLoadAttempt = "load the stage";
constexpr const char* kRebuild = "build it against this program's tunrelay/stage.hpp";

/// What is wrong with DESCRIPTOR, or nothing. Only the first two fields are looked at before
/// these are right.
std::string fault_of(const tunrelay_stage_descriptor& descriptor) {
  if (descriptor.magic != TUNRELAY_STAGE_MAGIC)
    return fmt::format("its symbol {} is something else", TUNRELAY_STAGE_SYMBOL);
  if (descriptor.abi_version == 0 || descriptor.abi_version > TUNRELAY_STAGE_ABI_VERSION)
    return fmt::format("it was built for version {} of the stage interface; this program has {}",
                       descriptor.abi_version, TUNRELAY_STAGE_ABI_VERSION);
  if (descriptor.access > TUNRELAY_LOOKS_AT_WIRE_HEADERS || descriptor.pairs > TUNRELAY_ONE_PAIR)
    return "it needs what this program does not know";
  if (descriptor.abi_version >= 3 && descriptor.system_calls > TUNRELAY_NO_SYSTEM_CALLS)
    return "it declares system calls that this program does not know";
  const bool takes_both = descriptor.from_device != nullptr && descriptor.from_link != nullptr;
  if (descriptor.name == nullptr || descriptor.create == nullptr || descriptor.destroy == nullptr ||
      (descriptor.abi_version < 4 && !takes_both) || descriptor.next_deadline_ns == nullptr ||
      descriptor.at_deadline == nullptr)
    return "its table has an empty entry";
  return {};
}

/// The file that LIBRARY names. The dynamic linker would look for a name without a slash where the
/// environment says (LD_LIBRARY_PATH), which under sudo may be another's than whose rights we have;
/// and it would wait for the writer of a pipe.
std::string path_of(const std::string& library) {
  if (library.find('/') == std::string::npos)
    throw_usage_error(kLoadAttempt, library, "it is not a path: there is no slash in it",
                      "write ./" + library + " for a file of this folder");
  std::error_code error;
  const std::filesystem::path path = std::filesystem::canonical(library, error);
  if (error) throw_usage_error(kLoadAttempt, library, describe_errno(error.value()));
  if (!std::filesystem::is_regular_file(path, error))
    throw_usage_error(kLoadAttempt, library, "it is not a regular file");
  return path.string();
}

/// dlerror() begins with the object's name, which our message has already.
std::string loader_text(const std::string& library) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): glibc keeps a message for each thread
  const char* text = ::dlerror();
  const std::string answer = text == nullptr ? "the dynamic linker gives no reason" : text;
  return answer.starts_with(library + ": ") ? answer.substr(library.size() + 2) : answer;
}

}  // namespace

StageRequest StageRequest::parse(std::string_view text) {
  StageRequest request;
  const std::string whole(text);
  std::size_t comma = text.find(',');
  request.library = text.substr(0, comma);
  if (request.library.empty()) throw_usage_error(kReadAttempt, whole, "no library is named", kForm);
  while (comma != std::string_view::npos) {
    text.remove_prefix(comma + 1);
    comma = text.find(',');
    const std::string_view option = text.substr(0, comma);
    const std::size_t equals = option.find('=');
    if (option.empty() || equals == 0)
      throw_usage_error(kReadAttempt, whole, fmt::format("'{}' is not key=value", option), kForm);
    request.options.emplace_back(option.substr(0, equals), equals == std::string_view::npos
                                                               ? "1"
                                                               : option.substr(equals + 1));
  }
  return request;
}

void StageLibrary::Close::operator()(void* handle) const noexcept {
  ::dlclose(handle);
}

StageLibrary::StageLibrary(StageRequest request)
    : request_(std::move(request)), descriptor_(request_.built_in) {
  if (descriptor_ == nullptr) load();
  if (const std::string fault = fault_of(*descriptor_); !fault.empty())
    throw_usage_error(kLoadAttempt, request_.library, fault, kRebuild);
}

void StageLibrary::load() {
  const std::string& library = request_.library;
  const std::string path = path_of(library);
  handle_.reset(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (handle_ == nullptr) throw_usage_error(kLoadAttempt, library, loader_text(path));
  descriptor_ =
      static_cast<const tunrelay_stage_descriptor*>(::dlsym(handle_.get(), TUNRELAY_STAGE_SYMBOL));
  if (descriptor_ == nullptr)
    throw_usage_error(kLoadAttempt, library,
                      fmt::format("it exports no symbol {}", TUNRELAY_STAGE_SYMBOL),
                      "name the stage with TUNRELAY_STAGE (tunrelay/stage.hpp)");
}

}  // namespace tunrelay
