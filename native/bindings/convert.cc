#include "bindings/convert.h"

#include <cinttypes>
#include <cstring>
#include <memory>
#include <new>

#include "bindings/errors.h"
#include "bindings/instance.h"
#include "core/error.h"

namespace sparring::bindings {
namespace {

Option to_option(const Napi::Value& value) {
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  if (value.IsNumber()) return value.As<Napi::Number>().DoubleValue();
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  return to_shape(value);
}

Options to_options(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const Napi::Array keys = object.GetPropertyNames();
  Options options;
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const std::string key = keys.Get(i).As<Napi::String>().Utf8Value();
    options.set(key, to_option(object.Get(key)));
  }
  return options;
}

Layer to_layer(const Napi::Object& object) {
  return {to_text(object, "type"), to_text(object, "name"), to_options(object.Get("options")),
          to_layers(object.Get("layers"))};
}

struct Dtype {
  const char* name;
  at::ScalarType type;
};
constexpr Dtype kDtypes[] = {{"float32", at::kFloat},     {"float64", at::kDouble},
                             {"float16", at::kHalf},      {"int64", at::kLong},
                             {"bfloat16", at::kBFloat16}, {"uint8", at::kByte}};

const char* name_of(at::ScalarType type) {
  for (const Dtype& row : kDtypes) {
    if (row.type == type) return row.name;
  }
  throw Error("ERR_NATIVE", std::string("Expected a known dtype but received ") + toString(type));
}

at::ScalarType type_of(const std::string& name) {
  for (const Dtype& row : kDtypes) {
    if (name == row.name) return row.type;
  }
  throw Error("ERR_WEIGHTS", "Expected a known dtype but received " + name);
}

// The memory of an array, which has to be that of a tensor.
uint8_t* memory_of(const Napi::Value& array, const Shape& shape, at::ScalarType type) {
  const auto typed = array.As<Napi::TypedArray>();
  const size_t needed = c10::multiply_integers(shape) * c10::elementSize(type);
  if (typed.ByteLength() != needed) {
    throw Error("ERR_DATA", "Expected " + std::to_string(needed) +
                                " bytes for an array but received " +
                                std::to_string(typed.ByteLength()));
  }
  return static_cast<uint8_t*>(typed.ArrayBuffer().Data()) + typed.ByteOffset();
}

at::Tensor copy_memory(const Napi::Value& array, const Shape& shape, at::ScalarType type) {
  return in_javascript(array.Env(), [&] {
    const uint8_t* memory = memory_of(array, shape, type);
    at::Tensor tensor = at::empty(shape, at::TensorOptions(type));
    std::memcpy(tensor.mutable_data_ptr(), memory, tensor.nbytes());
    return tensor;
  });
}

// What is larger crosses as it is, either way: copies of gigabytes would hold up the event loop.
constexpr size_t kMostCopied = size_t{1} << 20;

// Of more Node 20 makes no array, and has let go of the memory when it says so.
constexpr size_t kMostLent = size_t{1} << 32;

// A tensor on the memory of an array that nobody writes to any more.
at::Tensor borrow_memory(const Napi::Value& array, const Shape& shape, at::ScalarType type) {
  return in_javascript(array.Env(), [&] {
    uint8_t* memory = memory_of(array, shape, type);
    const bool is_aligned = reinterpret_cast<uintptr_t>(memory) % c10::elementSize(type) == 0;
    if (!is_aligned || array.As<Napi::TypedArray>().ByteLength() <= kMostCopied) {
      return copy_memory(array, shape, type);
    }
    const auto let_go = [held = hold(array)](void*) {};
    return at::from_blob(memory, shape, let_go, at::TensorOptions(type));
  });
}

// Gives JavaScript the memory of a tensor. Undefined where the runtime takes no memory of others:
// Electron's cage.
Napi::Value lend_memory(Napi::Env env, const at::Tensor& tensor) {
  auto owner = std::make_unique<at::Tensor>(tensor);
  const auto finish = [](napi_env, void*, void* tensor) {
    delete static_cast<at::Tensor*>(tensor);
  };
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, tensor.mutable_data_ptr(), tensor.nbytes(), finish, owner.get(), &buffer);
  if (status != napi_ok) return env.Undefined();
  owner.release();
  return {env, buffer};
}

