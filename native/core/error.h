// The one exception that core throws on purpose. `code` is one of lib/errors.ts's codes; ERR_NATIVE
// stands for what lib/ never passes on: a type that no table has, an option that is not there.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

namespace sparring {

class Error : public std::runtime_error {
 public:
  Error(std::string code, const std::string& message)
      : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const { return code_; }

 private:
  std::string code_;
};

// What an exception says, as part of a sentence: the first line. libtorch's go on with advice, and
// with a trace of the stack.
inline std::string reason_of(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

}  // namespace sparring
