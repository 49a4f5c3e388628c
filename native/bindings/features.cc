#include "bindings/features.h"

#include <algorithm>

#include "bindings/convert.h"
#include "bindings/dataset.h"
#include "bindings/network.h"
#include "core/metrics/train_classifier.h"
#include "core/runtime/cuda.h"

namespace sparring::bindings {
namespace {

using NetworkPtr = std::shared_ptr<FeatureNetwork>;

// One by one what JavaScript is told of many images.
class Rows {
 public:
  void add(const at::Tensor& part, int64_t count) {
    if (done_ == 0) all_ = at::empty({count, part.size(1)}, at::kFloat);
    all_.narrow(0, done_, part.size(0)).copy_(part);
    done_ += part.size(0);
  }
  const at::Tensor& all() const { return all_; }

 private:
  at::Tensor all_;
  int64_t done_ = 0;
};

// Images of a source, a part at a time, as the network sees them. `Source` has count(), done() and
// next(): uint8 [n, C, H, W].
template <class Source>
class Looking {
 public:
  Looking(NetworkPtr network, Source source)
      : network_(std::move(network)), source_(std::move(source)) {}

  std::optional<Seen> operator()() {
    const Seen seen = network_->see(source_.next());
    features_.add(seen.features, source_.count());
    if (seen.logits.defined()) logits_.add(seen.logits, source_.count());
    if (source_.done() < source_.count()) return std::nullopt;
    return Seen{features_.all(), logits_.all()};
  }

 private:
  NetworkPtr network_;
  Source source_;
  Rows features_, logits_;
};

class OfTensor {
 public:
  explicit OfTensor(at::Tensor images) : images_(std::move(images)) {}
  int64_t count() const { return images_.size(0); }
  int64_t done() const { return done_; }
  at::Tensor next() {
    const at::Tensor part = images_.narrow(0, done_, std::min(kSampleBatch, count() - done_));
    done_ += part.size(0);
    // Whose they are, and so what black and white are to them, is not known here.
    check_pixels(part, {});
    return to_pixels(part, {});
  }

 private:
  at::Tensor images_;
  int64_t done_ = 0;
};

// Images of a dataset, drawn without replacement: those of a folder stand class by class.
class OfImagesOf {
 public:
  OfImagesOf(std::shared_ptr<const Dataset> dataset, int64_t count, uint64_t seed)
      : dataset_(std::move(dataset)), count_(count), stream_(seed) {}
  int64_t count() const { return count_; }
  int64_t done() const { return done_; }
  at::Tensor next() {
    if (done_ == 0) order_ = at::randperm(dataset_->size(), stream_.cpu(), at::kLong);
    const int64_t size = std::min(kSampleBatch, count_ - done_);
    const at::Tensor chosen = order_.narrow(0, done_, size).to(dataset_->index_device());
    done_ += size;
    return to_pixels(dataset_->batch(chosen, at::kFloat).images, {});
  }

 private:
  std::shared_ptr<const Dataset> dataset_;
  int64_t count_, done_ = 0;
  RandomStream stream_;
  at::Tensor order_;
};

class OfSamples {
 public:
  OfSamples(std::shared_ptr<NetworkSlot> slot, const Range& range, SampleRequest request)
      : slot_(std::move(slot)), range_(range), samples_(std::move(request)) {}
  int64_t count() const { return samples_.count(); }
  int64_t done() const { return samples_.done(); }
  at::Tensor next() { return to_pixels(samples_.next(slot_->get()), range_); }

