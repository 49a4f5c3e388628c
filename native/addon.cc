// Table of contents: everything that JavaScript can see, and nothing else.
#include "bindings/contests.h"
#include "bindings/dataset.h"
#include "bindings/explain.h"
#include "bindings/feed.h"
#include "bindings/group.h"
#include "bindings/instance.h"
#include "bindings/metrics.h"
#include "bindings/network.h"
#include "bindings/runtime.h"
#include "bindings/snapshot.h"
#include "bindings/stop.h"
#include "bindings/trainer.h"
#include "core/runtime/cuda.h"
#include "core/runtime/memory.h"

namespace {

using namespace sparring::bindings;

void drop_instance(Napi::Env, Instance* instance) { delete instance; }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  sparring::keep_memory();
  sparring::load_cuda();
  env.SetInstanceData<Instance, drop_instance>(new Instance(env));
  InitContests(env, exports);
  DatasetWrap::Init(env, exports);
  InitExplain(env, exports);
  FeedWrap::Init(env, exports);
  GroupWrap::Init(env, exports);
  InitImages(env, exports);
  InitMetrics(env, exports);
  InitRuntime(env, exports);
  InitSnapshot(env, exports);
  NetworkWrap::Init(env, exports);
  InitPixels(env, exports);
  StopWrap::Init(env, exports);
  TrainerWrap::Init(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(sparring, Init)
