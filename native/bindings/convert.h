// JavaScript values to plain C++ and back; the only code that reads objects.
#pragma once

#include <string>
#include <vector>

#include "bindings/napi_setup.h"
#include "core/nn/architecture.h"
#include "core/nn/samples.h"
#include "core/optim/average.h"
#include "core/optim/optimizer.h"

namespace sparring::bindings {

Shape to_shape(const Napi::Value& value);
std::vector<Layer> to_layers(const Napi::Value& value);
Latent to_latent(const Napi::Value& value);
Choice to_choice(const Napi::Value& value);
std::vector<Choice> to_choices(const Napi::Value& value);
OptimizerChoice to_optimizer(const Napi::Value& value);
std::vector<std::string> to_texts(const Napi::Value& value);
// NativeSampleRequest of lib/native.ts.
SampleRequest to_sample_request(const Napi::Value& value);

// What an object has under a name.
double to_number(const Napi::Object& object, const char* key);
int64_t to_whole(const Napi::Object& object, const char* key);
bool to_flag(const Napi::Object& object, const char* key);
std::string to_text(const Napi::Object& object, const char* key);

// The labels of an Int32Array as they are, int32, or undefined where there is none. Whoever looks
// at them makes them int64: that is arithmetic, and has no place on the JavaScript thread.
at::Tensor copy_labels(const Napi::Value& labels);

// Copies, on the JavaScript thread: afterwards the array is the caller's again.
at::Tensor copy_floats(const Napi::Value& floats, const Shape& shape);
// Copies a Float32Array or a Float64Array, in its own precision.
at::Tensor copy_decimals(const Napi::Value& numbers, const Shape& shape);
at::Tensor copy_bytes(const Napi::Value& bytes, const Shape& shape);

// Take the memory of an array as it is, if there is much of it: nobody may write to it, or transfer
// it, as long as the tensor is in use. The array is kept for as long.
at::Tensor borrow_floats(const Napi::Value& floats, const Shape& shape);
at::Tensor borrow_bytes(const Napi::Value& bytes, const Shape& shape);

Napi::Value to_floats(Napi::Env env, const at::Tensor& tensor);
Napi::Value to_doubles(Napi::Env env, const at::Tensor& tensor);
Napi::Value to_value(Napi::Env env, const double& number);
Napi::Value to_numbers(Napi::Env env, const std::vector<int64_t>& values);
Napi::Value to_bytes(Napi::Env env, const at::Tensor& tensor);

// 64 bits, more than a number of JavaScript holds, as 16 hexadecimal digits; both ways.
Napi::Value to_hex(Napi::Env env, const uint64_t& number);
uint64_t from_hex(const Napi::Value& value);

// TensorData of lib/native.ts, both ways. Large tensors are not copied: those that nobody else has
// become JavaScript's, and arrays that come in are borrowed.
Napi::Value to_tensors(Napi::Env env, const NamedTensors& tensors);
NamedTensors from_tensors(const Napi::Value& value);

}  // namespace sparring::bindings
