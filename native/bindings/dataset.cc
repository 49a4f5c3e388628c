#include "bindings/dataset.h"

#include "bindings/convert.h"
#include "core/data/stack.h"
#include "core/runtime/cuda.h"

namespace sparring::bindings {
namespace {

using DatasetPtr = std::shared_ptr<const Dataset>;

Napi::Value wrap_dataset(Napi::Env env, const DatasetPtr& dataset) {
  DatasetPtr handed = dataset;
  return Instance::of(env).dataset_class.Value().New(
      {Napi::External<DatasetPtr>::New(env, &handed)});
}

// createDataset(images: Uint8Array, shape: number[], height: number, width: number, device: string,
//               labels?: Uint8Array): Promise<NativeDataset>
Napi::Value CreateDataset(const Napi::CallbackInfo& info) {
  const at::Tensor images = copy_bytes(info[0], to_shape(info[1]));
  const at::Tensor labels =
      info[5].IsTypedArray() ? copy_bytes(info[5], {images.size(0)}) : at::Tensor();
  const int64_t height = info[2].As<Napi::Number>().Int64Value();
  const int64_t width = info[3].As<Napi::Number>().Int64Value();
  const at::Device device = parse_device(info[4].As<Napi::String>().Utf8Value());
  return run_async(
      info.Env(),
      [images, height, width, device, labels]() -> DatasetPtr {
        return std::make_shared<Dataset>(resize_images(images, height, width), device, labels);
      },
      wrap_dataset);
}

// stackDataset(images: Uint8Array, shape: number[], size: number, device: string, labels:
// Uint8Array,
//              classes: number, count: number, channels: number, seed: number):
//              Promise<{ dataset: NativeDataset, labels: Uint8Array }>
Napi::Value StackDataset(const Napi::CallbackInfo& info) {
  const at::Tensor images = copy_bytes(info[0], to_shape(info[1]));
  const at::Tensor labels = copy_bytes(info[4], {images.size(0)});
  const auto whole = [&info](size_t i) { return info[i].As<Napi::Number>().Int64Value(); };
  const int64_t size = whole(2), classes = whole(5), count = whole(6), channels = whole(7);
  const auto seed = static_cast<uint64_t>(whole(8));
  const at::Device device = parse_device(info[3].As<Napi::String>().Utf8Value());
  struct Made {
    DatasetPtr dataset;
    at::Tensor labels;
  };
  return run_async(
      info.Env(),
      [=] {
        const at::Tensor resized = resize_images(images, size, size);
        const Stack stack = stack_images(resized, labels, classes, count, channels, seed);
        return Made{std::make_shared<Dataset>(stack.images, device, stack.labels), stack.labels};
      },
      [](Napi::Env env, const Made& made) {
        auto object = Napi::Object::New(env);
        object.Set("dataset", wrap_dataset(env, made.dataset));
        object.Set("labels", to_bytes(env, made.labels));
        return object;
      });
}

// openDataset(file: number, offset: number, shape: number[], device: string,
//             labels?: Uint8Array): Promise<NativeDataset>
Napi::Value OpenDataset(const Napi::CallbackInfo& info) {
  const Shape shape = to_shape(info[2]);
  const at::Tensor labels = info[4].IsTypedArray() ? copy_bytes(info[4], {shape[0]}) : at::Tensor();
  const at::Device device = parse_device(info[3].As<Napi::String>().Utf8Value());
  const int descriptor = info[0].As<Napi::Number>().Int32Value();
  const int64_t offset = info[1].As<Napi::Number>().Int64Value();
  // At once: the caller closes its own descriptor when it likes.
  const auto file = in_javascript(
      info.Env(), [&] { return std::make_shared<const ImageFile>(descriptor, offset, shape); });
  return run_async(
      info.Env(),
      [file, device, labels]() -> DatasetPtr {
        return std::make_shared<Dataset>(file, device, labels);
      },
      wrap_dataset);
}

}  // namespace

DatasetWrap::DatasetWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "Expected createDataset()");
  DatasetPtr dataset = *info[0].As<Napi::External<DatasetPtr>>().Data();
  const int64_t bytes = dataset->bytes();
  info.This().As<Napi::Object>().Set("size", static_cast<double>(dataset->size()));
  own(info.Env(), std::move(dataset), bytes);
}

// fingerprint(): Promise<string>
Napi::Value DatasetWrap::Fingerprint(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(), [dataset = held(info.Env())] { return dataset->fingerprint(); }, to_hex);
}

// read(start: number, count: number, black: number, white: number): Promise<Float32Array>
Napi::Value DatasetWrap::Read(const Napi::CallbackInfo& info) {
  const int64_t start = info[0].As<Napi::Number>().Int64Value();
  const int64_t count = info[1].As<Napi::Number>().Int64Value();
  const double black = info[2].As<Napi::Number>().DoubleValue();
  const double white = info[3].As<Napi::Number>().DoubleValue();
  return run_async(
      info.Env(),
      [dataset = held(info.Env()), start, count, black, white] {
        return dataset->values(start, count, {black, white});
      },
      to_floats);
}

void DatasetWrap::Init(Napi::Env env, Napi::Object exports) {
  Instance::of(env).dataset_class =
      Napi::Persistent(DefineClass(env, "Dataset",
                                   {InstanceMethod("dispose", &DatasetWrap::Dispose),
                                    InstanceMethod<&DatasetWrap::Fingerprint>("fingerprint"),
                                    InstanceMethod<&DatasetWrap::Read>("read")}));
  exports.Set("createDataset", Napi::Function::New<CreateDataset>(env, "createDataset"));
  exports.Set("stackDataset", Napi::Function::New<StackDataset>(env, "stackDataset"));
  exports.Set("openDataset", Napi::Function::New<OpenDataset>(env, "openDataset"));
}

}  // namespace sparring::bindings
