#include "core/distributed/words.h"

#include "core/error.h"

namespace sparring::distributed {

std::vector<uint8_t> to_bytes(const std::string& text) { return {text.begin(), text.end()}; }

std::string to_text(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

std::string key(const char* what, int64_t rank) { return what + ("/" + std::to_string(rank)); }

std::string name(const std::vector<int64_t>& ranks) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (size_t i = 0; i < ranks.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(ranks[i]);
  }
  return text;
}

std::string error_of(int64_t rank, int64_t ranks, const std::string& reason) {
  return "Expected all " + std::to_string(ranks) + " ranks to take part but received an error of " +
         name({rank}) + ": " + reason;
}

std::string absence_of(const std::vector<int64_t>& ranks, std::chrono::milliseconds timeout,
                       const std::string& reason) {
  return "Expected " + name(ranks) +
         " to take part but received nothing: " + (ranks.size() == 1 ? "it has" : "they have") +
         " ended, or cannot be reached, or took longer than " + seconds(timeout) + " (" + reason +
         ")";
}

std::string seconds(std::chrono::milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10)) +
         " s";
}

std::string first_line(const std::exception& error) {
  const std::string text = reason_of(error);
  const size_t end_of_place = text.rfind("] ");
  const size_t start = text[0] == '[' && end_of_place != std::string::npos ? end_of_place + 2 : 0;
  // Gloo's second sentence is advice, and a joke.
  return text.substr(start, text.find(". ", start) - start);
}

}  // namespace sparring::distributed
