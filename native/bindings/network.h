#pragma once

#include "bindings/wrap.h"
#include "core/nn/network.h"

namespace sparring::bindings {

// A network that the engine thread has built, is about to build, or failed to build. Read and
// written on the engine thread alone, where jobs keep their order.
struct NetworkSlot {
  std::shared_ptr<Network> network;
  std::exception_ptr failure;
  at::Device device = at::kCPU;
  // Where its first weights come from: a stream, or another network.
  std::shared_ptr<RandomStream> stream;
  std::shared_ptr<NetworkSlot> original;

  const std::shared_ptr<Network>& get() const {
    if (failure) std::rethrow_exception(failure);
    return network;
  }

  // The network's body by the rewrites of fused execution, planned when it is first asked for.
  const sparring::Forward& fused();

 private:
  sparring::Forward fused_;
};

class NetworkWrap : public Wrap<NetworkWrap, NetworkSlot> {
 public:
  static constexpr const char* kName = "network";
  static void Init(Napi::Env env, Napi::Object exports);
  explicit NetworkWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value Forward(const Napi::CallbackInfo& info);
  Napi::Value Load(const Napi::CallbackInfo& info);
  Napi::Value Ready(const Napi::CallbackInfo& info);
  Napi::Value Sample(const Napi::CallbackInfo& info);
  Napi::Value State(const Napi::CallbackInfo& info);
};

}  // namespace sparring::bindings