 private:
  std::shared_ptr<NetworkSlot> slot_;
  Range range_;
  Samples samples_;
};

Napi::Value to_seen(Napi::Env env, const Seen& seen) {
  const auto object = Napi::Object::New(env);
  object.Set("features", to_floats(env, seen.features));
  object.Set("width", static_cast<double>(seen.features.size(1)));
  if (seen.logits.defined()) object.Set("logits", to_floats(env, seen.logits));
  return object;
}

FeatureInput to_input(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const auto truth = [&object](const char* key) {
    return object.Get(key).As<Napi::Boolean>().Value();
  };
  return {static_cast<int64_t>(to_number(object, "channels")),
          static_cast<int64_t>(to_number(object, "size")),
          to_number(object, "black"),
          to_number(object, "white"),
          truth("bytes"),
          truth("eachChannel")};
}

Napi::Value wrap_network(Napi::Env env, const NetworkPtr& network) {
  NetworkPtr handed = network;
  return Instance::of(env).feature_network_class.Value().New(
      {Napi::External<NetworkPtr>::New(env, &handed)});
}

// torchScript(path, name, input: NativeFeatureInput, device): Promise<NativeFeatureNetwork>
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

// classifier(layers, tensors: TensorData[], input: NativeFeatureInput, device):
//     Promise<NativeFeatureNetwork>
Napi::Value MakeClassifier(const Napi::CallbackInfo& info) {
  const at::Device device = parse_device(info[3].As<Napi::String>().Utf8Value());
  return run_async(
      info.Env(),
      [layers = to_layers(info[0]), weights = from_tensors(info[1]), input = to_input(info[2]),
       device]() -> NetworkPtr { return make_classifier(layers, weights, input, device); },
      wrap_network);
}

// Made where the engine thread has built the network.
class LazyTraining {
 public:
  LazyTraining(std::shared_ptr<NetworkSlot> slot, std::shared_ptr<const Dataset> dataset,
               ClassifierRecipe recipe)
      : slot_(std::move(slot)), dataset_(std::move(dataset)), recipe_(std::move(recipe)) {}

  std::optional<double> operator()() {
    if (!training_) {
      slot_->get();
      training_ = std::make_unique<ClassifierTraining>(slot_->network, dataset_, recipe_);
    }
    return (*training_)();
  }

 private:
  std::shared_ptr<NetworkSlot> slot_;
  std::shared_ptr<const Dataset> dataset_;
  ClassifierRecipe recipe_;
  std::unique_ptr<ClassifierTraining> training_;
};

// trainClassifier(network, dataset, optimizer, batchSize, steps, shift, seed): Promise<number>
Napi::Value TrainClassifier(const Napi::CallbackInfo& info) {
  const auto whole = [&info](size_t i) { return info[i].As<Napi::Number>().Int64Value(); };
  const ClassifierRecipe recipe{to_optimizer(info[2]), whole(3), whole(4), whole(5),
                                static_cast<uint64_t>(whole(6))};
  return run_slices(info.Env(),
                    LazyTraining(NetworkWrap::of(info[0]), DatasetWrap::of(info[1]), recipe),
                    to_value);
}

}  // namespace

FeatureNetworkWrap::FeatureNetworkWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "Expected torchScript()");
  // What it holds of a file is told to V8 by nobody: TorchScript does not say how much it is.
  own(info.Env(), *info[0].As<Napi::External<NetworkPtr>>().Data(), 0);
}

// ofDataset(dataset: NativeDataset, count: number, seed: number): Promise<NativeSeen>
Napi::Value FeatureNetworkWrap::OfDataset(const Napi::CallbackInfo& info) {
  OfImagesOf source(DatasetWrap::of(info[0]), info[1].As<Napi::Number>().Int64Value(),
                    static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value()));
  return run_slices(info.Env(), Looking(held(info.Env()), std::move(source)), to_seen);
}

// ofGenerator(network, black, white, latent, count, seed, labels?, codes?): Promise<NativeSeen>
Napi::Value FeatureNetworkWrap::OfGenerator(const Napi::CallbackInfo& info) {
  const Range range{info[1].As<Napi::Number>().DoubleValue(),
                    info[2].As<Napi::Number>().DoubleValue()};
  OfSamples source(NetworkWrap::of(info[0]), range, to_sample_request(info, 3));
  return run_slices(info.Env(), Looking(held(info.Env()), std::move(source)), to_seen);
}

// ofImages(images: Float32Array, shape: number[]): Promise<NativeSeen>
Napi::Value FeatureNetworkWrap::OfImages(const Napi::CallbackInfo& info) {
  OfTensor source(copy_floats(info[0], to_shape(info[1])));
  return run_slices(info.Env(), Looking(held(info.Env()), std::move(source)), to_seen);
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
