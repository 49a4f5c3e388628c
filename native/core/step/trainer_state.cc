// What a trainer's checkpoint holds, and what of a file may not be believed.
#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "core/step/trainer.h"

namespace sparring {
namespace {

void save_optimizer(Snapshot& snapshot, const std::string& player, const Network& network,
                    const Optimizer& optimizer) {
  const std::vector<std::string> names = network.parameter_names();
  for (const auto& [state, tensors] : optimizer.states()) {
    NamedTensors named;
    for (size_t i = 0; i < names.size(); ++i) named.emplace_back(names[i], tensors[i]);
    add_copies(snapshot.tensors, "optimizer." + player + "." + state + ".", named);
  }
  const Optimizer::Counts counts = optimizer.counts();
  snapshot.counts[player + ".updates"] = counts.updates;
  snapshot.parameter_updates[player] = counts.of_parameters;
}

void restore_optimizer(const Snapshot& snapshot, const std::string& player, const Network& network,
                       Optimizer& optimizer) {
  const at::NoGradGuard no_grad;
  const std::vector<std::string> names = network.parameter_names();
  for (const auto& [state, tensors] : optimizer.states()) {
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string name = "optimizer." + player + "." + state + "." + names[i];
      const at::Tensor& saved = snapshot.tensor(name);
      if (saved.sizes() != tensors[i].sizes()) {
        refuse("a tensor of " + c10::str(tensors[i].sizes()), name, c10::str(saved.sizes()));
      }
      at::Tensor(tensors[i]).copy_(saved);
    }
  }
  const auto found = snapshot.parameter_updates.find(player);
  const size_t counted = found == snapshot.parameter_updates.end() ? 0 : found->second.size();
  if (counted != names.size()) {
    refuse("counts of " + std::to_string(names.size()) + " parameters", "the updates of " + player,
           "those of " + std::to_string(counted));
  }
  optimizer.set_counts({snapshot.count(player + ".updates"), found->second});
}

// What the rules carry from update to update, beside weights and what optimizers remember.
NamedTensors carried_by(const Pair& pair) {
  NamedTensors all;
  const auto add = [&all](const std::string& prefix, const NamedTensors& state) {
    for (const auto& [name, tensor] : state) all.emplace_back(prefix + name, tensor);
  };
  add("objective.", pair.objective->state());
  if (pair.path_length) add("pathLength.", pair.path_length->state());
  return all;
}

// A file may hold anything under a name.
void check_tensor(const at::Tensor& tensor, const char* name, at::ScalarType type,
                  at::IntArrayRef sizes) {
  if (tensor.scalar_type() == type && tensor.sizes() == sizes) return;
  const auto told = [](at::ScalarType type, at::IntArrayRef sizes) {
    return c10::str("a tensor of ", type, " ", sizes);
  };
  refuse(told(type, sizes), name, told(tensor.scalar_type(), tensor.sizes()));
}

// Older checkpoints do not have them.
at::Tensor penalty_sums_of(const Snapshot& from) {
  const auto has_name = [](const auto& named) { return named.first == "penalties"; };
  const auto found = std::find_if(from.tensors.begin(), from.tensors.end(), has_name);
  if (found == from.tensors.end()) return at::zeros({2}, at::kDouble);
  check_tensor(found->second, "penalties", at::kDouble, {2});
  return found->second;
}

[[noreturn]] void refuse_random() {
  refuse("the state of a generator of random numbers", "random", "other bytes");
}

// libtorch looks at `left` and `next` of a Mersenne Twister one by one; together they have to be
// those of one place, or it reads beyond its words.
void check_place(const at::Tensor& state) {
  struct Beginning {  // CPUGeneratorImplStateLegacy's
    uint64_t seed;
    int32_t left, seeded;
    uint64_t next;
  } found;
  std::memcpy(&found, state.const_data_ptr(), sizeof found);
  constexpr uint64_t kWords = 624;
  if (found.left >= 1 && found.next <= kWords &&
      static_cast<uint64_t>(found.left) + found.next <= kWords + 1) {
    return;
  }
  refuse_random();
}

// Checks where the random numbers are: as many bytes as this libtorch's generators have.
void check_random(const NamedTensors& states, RandomStream& stream, const at::Device& device) {
  for (const auto& [type, state] : states) {
    // What was drawn on a GPU is of no use on a CPU.
    if (type != "cpu" && device.is_cpu()) continue;
    const at::Generator& generator = type == "cpu" ? stream.cpu() : stream.on(device);
    check_tensor(state, "random", at::kByte, generator.get_state().sizes());
    if (type == "cpu") check_place(state);
  }
}

void restore_random(const NamedTensors& states, uint64_t seed, RandomStream& stream,
                    const at::Device& device) {
  check_random(states, stream, device);
  try {
    stream.set_state(seed, states, device);
  } catch (const c10::Error&) {
    refuse_random();
  }
}

void check_sampler(const Snapshot& from) {
  const at::Tensor& order = from.tensor("sampler.permutation");
  check_tensor(order, "sampler.permutation", at::kLong, {order.numel()});
  const int64_t size = order.numel(), position = from.count("sampler.position");
  const bool sound = position <= size && from.count("sampler.batchSize") >= 1 &&
                     at::equal(std::get<0>(order.sort()), at::arange(size, order.options()));
  if (!sound) refuse("an order of images", "sampler.permutation", "other numbers");
}

// The part of a snapshot that tells a place in the data: in a dataset's order of images, or in what
// a feed brings.
Snapshot place_of(const Snapshot& from) {
  Snapshot place;
  place.data = from.data;
  const bool fed = from.counts.count("feed.epoch") > 0;
  if (!fed) {
    check_sampler(from);
    add_copies(place.tensors, "", {{"sampler.permutation", from.tensor("sampler.permutation")}});
  }
  const std::vector<const char*> names =
      fed ? std::vector{"feed.batchSize", "feed.epoch", "feed.batches", "feed.trace"}
          : std::vector{"sampler.batchSize", "sampler.position"};
  for (const char* name : names) place.counts[name] = from.count(name);
  return place;
}

}  // namespace

