#include "bindings/features.h"

#include "bindings/convert.h"
#include "bindings/dataset.h"
#include "bindings/network.h"
#include "bindings/stop.h"
#include "core/metrics/train_classifier.h"
#include "core/metrics/viewing.h"
#include "core/runtime/cuda.h"

namespace sparring::bindings {
namespace {

using NetworkPtr = std::shared_ptr<FeatureNetwork>;

Napi::Value to_seen(Napi::Env env, const Seen& seen) {
  const auto object = Napi::Object::New(env);
  object.Set("features", to_floats(env, seen.features));
  object.Set("width", static_cast<double>(seen.features.size(1)));
  if (seen.logits.defined()) object.Set("logits", to_floats(env, seen.logits));
  return object;
}

FeatureInput to_input(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_whole(object, "channels"), to_whole(object, "size"), to_number(object, "black"),
          to_number(object, "white"),   to_flag(object, "bytes"), to_flag(object, "eachChannel")};
}

Napi::Value wrap_network(Napi::Env env, const NetworkPtr& network) {
  NetworkPtr handed = network;
  return Instance::of(env).feature_network_class.Value().New(
      {Napi::External<NetworkPtr>::New(env, &handed)});
}

// torchScript(path: string, name: string, input: NativeFeatureInput, device: string):
//     Promise<NativeFeatureNetwork>
Napi::Value LoadTorchScript(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  const std::string name = info[1].As<Napi::String>().Utf8Value();
  const at::Device device = parse_device(info[3].As<Napi::String>().Utf8Value());
  return run_async(
      info.Env(),
      [path, name, input = to_input(info[2]), device]() -> NetworkPtr {
        return load_torch_script(path, name, input, device);
      },
      wrap_network);
}

// classifier(layers: ResolvedLayer[], weights: TensorData[], input: NativeFeatureInput,
//            device: string):
//     Promise<NativeFeatureNetwork>
Napi::Value MakeClassifier(const Napi::CallbackInfo& info) {
  const at::Device device = parse_device(info[3].As<Napi::String>().Utf8Value());
  return run_async(
      info.Env(),
      [layers = to_layers(info[0]), weights = from_tensors(info[1]), input = to_input(info[2]),
       device]() -> NetworkPtr { return make_classifier(layers, weights, input, device); },
      wrap_network);
}

// trainClassifier(network: NativeNetwork, dataset: NativeDataset, recipe: NativeClassifierRecipe):
//     Promise<number>
Napi::Value TrainClassifier(const Napi::CallbackInfo& info) {
  const auto given = info[2].As<Napi::Object>();
  const ClassifierRecipe recipe{to_optimizer(given.Get("optimizer")), to_whole(given, "batchSize"),
                                to_whole(given, "steps"), to_whole(given, "shift"),
                                static_cast<uint64_t>(to_whole(given, "seed"))};
  return run_slices(info.Env(),
                    lazily([slot = NetworkWrap::of(info[0]), dataset = DatasetWrap::of(info[1]),
                            recipe] { return ClassifierTraining(slot->get(), dataset, recipe); }),
                    to_value);
}

}  // namespace

FeatureNetworkWrap::FeatureNetworkWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "Expected torchScript()");
  // What it holds of a file is told to V8 by nobody: TorchScript does not say how much it is.
  own(info.Env(), *info[0].As<Napi::External<NetworkPtr>>().Data(), 0);
}

// ofDataset(dataset: NativeDataset, count: number, seed: number, stop?: NativeStop):
//     Promise<NativeSeen>
Napi::Value FeatureNetworkWrap::OfDataset(const Napi::CallbackInfo& info) {
  const int64_t count = info[1].As<Napi::Number>().Int64Value();
  const auto seed = static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value());
  auto viewing = lazily([network = owned(info.Env()), dataset = DatasetWrap::of(info[0]), count,
                         seed] { return Viewing(network, images_of(dataset, count, seed)); });
  return run_slices(info.Env(), stoppable(info[3], std::move(viewing)), to_seen);
}

// ofGenerator(network: NativeNetwork, black: number, white: number, request: NativeSampleRequest,
//             stop?: NativeStop):
//     Promise<NativeSeen>
Napi::Value FeatureNetworkWrap::OfGenerator(const Napi::CallbackInfo& info) {
  const Range range{info[1].As<Napi::Number>().DoubleValue(),
                    info[2].As<Napi::Number>().DoubleValue()};
  auto viewing = lazily([network = owned(info.Env()), slot = NetworkWrap::of(info[0]), range,
                         request = to_sample_request(info[3])] {
    // What is rounded to pixels anyway needs no last bits.
    return Viewing(network, images_of(slot->get(), range, request, slot->fused()));
  });
  return run_slices(info.Env(), stoppable(info[4], std::move(viewing)), to_seen);
}

// ofImages(images: Float32Array, shape: number[], stop?: NativeStop): Promise<NativeSeen>
Napi::Value FeatureNetworkWrap::OfImages(const Napi::CallbackInfo& info) {
  auto images = images_of(copy_floats(info[0], to_shape(info[1])));
  Viewing viewing(owned(info.Env()), std::move(images));
  return run_slices(info.Env(), stoppable(info[2], std::move(viewing)), to_seen);
}

void FeatureNetworkWrap::Init(Napi::Env env, Napi::Object metrics) {
  Instance::of(env).feature_network_class =
      Napi::Persistent(DefineClass(env, "FeatureNetwork",
                                   {InstanceMethod("dispose", &FeatureNetworkWrap::Dispose),
                                    InstanceMethod<&FeatureNetworkWrap::OfDataset>("ofDataset"),
                                    InstanceMethod<&FeatureNetworkWrap::OfGenerator>("ofGenerator"),
                                    InstanceMethod<&FeatureNetworkWrap::OfImages>("ofImages")}));
  metrics.Set("classifier", Napi::Function::New<MakeClassifier>(env, "classifier"));
  metrics.Set("torchScript", Napi::Function::New<LoadTorchScript>(env, "torchScript"));
  metrics.Set("trainClassifier", Napi::Function::New<TrainClassifier>(env, "trainClassifier"));
}

}  // namespace sparring::bindings
