#include "bindings/network.h"

#include "bindings/convert.h"
#include "bindings/stop.h"
#include "core/io/finite.h"
#include "core/io/snapshot.h"
#include "core/nn/samples.h"
#include "core/runtime/cuda.h"
#include "core/step/plan.h"

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

void build_network(NetworkSlot& slot, const std::vector<Layer>& layers, const Init& init) {
  try {
    if (slot.original) {
      // A copy draws nothing that anybody else would have drawn.
      RandomStream unused(0);
      slot.network = std::make_shared<Network>(layers, slot.device, at::kFloat, unused);
      slot.network->load(slot.original->get()->state());
      slot.original.reset();
    } else {
      slot.network = std::make_shared<Network>(layers, slot.device, at::kFloat, *slot.stream, init);
    }
  } catch (...) {
    slot.failure = std::current_exception();
  }
}

// NativeChoice, or undefined where the weights stay as torch.nn draws them.
Init to_init(const Napi::Value& value) {
  return value.IsObject() ? Init(to_choice(value)) : Init();
}

// What evaluation takes for the network's body; nothing is the body itself.
sparring::Forward body_of(NetworkSlot& slot, bool fused) {
  return fused ? slot.fused() : sparring::Forward();
}

}  // namespace

const sparring::Forward& NetworkSlot::fused() {
  Network& planned = *get();
  if (!fused_) fused_ = plan_evaluation(planned);
  return fused_;
}

// new (options: NativeNetworkOptions) => NativeNetwork
NetworkWrap::NetworkWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  const auto options = info[0].As<Napi::Object>();
  const Napi::Value original = options.Get("template");
  auto slot = std::make_shared<NetworkSlot>();
  slot->device = parse_device(to_text(options, "device"));
  if (original.IsObject()) {
    slot->original = NetworkWrap::of(original);
    slot->stream = slot->original->stream;
  } else {
    slot->stream = stream_for(Instance::of(info.Env()), options.Get("seed"));
  }
  const std::vector<Layer> layers = to_layers(options.Get("layers"));
  const sparring::Init init = to_init(options.Get("init"));
  // Drawing weights is tensor work too; whatever uses the network is queued behind it.
  post_or_throw(info.Env(), [slot, layers, init] {
    build_network(*slot, layers, init);
    return Engine::Then::kDone;
  });
  own(info.Env(), std::move(slot), to_whole(options, "bytes"));
}

// forward(values: Float32Array, shape: number[], labels: Int32Array | undefined, manner: {
//     fused: boolean, averages: boolean, truncationPsi: number }, stop?: NativeStop):
//     Promise<Float32Array>
Napi::Value NetworkWrap::Forward(const Napi::CallbackInfo& info) {
  const at::Tensor input = copy_floats(info[0], to_shape(info[1])), labels = copy_labels(info[2]);
  const auto manner = info[3].As<Napi::Object>();
  const bool fused = to_flag(manner, "fused"), averages = to_flag(manner, "averages");
  const double psi = to_number(manner, "truncationPsi");
  auto forwarding = lazily([slot = owned(info.Env()), input, labels, fused, averages, psi] {
    return Forwarding(slot->get(), input, labels, body_of(*slot, fused), averages, psi);
  });
  return run_slices(info.Env(), stoppable(info[4], std::move(forwarding)), to_floats);
}

// load(tensors: TensorData[]): Promise<number[]>
Napi::Value NetworkWrap::Load(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [slot = owned(info.Env()), tensors = from_tensors(info[0])] {
        std::vector<int64_t> broken = not_finite(tensors);
        if (broken.empty()) slot->get()->load(tensors);
        return broken;
      },
      to_numbers);
}

// notFinite(tensors: TensorData[]): Promise<number[]>
static Napi::Value NotFinite(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(), [tensors = from_tensors(info[0])] { return not_finite(tensors); }, to_numbers);
}

// ready(): Promise<void>
Napi::Value NetworkWrap::Ready(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [slot = owned(info.Env())] {
        slot->get();
        return Nothing{};
      },
      to_undefined);
}

// sample(request: NativeSampleRequest, manner: { fused: boolean }, stop?: NativeStop):
//     Promise<Float32Array>
Napi::Value NetworkWrap::Sample(const Napi::CallbackInfo& info) {
  const bool fused = to_flag(info[1].As<Napi::Object>(), "fused");
  auto sampling = lazily([slot = owned(info.Env()), request = to_sample_request(info[0]), fused] {
    return Sampling(slot->get(), request, body_of(*slot, fused));
  });
  return run_slices(info.Env(), stoppable(info[2], std::move(sampling)), to_floats);
}

// state(): Promise<TensorData[]>
Napi::Value NetworkWrap::State(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [slot = owned(info.Env())] {
        // Copies: the next step may begin before JavaScript has read them.
        NamedTensors copies;
        add_copies(copies, "", slot->get()->state());
        return copies;
      },
      to_tensors);
}

void NetworkWrap::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("notFinite", Napi::Function::New<NotFinite>(env, "notFinite"));
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
