#include "bindings/network.h"

#include <algorithm>

#include "bindings/convert.h"
#include "core/nn/latent.h"
#include "core/runtime/cuda.h"

namespace sparring::bindings {
namespace {

// A seed starts a stream that later networks without one go on with; see Instance::stream.
std::shared_ptr<RandomStream> stream_for(Instance& instance, const Napi::Value& seed) {
  if (seed.IsNumber()) {
    const auto value = static_cast<uint64_t>(seed.As<Napi::Number>().Int64Value());
    instance.stream = std::make_shared<RandomStream>(value);
  }
  return instance.stream;
}

void build_network(NetworkSlot& slot, const std::vector<Layer>& layers) {
  try {
    slot.network = std::make_shared<Network>(layers, slot.device, at::kFloat, *slot.stream);
  } catch (...) {
    slot.failure = std::current_exception();
  }
}

// Samples a slice: as many as anyone asks for fit in memory, and a step gets its turn in between.
constexpr int64_t kSampleBatch = 256;

class Sampling {
 public:
  Sampling(std::shared_ptr<NetworkSlot> slot, const Latent& latent, int64_t count, uint64_t seed)
      : slot_(std::move(slot)), latent_(latent), count_(count), stream_(seed) {}

  std::optional<at::Tensor> operator()() {
    Network& network = slot_->get();
    const auto options = at::TensorOptions(network.device()).dtype(network.precision());
    const int64_t size = std::min(kSampleBatch, count_ - done_);
    const at::Tensor part = network.evaluate(draw_latent(latent_, size, options, stream_)).cpu();
    if (done_ == 0) all_ = allocate(part);
    all_.narrow(0, done_, size).copy_(part);
    done_ += size;
    return done_ == count_ ? std::make_optional(all_) : std::nullopt;
  }

 private:
  // All at once, so that an impossible count fails at once.
  at::Tensor allocate(const at::Tensor& part) const {
    Shape shape = part.sizes().vec();
    shape[0] = count_;
    return at::empty(shape, part.options());
  }

  std::shared_ptr<NetworkSlot> slot_;
  Latent latent_;
  int64_t count_, done_ = 0;
  RandomStream stream_;
  at::Tensor all_;
};

}  // namespace

// new (layers, device, seed, bytes) => NativeNetwork
NetworkWrap::NetworkWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  Instance& instance = Instance::of(info.Env());
  auto slot = std::make_shared<NetworkSlot>();
  slot->device = parse_device(info[1].As<Napi::String>().Utf8Value());
  slot->stream = stream_for(instance, info[2]);
  const std::vector<Layer> layers = to_layers(info[0]);
  // Drawing weights is tensor work too; whatever uses the network is queued behind it.
  const bool posted = instance.engine().post([slot, layers] {
    build_network(*slot, layers);
    return false;
  });
  if (!posted) throw to_error(info.Env(), {"ERR_STOPPED", "The process or worker is ending"});
  own(info.Env(), std::move(slot), info[3].As<Napi::Number>().Int64Value());
}

// forward(values: Float32Array, shape: number[]): Promise<Float32Array>
Napi::Value NetworkWrap::Forward(const Napi::CallbackInfo& info) {
  const at::Tensor input = copy_floats(info[0], info[1]);
  return run_async(
      info.Env(),
      [slot = held(info.Env()), input] {
        Network& network = slot->get();
        return network.evaluate(input.to(network.device(), network.precision())).cpu();
      },
      to_floats);
}

// load(tensors: TensorData[]): Promise<void>
Napi::Value NetworkWrap::Load(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [slot = held(info.Env()), tensors = from_tensors(info[0])] {
        slot->get().load(tensors);
        return Nothing{};
      },
      to_undefined);
}

// ready(): Promise<void>
Napi::Value NetworkWrap::Ready(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [slot = held(info.Env())] {
        slot->get();
        return Nothing{};
      },
      to_undefined);
}

// sample(latent: NativeLatent, count: number, seed: number): Promise<Float32Array>
Napi::Value NetworkWrap::Sample(const Napi::CallbackInfo& info) {
  const Latent latent = to_latent(info[0]);
  const int64_t count = info[1].As<Napi::Number>().Int64Value();
  const auto seed = static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value());
  return run_slices(info.Env(), Sampling(held(info.Env()), latent, count, seed), to_floats);
}

// state(): Promise<TensorData[]>
Napi::Value NetworkWrap::State(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [slot = held(info.Env())] {
        // Copies: the next step may begin before JavaScript has read them.
        NamedTensors copies = slot->get().state();
        for (auto& [name, tensor] : copies) tensor = tensor.detach().cpu().contiguous().clone();
        return copies;
      },
      to_tensors);
}

void NetworkWrap::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Network", DefineClass(env, "Network",
                                     {
                                         InstanceMethod("dispose", &NetworkWrap::Dispose),
                                         InstanceMethod<&NetworkWrap::Forward>("forward"),
                                         InstanceMethod<&NetworkWrap::Load>("load"),
                                         InstanceMethod<&NetworkWrap::Ready>("ready"),
                                         InstanceMethod<&NetworkWrap::Sample>("sample"),
                                         InstanceMethod<&NetworkWrap::State>("state"),
                                     }));
}

}  // namespace sparring::bindings
