#include "bindings/dataset.h"

#include "bindings/convert.h"
#include "core/data/planes.h"
#include "core/data/resize.h"
#include "core/data/sampler.h"
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

// A label an image; undefined where the source has none.
at::Tensor labels_of(const Napi::Object& source, int64_t count) {
  const Napi::Value labels = source.Get("labels");
  return labels.IsTypedArray() ? copy_bytes(labels, {count}) : at::Tensor();
}

at::Device device_of(const Napi::Object& source) { return parse_device(to_text(source, "device")); }

using Borrow = at::Tensor (*)(const Napi::Value&, const Shape&);

// Samples of the source's shape on JavaScript's memory, where images may have their channels last.
at::Tensor borrowed_from(const Napi::Object& source, const char* key, Borrow borrow) {
  const Shape shape = to_shape(source.Get("shape"));
  if (!to_flag(source, "channelsLast")) return borrow(source.Get(key), shape);
  return planes_of(borrow(source.Get(key), {shape[0], shape[2], shape[3], shape[1]}));
}

// Memory of a dataset's own, channels first, in place of what is JavaScript's.
at::Tensor taken_over(const at::Tensor& borrowed, const at::Device& device) {
  return borrowed.to(device, borrowed.scalar_type(), /*non_blocking=*/false, /*copy=*/true,
                     at::MemoryFormat::Contiguous);
}

// Work for run_slices(): `make(images)` once they are as large as the source wants them, of which
// some are resized a turn.
template <class Make>
auto resized(const Napi::Object& source, const at::Tensor& images, Make make) {
  using Made = std::invoke_result_t<Make&, const at::Tensor&>;
  auto resizing =
      lazily([images, height = to_whole(source, "height"), width = to_whole(source, "width")] {
        return Resizing(images, height, width);
      });
  return [resizing = std::move(resizing), make]() mutable -> std::optional<Made> {
    const std::optional<at::Tensor> all = resizing();
    if (!all) return std::nullopt;
    return make(*all);
  };
}

// createDataset(source: NativeImages): Promise<NativeDataset>
Napi::Value CreateDataset(const Napi::CallbackInfo& info) {
  const auto source = info[0].As<Napi::Object>();
  const at::Tensor images = borrowed_from(source, "images", borrow_bytes);
  return run_slices(
      info.Env(),
      resized(source, images,
              [images, device = device_of(source),
               labels = labels_of(source, images.size(0))](const at::Tensor& all) -> DatasetPtr {
                return std::make_shared<Dataset>(
                    all.is_same(images) ? taken_over(images, device) : all, device, labels);
              }),
      wrap_dataset);
}

// createValues(source: NativeValues): Promise<NativeDataset>
Napi::Value CreateValues(const Napi::CallbackInfo& info) {
  const auto source = info[0].As<Napi::Object>();
  const at::Tensor values = borrowed_from(source, "values", borrow_floats);
  return run_async(
      info.Env(),
      [values, device = device_of(source),
       labels = labels_of(source, values.size(0))]() -> DatasetPtr {
        return std::make_shared<Dataset>(taken_over(values, device), device, labels);
      },
      wrap_dataset);
}

struct Stacked {
  DatasetPtr dataset;
  at::Tensor labels;
};

Napi::Value to_stacked(Napi::Env env, const Stacked& stacked) {
  const auto object = Napi::Object::New(env);
  object.Set("dataset", wrap_dataset(env, stacked.dataset));
  object.Set("labels", to_bytes(env, stacked.labels));
  return object;
}

