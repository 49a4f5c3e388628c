#include "bindings/trainer.h"

#include <chrono>

#include "bindings/convert.h"
#include "bindings/dataset.h"
#include "bindings/explain.h"
#include "bindings/recipe.h"
#include "bindings/snapshot.h"

namespace sparring::bindings {
namespace {

// The players by their slots: the engine thread may still be about to build them.
struct Slots {
  std::shared_ptr<NetworkSlot> generator, discriminator, average;

  Players get() const {
    generator->get();
    discriminator->get();
    if (average) average->get();
    return {generator->network, discriminator->network, average ? average->network : nullptr,
            generator->stream};
  }
};

Slots to_slots(const Napi::CallbackInfo& info) {
  return {NetworkWrap::of(info[0]), NetworkWrap::of(info[1]),
          info[4].IsObject() ? NetworkWrap::of(info[4]) : nullptr};
}

// One call of run(): a step a slice.
class Running {
 public:
  Running(std::shared_ptr<TrainerSlot> slot, std::shared_ptr<const Dataset> dataset,
          int64_t batch_size, int64_t steps)
      : slot_(std::move(slot)),
        dataset_(std::move(dataset)),
        batch_size_(batch_size),
        steps_(steps) {}

  struct Result {
    std::optional<Report> report;
    double seconds;
  };

  std::optional<Result> operator()() {
    const auto start = std::chrono::steady_clock::now();
    Trainer& trainer = slot_->get();
    if (done_ == 0) trainer.use(dataset_, batch_size_);
    if (!slot_->stop) {
      ++done_;
      trainer.step(/*watched=*/done_ == steps_);
    }
    std::optional<Result> result;
    if (slot_->stop || done_ == steps_) {
      result.emplace();
      if (done_ > 0) result->report = trainer.report();
    }
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (result) result->seconds = seconds_;
    return result;
  }

 private:
  std::shared_ptr<TrainerSlot> slot_;
  std::shared_ptr<const Dataset> dataset_;
  int64_t batch_size_, steps_, done_ = 0;
  double seconds_ = 0;
};

Napi::Value to_health(Napi::Env env, const std::optional<Health>& health) {
  if (!health) return env.Null();
  const auto object = Napi::Object::New(env);
  object.Set("realAccuracy", health->real_accuracy);
  object.Set("fakeAccuracy", health->fake_accuracy);
  object.Set("generatorGradientNorm", health->generator_gradient);
  object.Set("discriminatorGradientNorm", health->discriminator_gradient);
  object.Set("diversity", health->diversity);
  object.Set("finite", health->finite);
  return object;
}

Napi::Value to_report(Napi::Env env, const Running::Result& result) {
  if (!result.report) return env.Null();
  const auto object = Napi::Object::New(env);
  object.Set("step", static_cast<double>(result.report->step));
  object.Set("steps", static_cast<double>(result.report->steps));
  object.Set("images", static_cast<double>(result.report->images));
  object.Set("generatorLoss", result.report->generator_loss);
  object.Set("discriminatorLoss", result.report->discriminator_loss);
  object.Set("seconds", result.seconds);
  object.Set("health", to_health(env, result.report->health));
  return object;
}

}  // namespace

// new (generator, discriminator, options, bytes, ema?) => NativeTrainer
TrainerWrap::TrainerWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  auto slot = std::make_shared<TrainerSlot>();
  Instance::of(info.Env())
      .engine()
      .post([slot, recipe = to_recipe(info[2]), slots = to_slots(info)] {
        try {
          slot->trainer = build_trainer(recipe, slots.get());
        } catch (...) {
          slot->failure = std::current_exception();
        }
        return false;
      });
  own(info.Env(), std::move(slot), info[3].As<Napi::Number>().Int64Value());
}

// run(dataset: NativeDataset, batchSize: number, steps: number): Promise<NativeReport | null>
Napi::Value TrainerWrap::Run(const Napi::CallbackInfo& info) {
  const auto& slot = held(info.Env());
  slot->stop = false;
  Running running(slot, DatasetWrap::of(info[0]), info[1].As<Napi::Number>().Int64Value(),
                  info[2].As<Napi::Number>().Int64Value());
  return run_slices(info.Env(), std::move(running), to_report);
}

// explain(): Promise<NativeExplanation>
Napi::Value TrainerWrap::Explain(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(), [slot = held(info.Env())] { return slot->get().explain(); }, to_explanation);
}

// snapshot(): Promise<NativeSnapshot>
Napi::Value TrainerWrap::Snapshot(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(), [slot = held(info.Env())] { return slot->get().snapshot(); }, to_snapshot);
}

// restore(snapshot: NativeSnapshot): Promise<void>
Napi::Value TrainerWrap::Restore(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [slot = held(info.Env()), snapshot = from_snapshot(info[0])] {
        slot->get().restore(snapshot);
        return Nothing{};
      },
      to_undefined);
}

// stop(): void
Napi::Value TrainerWrap::Stop(const Napi::CallbackInfo& info) {
  held(info.Env())->stop = true;
  return info.Env().Undefined();
}

void TrainerWrap::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Trainer", DefineClass(env, "Trainer",
                                     {
                                         InstanceMethod("dispose", &TrainerWrap::Dispose),
                                         InstanceMethod<&TrainerWrap::Explain>("explain"),
                                         InstanceMethod<&TrainerWrap::Restore>("restore"),
                                         InstanceMethod<&TrainerWrap::Run>("run"),
                                         InstanceMethod<&TrainerWrap::Snapshot>("snapshot"),
                                         InstanceMethod<&TrainerWrap::Stop>("stop"),
                                     }));
}

}  // namespace sparring::bindings
