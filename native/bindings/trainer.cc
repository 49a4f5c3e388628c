#include "bindings/trainer.h"

#include "bindings/convert.h"
#include "bindings/dataset.h"
#include "bindings/explain.h"
#include "bindings/feed.h"
#include "bindings/group.h"
#include "bindings/recipe.h"
#include "bindings/snapshot.h"
#include "core/step/running.h"

namespace sparring::bindings {
namespace {

// The players by their slots: the engine thread may still be about to build them.
struct Slots {
  std::shared_ptr<NetworkSlot> generator, discriminator, average;
  std::shared_ptr<Group> group;

  Players get() const {
    return {generator->get(), discriminator->get(), average ? average->get() : nullptr,
            generator->stream, group};
  }
};

Slots to_slots(const Napi::Object& players) {
  const Napi::Value average = players.Get("ema"), group = players.Get("group");
  return {NetworkWrap::of(players.Get("generator")), NetworkWrap::of(players.Get("discriminator")),
          average.IsObject() ? NetworkWrap::of(average) : nullptr,
          group.IsObject() ? GroupWrap::of(group) : nullptr};
}

Running::Use to_use(const Napi::Value& data, const Napi::Object& options) {
  const bool flips = to_flag(options, "horizontalFlip");
  if (FeedWrap::is(data)) {
    return [feed = FeedWrap::of(data), flips](Trainer& trainer) {
      trainer.use(feed);
      trainer.flip(flips);
      return true;
    };
  }
  return [dataset = DatasetWrap::of(data), batch = to_whole(options, "batchSize"),
          drops = to_flag(options, "dropLast"), flips](Trainer& trainer) {
    if (!trainer.read(*dataset)) return false;
    trainer.use(dataset, batch, drops);
    trainer.flip(flips);
    return true;
  };
}

void set_if(Napi::Object object, const char* name, std::optional<double> value) {
  if (value) object.Set(name, *value);
}

Napi::Value to_health(Napi::Env env, const std::optional<Health>& health) {
  if (!health) return env.Null();
  const auto object = Napi::Object::New(env);
  object.Set("realAccuracy", health->real_accuracy);
  object.Set("fakeAccuracy", health->fake_accuracy);
  object.Set("realScore", health->real_score);
  object.Set("fakeScore", health->fake_score);
  object.Set("generatorGradientNorm", health->generator_gradient);
  object.Set("discriminatorGradientNorm", health->discriminator_gradient);
  set_if(object, "diversity", health->diversity);
  set_if(object, "convergence", health->convergence);
  set_if(object, "balance", health->balance);
  set_if(object, "augmentProbability", health->augment_probability);
  set_if(object, "meanPathLength", health->mean_path_length);
  object.Set("finite", health->finite);
  return object;
}

Napi::Value to_report(Napi::Env env, const Running::Result& result) {
  if (!result.report) return env.Null();
  const auto object = Napi::Object::New(env);
  object.Set("step", static_cast<double>(result.report->step));
  object.Set("steps", static_cast<double>(result.steps));
  object.Set("images", static_cast<double>(result.images));
  object.Set("epoch", static_cast<double>(result.report->epoch));
  object.Set("generatorLoss", result.report->generator_loss);
  object.Set("discriminatorLoss", result.report->discriminator_loss);
  set_if(object, "generatorPenalty", result.report->generator_penalty);
  set_if(object, "discriminatorPenalty", result.report->discriminator_penalty);
  object.Set("generatorLearningRate", result.report->generator_rate);
  object.Set("discriminatorLearningRate", result.report->discriminator_rate);
  object.Set("seconds", result.seconds);
  object.Set("stopped", result.stopped);
  object.Set("health", to_health(env, result.report->health));
  return object;
}

}  // namespace

// new (players: NativePlayers, options: NativeTrainerOptions, bytes: number) => NativeTrainer
TrainerWrap::TrainerWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  auto slot = std::make_shared<TrainerSlot>();
  post_or_throw(info.Env(),
                [slot, recipe = to_recipe(info[1]), slots = to_slots(info[0].As<Napi::Object>())] {
                  try {
                    slot->trainer = build_trainer(recipe, slots.get());
                  } catch (...) {
                    slot->failure = std::current_exception();
                  }
                  return Engine::Then::kDone;
                });
  own(info.Env(), std::move(slot), info[2].As<Napi::Number>().Int64Value());
}

// run(data: NativeDataset | NativeFeed, options: NativeRunOptions): Promise<NativeReport | null>
Napi::Value TrainerWrap::Run(const Napi::CallbackInfo& info) {
  const auto& slot = owned(info.Env());
  *slot->stop = false;
  const auto options = info[1].As<Napi::Object>();
  return run_slices(
      info.Env(),
      lazily([slot, use = to_use(info[0], options), steps = to_whole(options, "steps")] {
        return Running(slot->get(), slot->stop, use, steps);
      }),
      to_report);
}

// checkEqual(): Promise<void>
Napi::Value TrainerWrap::CheckEqual(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [slot = owned(info.Env())] {
        slot->get()->check_equal();
        return Nothing{};
      },
      to_undefined);
}

// followRank0(): Promise<number>
Napi::Value TrainerWrap::FollowRank0(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [slot = owned(info.Env())] {
        slot->get()->follow_rank_0();
        return static_cast<double>(slot->get()->steps());
      },
      [](Napi::Env env, const double& steps) -> Napi::Value {
        return Napi::Number::New(env, steps);
      });
}

// explain(): Promise<NativeExplanation>
Napi::Value TrainerWrap::Explain(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(), [slot = owned(info.Env())] { return slot->get()->explain(); }, to_explanation);
}

// snapshot(): Promise<NativeSnapshot>
Napi::Value TrainerWrap::Snapshot(const Napi::CallbackInfo& info) {
  return run_slices(
      info.Env(),
      [slot = owned(info.Env())]() -> std::optional<sparring::Snapshot> {
        const std::shared_ptr<Trainer> trainer = slot->get();
        if (!trainer->read_for_snapshot()) return std::nullopt;
        return trainer->snapshot();
      },
      to_snapshot);
}

// restore(snapshot: NativeSnapshot, keepsWeights: boolean): Promise<void>
Napi::Value TrainerWrap::Restore(const Napi::CallbackInfo& info) {
  using Weights = Trainer::Weights;
  const auto weights = info[1].ToBoolean() ? Weights::kKept : Weights::kRestored;
  return run_async(
      info.Env(),
      [slot = owned(info.Env()), snapshot = from_snapshot(info[0]), weights] {
        slot->get()->restore(snapshot, weights);
        return Nothing{};
      },
      to_undefined);
}

// stop(): void
Napi::Value TrainerWrap::Stop(const Napi::CallbackInfo& info) {
  *owned(info.Env())->stop = true;
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
