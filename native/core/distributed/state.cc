#include "core/distributed/state.h"

#include <sstream>

#include "core/error.h"
#include "core/hash.h"

namespace sparring {
namespace {

// A line for each thing, so that names may hold anything but a line break.
std::string to_header(const Snapshot& snapshot) {
  std::ostringstream out;
  for (const auto& [name, tensor] : snapshot.tensors) {
    out << "tensor " << static_cast<int>(tensor.scalar_type()) << ' ' << tensor.dim();
    for (const int64_t side : tensor.sizes()) out << ' ' << side;
    out << ' ' << name << '\n';
  }
  for (const auto& [name, count] : snapshot.counts) out << "count " << count << ' ' << name << '\n';
  for (const auto& [player, updates] : snapshot.parameter_updates) {
    out << "updates " << updates.size();
    for (const int64_t each : updates) out << ' ' << each;
    out << ' ' << player << '\n';
  }
  out << "data " << snapshot.data << '\n';
  return out.str();
}

std::vector<int64_t> read_numbers(std::istream& in) {
  size_t count = 0;
  in >> count;
  std::vector<int64_t> numbers(count);
  for (int64_t& one : numbers) in >> one;
  return numbers;
}

std::string read_rest(std::istream& in) {
  std::string rest;
  std::getline(in >> std::ws, rest);
  return rest;
}

// A snapshot as the header describes it, with tensors to be filled.
Snapshot from_header(const std::string& text) {
  Snapshot snapshot;
  std::istringstream in(text);
  for (std::string kind; in >> kind;) {
    if (kind == "tensor") {
      int type = 0;
      in >> type;
      const std::vector<int64_t> sizes = read_numbers(in);
      const at::Tensor tensor = at::empty(sizes, static_cast<at::ScalarType>(type));
      snapshot.tensors.emplace_back(read_rest(in), tensor);
    } else if (kind == "count") {
      int64_t count = 0;
      in >> count;
      snapshot.counts[read_rest(in)] = count;
    } else if (kind == "updates") {
      const std::vector<int64_t> updates = read_numbers(in);
      snapshot.parameter_updates[read_rest(in)] = updates;
    } else {
      in >> snapshot.data;
    }
  }
  return snapshot;
}

std::string broadcast_text(Group& group, std::string text) {
  const at::Tensor size = at::full({1}, static_cast<int64_t>(text.size()), at::kLong);
  group.broadcast(size);
  const at::Tensor bytes = at::empty({size.item<int64_t>()}, at::kByte);
  if (group.rank() == 0) std::copy(text.begin(), text.end(), static_cast<char*>(bytes.data_ptr()));
  group.broadcast(bytes);
  return {static_cast<const char*>(bytes.const_data_ptr()), static_cast<size_t>(bytes.numel())};
}

bool is_statistic(const std::string& name) {
  const auto ends_in = [&name](const std::string& end) {
    return name.size() >= end.size() &&
           name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  return ends_in("running_mean") || ends_in("running_var");
}

// One a tensor, in order; 0 for what need not be equal.
std::vector<uint64_t> hashes_of(const Snapshot& snapshot, bool shared_statistics) {
  std::vector<uint64_t> hashes;
  for (const auto& [name, tensor] : snapshot.tensors) {
    const bool is_local = is_statistic(name) && !shared_statistics;
    hashes.push_back(is_local ? 0 : hash_of(tensor));
  }
  return hashes;
}

std::string bytes_of(const std::vector<uint64_t>& hashes) {
  return {reinterpret_cast<const char*>(hashes.data()), hashes.size() * sizeof(uint64_t)};
}

}  // namespace

Snapshot broadcast_state(Group& group, const Snapshot& own) {
  const bool gives = group.rank() == 0;
  const std::string header = broadcast_text(group, gives ? to_header(own) : "");
  Snapshot common = gives ? own : from_header(header);
  for (const auto& [name, tensor] : common.tensors) {
    if (tensor.numel() > 0) group.broadcast(tensor);
  }
  return common;
}

void check_equal(Group& group, const Snapshot& own, bool shared_statistics) {
  const size_t each = sizeof(uint64_t), count = own.tensors.size();
  const std::vector<std::string> all =
      group.gather(bytes_of(hashes_of(own, shared_statistics)), Call::kSave);
  for (size_t rank = 1; rank < all.size(); ++rank) {
    std::vector<size_t> differ;
    for (size_t i = 0; i < count; ++i) {
      if (all[rank].compare(i * each, each, all[0], i * each, each) != 0) differ.push_back(i);
    }
    if (differ.empty()) continue;
    throw Error("ERR_RANK", "Expected the bits of rank 0 for " + own.tensors[differ[0]].first +
                                " but received others on rank " + std::to_string(rank) + " (" +
                                std::to_string(differ.size()) + " of " + std::to_string(count) +
                                " tensors differ)");
  }
}

}  // namespace sparring
