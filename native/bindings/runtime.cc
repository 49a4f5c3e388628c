#include "bindings/runtime.h"

#include <ATen/Parallel.h>
#include <sys/file.h>

#include <cerrno>

#include "bindings/promise.h"
#include "core/runtime/accelerator.h"
#include "core/runtime/available.h"
#include "core/runtime/ceiling.h"
#include "core/runtime/cuda.h"
#include "core/runtime/memory.h"
#include "core/runtime/precision.h"

namespace sparring::bindings {
namespace {

Napi::Value to_number(Napi::Env env, const int& value) { return Napi::Number::New(env, value); }

Napi::Value to_ratio(Napi::Env env, const double& value) { return Napi::Number::New(env, value); }

// devices(): { cuda: number, cudaOff: string | null }
Napi::Value Devices(const Napi::CallbackInfo& info) {
  const auto object = Napi::Object::New(info.Env());
  object.Set("cuda", static_cast<double>(cuda_device_count()));
  object.Set("cudaOff", cuda_off().empty()
                            ? info.Env().Null()
                            : Napi::String::New(info.Env(), cuda_off()).As<Napi::Value>());
  return object;
}

const char* name_of(CudaObstacle obstacle) {
  switch (obstacle) {
    case CudaObstacle::kNone:
      return nullptr;
    case CudaObstacle::kCpuBuild:
      return "cpuBuild";
    case CudaObstacle::kNoDriver:
      return "noDriver";
    case CudaObstacle::kUnloadable:
      return "unloadable";
    case CudaObstacle::kNoGpu:
      return "noGpu";
  }
  return nullptr;
}

// cudaObstacle(): CudaObstacle | null
Napi::Value FindCudaObstacle(const Napi::CallbackInfo& info) {
  const char* name = name_of(cuda_obstacle());
  if (name == nullptr) return info.Env().Null();
  return Napi::String::New(info.Env(), name);
}

// acceleratorOff(): string | null
Napi::Value AcceleratorOff(const Napi::CallbackInfo& info) {
  const std::string& off = accelerator_off();
  return off.empty() ? info.Env().Null() : Napi::String::New(info.Env(), off).As<Napi::Value>();
}

// gpuRanksOff(): string | null
Napi::Value GpuRanksOff(const Napi::CallbackInfo& info) {
  const Accelerator* const cuda = accelerator();
  const std::string& off = cuda == nullptr ? accelerator_off() : cuda->ranks_off();
  return off.empty() ? info.Env().Null() : Napi::String::New(info.Env(), off).As<Napi::Value>();
}

// externalMemory(): number
Napi::Value ExternalMemory(const Napi::CallbackInfo& info) {
  const int64_t bytes = Napi::MemoryManagement::AdjustExternalMemory(info.Env(), 0);
  return Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

// availableMemory(device: string): number
Napi::Value AvailableMemory(const Napi::CallbackInfo& info) {
  const at::Device device = parse_device(info[0].As<Napi::String>().Utf8Value());
  return Napi::Number::New(info.Env(), static_cast<double>(available_memory(device)));
}

// memoryStats(): { tensors: number, bytes: number, spareBytes: number }
Napi::Value MemoryStats(const Napi::CallbackInfo& info) {
  const LiveMemory live = live_memory();
  const auto object = Napi::Object::New(info.Env());
  object.Set("tensors", static_cast<double>(live.tensors));
  object.Set("bytes", static_cast<double>(live.bytes));
  object.Set("spareBytes", static_cast<double>(kept_memory().spare));
  return object;
}

// precisions(device: string): string[]
Napi::Value Precisions(const Napi::CallbackInfo& info) {
  const at::Device device = parse_device(info[0].As<Napi::String>().Utf8Value());
  const auto names = Napi::Array::New(info.Env());
  for (const std::string& name : precisions_of(device)) names.Set(names.Length(), name);
  return names;
}

Napi::Value to_ceiling(Napi::Env env, const Ceiling& ceiling) {
  const auto object = Napi::Object::New(env);
  object.Set("flops", ceiling.flops);
  object.Set("bytes", ceiling.bytes);
  return object;
}

// ceiling(device: string, precision: string): Promise<NativeCeiling>
Napi::Value MeasureCeiling(const Napi::CallbackInfo& info) {
  const at::Device device = parse_device(info[0].As<Napi::String>().Utf8Value());
  const Precision precision = parse_precision(info[1].As<Napi::String>().Utf8Value());
  return run_async(
      info.Env(), [device, precision] { return measure_ceiling(device, precision); }, to_ceiling);
}

// bfloat16Cost(): Promise<number>
Napi::Value Bfloat16Cost(const Napi::CallbackInfo& info) {
  return run_async(info.Env(), [] { return bfloat16_cost(); }, to_ratio);
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

// limitThreads(most: number): Promise<void>
Napi::Value LimitThreads(const Napi::CallbackInfo& info) {
  const int most = info[0].As<Napi::Number>().Int32Value();
  return run_async(
      info.Env(),
      [most] {
        if (at::get_num_threads() > most) at::set_num_threads(most);
        return Nothing{};
      },
      to_undefined);
}

// threads(): Promise<number>
Napi::Value Threads(const Napi::CallbackInfo& info) {
  return run_async(info.Env(), [] { return at::get_num_threads(); }, to_number);
}

// tryLock(descriptor: number): boolean. The lock goes with the descriptor, and with the process
// however it ends; false where another has it. A file system without locks, such as some over a
// network, gives one to everybody.
Napi::Value TryLock(const Napi::CallbackInfo& info) {
  const int descriptor = info[0].As<Napi::Number>().Int32Value();
  const bool is_taken = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  return Napi::Boolean::New(info.Env(), !is_taken);
}

// shutdown(): void. For tests: what is pending never settles, as at the end of the process.
Napi::Value Shutdown(const Napi::CallbackInfo& info) {
  Instance::of(info.Env()).shutdown();
  return info.Env().Undefined();
}

}  // namespace

void InitRuntime(Napi::Env env, Napi::Object exports) {
  exports.Set("acceleratorOff", Napi::Function::New<AcceleratorOff>(env, "acceleratorOff"));
  exports.Set("availableMemory", Napi::Function::New<AvailableMemory>(env, "availableMemory"));
  exports.Set("bfloat16Cost", Napi::Function::New<Bfloat16Cost>(env, "bfloat16Cost"));
  exports.Set("ceiling", Napi::Function::New<MeasureCeiling>(env, "ceiling"));
  exports.Set("cudaObstacle", Napi::Function::New<FindCudaObstacle>(env, "cudaObstacle"));
  exports.Set("devices", Napi::Function::New<Devices>(env, "devices"));
  exports.Set("gpuRanksOff", Napi::Function::New<GpuRanksOff>(env, "gpuRanksOff"));
  exports.Set("externalMemory", Napi::Function::New<ExternalMemory>(env, "externalMemory"));
  exports.Set("libtorchFile", libtorch_file());
  exports.Set("libtorchVersion", SPARRING_LIBTORCH_VERSION);
  exports.Set("memoryStats", Napi::Function::New<MemoryStats>(env, "memoryStats"));
  exports.Set("precisions", Napi::Function::New<Precisions>(env, "precisions"));
  exports.Set("setThreads", Napi::Function::New<SetThreads>(env, "setThreads"));
  exports.Set("limitThreads", Napi::Function::New<LimitThreads>(env, "limitThreads"));
  exports.Set("shutdown", Napi::Function::New<Shutdown>(env, "shutdown"));
  exports.Set("tryLock", Napi::Function::New<TryLock>(env, "tryLock"));
  exports.Set("threads", Napi::Function::New<Threads>(env, "threads"));
}

}  // namespace sparring::bindings