Snapshot Trainer::snapshot() const {
  Snapshot taken;
  add_copies(taken.tensors, "generator.", pair_->generator->state());
  add_copies(taken.tensors, "discriminator.", pair_->discriminator->state());
  if (pair_->average) {
    add_copies(taken.tensors, "ema.", pair_->average->network().state());
    taken.counts["ema.updates"] = pair_->average->updates();
  }
  if (pair_->ada) pair_->ada->save(taken);
  save_optimizer(taken, "generator", *pair_->generator, *pair_->generator_optimizer);
  save_optimizer(taken, "discriminator", *pair_->discriminator, *pair_->discriminator_optimizer);
  add_copies(taken.tensors, "", carried_by(*pair_));
  add_copies(taken.tensors, "random.", pair_->stream->state());
  add_copies(taken.tensors, "", {{"losses", loss_sums_}, {"penalties", penalty_sums_}});
  taken.counts["seed"] = static_cast<int64_t>(pair_->stream->seed());
  taken.counts["step"] = step_;
  taken.counts["reported"] = reported_;
  taken.counts["images"] = images_;
  taken.counts["epochs"] = epochs_;
  taken.counts["discriminatorUpdates"] = adversarial_step_->discriminator_updates();
  save_place(taken);
  return taken;
}

void Trainer::save_place(Snapshot& taken) const {
  if (waiting_) {
    // Restored, and nothing has been asked for yet.
    taken.data = waiting_->data;
    taken.counts.insert(waiting_->counts.begin(), waiting_->counts.end());
    taken.tensors.insert(taken.tensors.end(), waiting_->tensors.begin(), waiting_->tensors.end());
  } else if (feed_) {
    const Feed::Place place = feed_->place();
    taken.data = feed_->identity();
    taken.counts["feed.batchSize"] = feed_->batch_size();
    taken.counts["feed.epoch"] = place.epoch;
    taken.counts["feed.batches"] = place.batches;
    taken.counts["feed.trace"] = static_cast<int64_t>(place.trace);
  } else if (is_in_order()) {
    taken.data = source_->fingerprint();
    taken.counts["sampler.batchSize"] = sampler_->batch_size();
    taken.counts["sampler.position"] = sampler_->position();
    add_copies(taken.tensors, "", {{"sampler.permutation", sampler_->permutation()}});
  }
}

void Trainer::restore(const Snapshot& from, Weights weights) {
  const at::Device& device = pair_->generator->device();
  const NamedTensors random = part_of(from.tensors, "random.");
  restore_random(random, static_cast<uint64_t>(from.count("seed")), *pair_->stream, device);
  const at::Tensor& losses = from.tensor("losses");
  check_tensor(losses, "losses", at::kDouble, {2});
  const at::Tensor penalties = penalty_sums_of(from);
  const NamedTensors carried = carried_by(*pair_);
  for (const auto& [name, tensor] : carried) {
    check_tensor(from.tensor(name), name.c_str(), tensor.scalar_type(), tensor.sizes());
  }
  std::optional<Snapshot> place;
  if (from.data != 0) place = place_of(from);
  const int64_t step = from.count("step"), reported = from.count("reported");
  if (reported > step) {
    refuse("at most " + std::to_string(step) + " steps", "reported", std::to_string(reported));
  }
  if (pair_->ada) pair_->ada->restore(from);
  if (weights == Weights::kRestored) {
    pair_->generator->load(part_of(from.tensors, "generator."));
    pair_->discriminator->load(part_of(from.tensors, "discriminator."));
    if (pair_->average) pair_->average->network().load(part_of(from.tensors, "ema."));
  }
  if (pair_->average) pair_->average->set_updates(from.count("ema.updates"));
  restore_optimizer(from, "generator", *pair_->generator, *pair_->generator_optimizer);
  restore_optimizer(from, "discriminator", *pair_->discriminator, *pair_->discriminator_optimizer);
  for (const auto& [name, tensor] : carried) tensor.copy_(from.tensor(name));
  loss_sums_.copy_(losses);
  penalty_sums_.copy_(penalties);
  step_ = step;
  reported_ = reported;
  images_ = from.count("images");
  // Older checkpoints do not tell.
  epochs_ = from.counts.count("epochs") > 0 ? from.count("epochs") : 0;
  adversarial_step_->set_discriminator_updates(from.count("discriminatorUpdates"));
  source_ = dataset_ = nullptr;
  sampler_ = nullptr;
  feed_ = nullptr;
  waiting_ = std::move(place);
}

}  // namespace sparring