// stackDataset(source: NativeGreyImages):
//     Promise<{ dataset: NativeDataset, labels: Uint8Array }>
Napi::Value StackDataset(const Napi::CallbackInfo& info) {
  const auto source = info[0].As<Napi::Object>();
  const at::Tensor images = borrow_bytes(source.Get("images"), to_shape(source.Get("shape")));
  const StackOptions options{to_whole(source, "classes"), to_whole(source, "count"),
                             to_whole(source, "channels"),
                             static_cast<uint64_t>(to_whole(source, "seed"))};
  return run_slices(info.Env(),
                    resized(source, images,
                            [labels = labels_of(source, images.size(0)), device = device_of(source),
                             options](const at::Tensor& all) {
                              const Stack stack = stack_images(all, labels, options);
                              return Stacked{
                                  std::make_shared<Dataset>(stack.images, device, stack.labels),
                                  stack.labels};
                            }),
                    to_stacked);
}

// openDataset(source: NativeImageFile): Promise<NativeDataset>
Napi::Value OpenDataset(const Napi::CallbackInfo& info) {
  const auto source = info[0].As<Napi::Object>();
  const Shape shape = to_shape(source.Get("shape"));
  const auto descriptor = static_cast<int>(to_whole(source, "file"));
  const int64_t offset = to_whole(source, "offset");
  // At once: the caller closes its own descriptor when it likes.
  const auto file = in_javascript(
      info.Env(), [&] { return std::make_shared<const ImageFile>(descriptor, offset, shape); });
  return run_async(
      info.Env(),
      [file, device = device_of(source), labels = labels_of(source, shape[0])]() -> DatasetPtr {
        return std::make_shared<Dataset>(file, device, labels);
      },
      wrap_dataset);
}

// shuffled(count: number, seed: number): Promise<Float64Array>
Napi::Value Shuffled(const Napi::CallbackInfo& info) {
  const int64_t count = info[0].As<Napi::Number>().Int64Value();
  const auto seed = static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value());
  return run_async(
      info.Env(), [count, seed] { return shuffled(count, seed).to(at::kDouble); }, to_doubles);
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
  return run_slices(
      info.Env(), [dataset = owned(info.Env())] { return dataset->read_fingerprint(); }, to_hex);
}

// part(places: Float64Array): Promise<NativeDataset>
Napi::Value DatasetWrap::Part(const Napi::CallbackInfo& info) {
  const auto count = static_cast<int64_t>(info[0].As<Napi::TypedArray>().ElementLength());
  return run_async(
      info.Env(),
      [dataset = owned(info.Env()), places = copy_decimals(info[0], {count})]() -> DatasetPtr {
        return std::make_shared<Dataset>(dataset->part(places.to(at::kLong)));
      },
      wrap_dataset);
}

// read(start: number, count: number, black: number, white: number): Promise<Float32Array>
Napi::Value DatasetWrap::Read(const Napi::CallbackInfo& info) {
  const int64_t start = info[0].As<Napi::Number>().Int64Value();
  const int64_t count = info[1].As<Napi::Number>().Int64Value();
  const double black = info[2].As<Napi::Number>().DoubleValue();
  const double white = info[3].As<Napi::Number>().DoubleValue();
  return run_async(
      info.Env(),
      [dataset = owned(info.Env()), start, count, black, white] {
        return dataset->values(start, count, {black, white});
      },
      to_floats);
}

void DatasetWrap::Init(Napi::Env env, Napi::Object exports) {
  Instance::of(env).dataset_class = Napi::Persistent(DefineClass(
      env, "Dataset",
      {InstanceMethod("dispose", &DatasetWrap::Dispose),
       InstanceMethod<&DatasetWrap::Fingerprint>("fingerprint"),
       InstanceMethod<&DatasetWrap::Part>("part"), InstanceMethod<&DatasetWrap::Read>("read")}));
  exports.Set("createDataset", Napi::Function::New<CreateDataset>(env, "createDataset"));
  exports.Set("createValues", Napi::Function::New<CreateValues>(env, "createValues"));
  exports.Set("stackDataset", Napi::Function::New<StackDataset>(env, "stackDataset"));
  exports.Set("openDataset", Napi::Function::New<OpenDataset>(env, "openDataset"));
  exports.Set("shuffled", Napi::Function::New<Shuffled>(env, "shuffled"));
}

}  // namespace sparring::bindings
