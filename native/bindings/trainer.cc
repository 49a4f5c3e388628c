#include "bindings/trainer.h"

#include <chrono>

#include "bindings/convert.h"
#include "bindings/dataset.h"
#include "bindings/explain.h"
#include "bindings/feed.h"
#include "bindings/group.h"
#include "bindings/recipe.h"
#include "bindings/snapshot.h"

namespace sparring::bindings {
namespace {

// The players by their slots: the engine thread may still be about to build them.
struct Slots {
  std::shared_ptr<NetworkSlot> generator, discriminator, average;
  std::shared_ptr<Group> group;

  Players get() const {
    generator->get();
    discriminator->get();
    if (average) average->get();
    return {generator->network, discriminator->network, average ? average->network : nullptr,
            generator->stream, group};
  }
};

Slots to_slots(const Napi::CallbackInfo& info) {
  return {NetworkWrap::of(info[0]), NetworkWrap::of(info[1]),
          info[4].IsObject() ? NetworkWrap::of(info[4]) : nullptr,
          info[5].IsObject() ? GroupWrap::of(info[5]) : nullptr};
}

// Has the trainer take its batches from what run() was given.
using Use = std::function<void(Trainer&)>;

Use to_use(const Napi::Value& data, const Napi::Value& batch_size, const Napi::Value& drop_last) {
  if (FeedWrap::is(data)) {
    return [feed = FeedWrap::of(data)](Trainer& trainer) { trainer.use(feed); };
  }
  return [dataset = DatasetWrap::of(data), batch = batch_size.As<Napi::Number>().Int64Value(),
          drops = drop_last.As<Napi::Boolean>().Value()](Trainer& trainer) {
    trainer.use(dataset, batch, drops);
  };
}

// One call of run(): a step a slice.
class Running {
 public:
  Running(std::shared_ptr<TrainerSlot> slot, Use use, int64_t steps)
      : slot_(std::move(slot)), use_(std::move(use)), steps_(steps) {}

  struct Result {
    std::optional<Report> report;
    double seconds;
    bool stopped;
  };

  Turn<Result> operator()() {
    const auto start = std::chrono::steady_clock::now();
    Trainer& trainer = slot_->get();
    if (done_ == 0) use_(trainer);
    const Feed::State supply = trainer.supply();
    // Where ranks train together the others have to know first.
    const bool leaves = slot_->stop && !trainer.is_shared();
    if (!leaves && supply == Feed::State::kWaiting) return Engine::Then::kWait;
    const bool works = !leaves && supply == Feed::State::kReady;
    const bool stopped = works ? advance(trainer) : leaves;
    const bool ended = stopped || supply == Feed::State::kOver || done_ == steps_;
    std::optional<Report> report;
    if (ended && done_ > 0) report = trainer.report();
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!ended) return Engine::Then::kAgain;
    return Result{std::move(report), seconds_, stopped};
  }

 private:
  // A step; true if it is the last. Where ranks train together they all stop after the same one.
  bool advance(Trainer& trainer) {
    ++done_;
    const bool watched = done_ == steps_;
    if (trainer.is_shared()) return trainer.step_and_ask(slot_->stop, watched);
    trainer.step(watched);
    return slot_->stop;
  }

  std::shared_ptr<TrainerSlot> slot_;
  Use use_;
  int64_t steps_, done_ = 0;
  double seconds_ = 0;
};

Napi::Value to_health(Napi::Env env, const std::optional<Health>& health) {
  if (!health) return env.Null();
  const auto object = Napi::Object::New(env);
  object.Set("realAccuracy", health->real_accuracy);
  object.Set("fakeAccuracy", health->fake_accuracy);
  object.Set("generatorGradientNorm", health->generator_gradient);
  object.Set("discriminatorGradientNorm", health->discriminator_gradient);
  if (health->diversity) object.Set("diversity", *health->diversity);
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
  object.Set("stopped", result.stopped);
  object.Set("health", to_health(env, result.report->health));
  return object;
}

}  // namespace

// new (generator, discriminator, options, bytes, ema?, group?) => NativeTrainer
TrainerWrap::TrainerWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  auto slot = std::make_shared<TrainerSlot>();
  post_or_throw(info.Env(), [slot, recipe = to_recipe(info[2]), slots = to_slots(info)] {
    try {
      slot->trainer = build_trainer(recipe, slots.get());
    } catch (...) {
      slot->failure = std::current_exception();
    }
    return Engine::Then::kDone;
  });
  own(info.Env(), std::move(slot), info[3].As<Napi::Number>().Int64Value());
}

// run(data: NativeDataset | NativeFeed, batchSize: number, steps: number, dropLast: boolean):
//   Promise<NativeReport | null>
Napi::Value TrainerWrap::Run(const Napi::CallbackInfo& info) {
  const auto& slot = held(info.Env());
  slot->stop = false;
  Running running(slot, to_use(info[0], info[1], info[3]), info[2].As<Napi::Number>().Int64Value());
  return run_slices(info.Env(), std::move(running), to_report);
}

// checkEqual(): Promise<void>
Napi::Value TrainerWrap::CheckEqual(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [slot = held(info.Env())] {
        slot->get().check_equal();
        return Nothing{};
      },
      to_undefined);
}

// followRank0(): Promise<number>
Napi::Value TrainerWrap::FollowRank0(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [slot = held(info.Env())] {
        slot->get().follow_rank_0();
        return static_cast<double>(slot->get().steps());
      },
      [](Napi::Env env, const double& steps) -> Napi::Value {
        return Napi::Number::New(env, steps);
      });
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
  // It may wait for batches that never come.
  Instance::of(info.Env()).engine().wake();
  return info.Env().Undefined();
}

void TrainerWrap::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Trainer", DefineClass(env, "Trainer",
                                     {
                                         InstanceMethod<&TrainerWrap::CheckEqual>("checkEqual"),
                                         InstanceMethod("dispose", &TrainerWrap::Dispose),
                                         InstanceMethod<&TrainerWrap::Explain>("explain"),
                                         InstanceMethod<&TrainerWrap::FollowRank0>("followRank0"),
                                         InstanceMethod<&TrainerWrap::Restore>("restore"),
                                         InstanceMethod<&TrainerWrap::Run>("run"),
                                         InstanceMethod<&TrainerWrap::Snapshot>("snapshot"),
                                         InstanceMethod<&TrainerWrap::Stop>("stop"),
                                     }));
}

}  // namespace sparring::bindings
