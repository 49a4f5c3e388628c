#include "bindings/runtime.h"

#include <ATen/Parallel.h>

#include "bindings/promise.h"
#include "core/runtime/cuda.h"

namespace sparring::bindings {
namespace {

Napi::Value to_number(Napi::Env env, const int& value) { return Napi::Number::New(env, value); }

// devices(): { cuda: number, cudaOff: string | null }
Napi::Value Devices(const Napi::CallbackInfo& info) {
  const auto object = Napi::Object::New(info.Env());
  object.Set("cuda", static_cast<double>(cuda_device_count()));
  object.Set("cudaOff", cuda_off().empty()
                            ? info.Env().Null()
                            : Napi::String::New(info.Env(), cuda_off()).As<Napi::Value>());
  return object;
}

// externalMemory(): number
Napi::Value ExternalMemory(const Napi::CallbackInfo& info) {
  const int64_t bytes = Napi::MemoryManagement::AdjustExternalMemory(info.Env(), 0);
  return Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

// setThreads(count: number): Promise<void>
Napi::Value SetThreads(const Napi::CallbackInfo& info) {
  const int count = info[0].As<Napi::Number>().Int32Value();
  // On the engine thread: OpenMP keeps the number per thread.
  return run_async(
      info.Env(),
      [count] {
        at::set_num_threads(count);
        return Nothing{};
      },
      to_undefined);
}

// threads(): Promise<number>
Napi::Value Threads(const Napi::CallbackInfo& info) {
  return run_async(info.Env(), [] { return at::get_num_threads(); }, to_number);
}

// shutdown(): void
Napi::Value Shutdown(const Napi::CallbackInfo& info) {
  Instance::of(info.Env()).shutdown();
  return info.Env().Undefined();
}

}  // namespace

void InitRuntime(Napi::Env env, Napi::Object exports) {
  exports.Set("devices", Napi::Function::New<Devices>(env, "devices"));
  exports.Set("externalMemory", Napi::Function::New<ExternalMemory>(env, "externalMemory"));
  exports.Set("libtorchFile", libtorch_file());
  exports.Set("libtorchVersion", SPARRING_LIBTORCH_VERSION);
  exports.Set("setThreads", Napi::Function::New<SetThreads>(env, "setThreads"));
  exports.Set("shutdown", Napi::Function::New<Shutdown>(env, "shutdown"));
  exports.Set("threads", Napi::Function::New<Threads>(env, "threads"));
}

}  // namespace sparring::bindings