// An array of JavaScript's own, by its constructor: that throws where there is no memory for it,
// and where native code asks V8 for as much V8 ends the process.
Napi::TypedArray new_array(Napi::Env env, const char* type, size_t length) {
  try {
    const auto constructor = env.Global().Get(type).As<Napi::Function>();
    return constructor.New({Napi::Number::New(env, static_cast<double>(length))})
        .As<Napi::TypedArray>();
  } catch (const Napi::Error&) {
    throw std::bad_alloc();
  }
}

// Copied: what JavaScript keeps can be transferred to a worker, which memory of others cannot.
Napi::Value to_array(Napi::Env env, const at::Tensor& tensor, at::ScalarType type,
                     const char* array_type, size_t length) {
  const at::Tensor plain = tensor.to(at::kCPU, type).contiguous();
  const Napi::TypedArray array = new_array(env, array_type, length);
  std::memcpy(array.ArrayBuffer().Data(), plain.const_data_ptr(), plain.nbytes());
  return array;
}

}  // namespace

Shape to_shape(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  Shape shape;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    shape.push_back(array.Get(i).As<Napi::Number>().Int64Value());
  }
  return shape;
}

std::vector<Layer> to_layers(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<Layer> layers;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    layers.push_back(to_layer(array.Get(i).As<Napi::Object>()));
  }
  return layers;
}

double to_number(const Napi::Object& object, const char* key) {
  return object.Get(key).As<Napi::Number>().DoubleValue();
}

int64_t to_whole(const Napi::Object& object, const char* key) {
  return object.Get(key).As<Napi::Number>().Int64Value();
}

bool to_flag(const Napi::Object& object, const char* key) {
  return object.Get(key).As<Napi::Boolean>().Value();
}

std::string to_text(const Napi::Object& object, const char* key) {
  return object.Get(key).As<Napi::String>().Utf8Value();
}

Latent to_latent(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_whole(object, "noise"), to_whole(object, "classes"), to_whole(object, "codes"),
          to_flag(object, "oneHot"), to_flag(object, "uniform")};
}

Choice to_choice(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_text(object, "type"), to_options(object.Get("options"))};
}

std::vector<Choice> to_choices(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<Choice> choices;
  for (uint32_t i = 0; i < array.Length(); ++i) choices.push_back(to_choice(array.Get(i)));
  return choices;
}

OptimizerChoice to_optimizer(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_choice(value), to_choice(object.Get("schedule")), to_number(object, "clipGradNorm"),
          to_number(object, "clipGradValue")};
}

std::vector<std::string> to_texts(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> texts;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    texts.push_back(array.Get(i).As<Napi::String>().Utf8Value());
  }
  return texts;
}

at::Tensor copy_labels(const Napi::Value& labels) {
  if (!labels.IsTypedArray()) return {};
  const auto count = static_cast<int64_t>(labels.As<Napi::TypedArray>().ElementLength());
  return copy_memory(labels, {count}, at::kInt);
}

SampleRequest to_sample_request(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  SampleRequest request{to_latent(object.Get("latent")),
                        to_whole(object, "count"),
                        static_cast<uint64_t>(to_whole(object, "seed")),
                        copy_labels(object.Get("labels")),
                        {},
                        {},
                        to_number(object, "truncation"),
                        to_number(object, "truncationPsi")};
  const Napi::Value codes = object.Get("codes"), noise = object.Get("noise");
  if (codes.IsTypedArray()) {
    request.codes = copy_floats(codes, {request.count, request.latent.codes});
  }
  if (noise.IsTypedArray()) {
    request.noise = copy_floats(noise, {request.count, request.latent.noise});
  }
  return request;
}

at::Tensor copy_floats(const Napi::Value& floats, const Shape& shape) {
  return copy_memory(floats, shape, at::kFloat);
}

at::Tensor copy_decimals(const Napi::Value& numbers, const Shape& shape) {
  const bool wide = numbers.As<Napi::TypedArray>().TypedArrayType() == napi_float64_array;
  return copy_memory(numbers, shape, wide ? at::kDouble : at::kFloat);
}

at::Tensor copy_bytes(const Napi::Value& bytes, const Shape& shape) {
  return copy_memory(bytes, shape, at::kByte);
}

at::Tensor borrow_floats(const Napi::Value& floats, const Shape& shape) {
  return borrow_memory(floats, shape, at::kFloat);
}

at::Tensor borrow_bytes(const Napi::Value& bytes, const Shape& shape) {
  return borrow_memory(bytes, shape, at::kByte);
}

Napi::Value to_floats(Napi::Env env, const at::Tensor& tensor) {
  return to_array(env, tensor, at::kFloat, "Float32Array", tensor.numel());
}

Napi::Value to_doubles(Napi::Env env, const at::Tensor& tensor) {
  return to_array(env, tensor, at::kDouble, "Float64Array", tensor.numel());
}

Napi::Value to_value(Napi::Env env, const double& number) { return Napi::Number::New(env, number); }

Napi::Value to_numbers(Napi::Env env, const std::vector<int64_t>& values) {
  const auto array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) array.Set(i, static_cast<double>(values[i]));
  return array;
}

Napi::Value to_bytes(Napi::Env env, const at::Tensor& tensor) {
  return to_array(env, tensor, tensor.scalar_type(), "Uint8Array", tensor.nbytes());
}

Napi::Value to_hex(Napi::Env env, const uint64_t& number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, number);
  return Napi::String::New(env, text);
}

uint64_t from_hex(const Napi::Value& value) {
  return std::stoull(value.As<Napi::String>().Utf8Value(), nullptr, 16);
}

// The bytes of a tensor, which are JavaScript's own where nobody else has it.
static Napi::Value hand_over(Napi::Env env, const at::Tensor& tensor) {
  const bool is_alone = tensor.use_count() == 1 && tensor.storage().use_count() == 1;
  const bool is_lent = tensor.nbytes() > kMostCopied && tensor.nbytes() <= kMostLent;
  if (is_alone && is_lent && tensor.is_cpu() && tensor.is_contiguous()) {
    const Napi::Value lent = lend_memory(env, tensor);
    if (!lent.IsUndefined()) {
      return Napi::Uint8Array::New(env, tensor.nbytes(), lent.As<Napi::ArrayBuffer>(), 0);
    }
  }
  return to_bytes(env, tensor);
}

Napi::Value to_tensors(Napi::Env env, const NamedTensors& tensors) {
  const auto array = Napi::Array::New(env, tensors.size());
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, tensor] = tensors[i];
    const auto shape = Napi::Array::New(env, tensor.dim());
    for (int64_t axis = 0; axis < tensor.dim(); ++axis) {
      shape.Set(static_cast<uint32_t>(axis), static_cast<double>(tensor.size(axis)));
    }
    const auto row = Napi::Object::New(env);
    row.Set("name", name);
    row.Set("dtype", name_of(tensor.scalar_type()));
    row.Set("shape", shape);
    row.Set("data", hand_over(env, tensor));
    array.Set(i, row);
  }
  return array;
}

NamedTensors from_tensors(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  NamedTensors tensors;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const auto row = array.Get(i).As<Napi::Object>();
    const at::ScalarType type = type_of(to_text(row, "dtype"));
    tensors.emplace_back(to_text(row, "name"),
                         borrow_memory(row.Get("data"), to_shape(row.Get("shape")), type));
  }
  return tensors;
}

}  // namespace sparring::bindings
