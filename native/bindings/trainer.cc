#include "bindings/trainer.h"

#include <chrono>

#include "bindings/convert.h"
#include "bindings/dataset.h"

namespace sparring::bindings {
namespace {

// What a trainer is built from, read on the JavaScript thread.
struct Recipe {
  std::shared_ptr<NetworkSlot> generator, discriminator;
  AdamOptions generator_optimizer, discriminator_optimizer;
  std::string objective;
  Scores scores;
  Latent latent;
  bool fused;
};

Recipe to_recipe(const Napi::CallbackInfo& info) {
  const auto options = info[2].As<Napi::Object>();
  const auto text = [&options](const char* key) {
    return options.Get(key).As<Napi::String>().Utf8Value();
  };
  return {NetworkWrap::of(info[0]),
          NetworkWrap::of(info[1]),
          to_adam(options.Get("generatorOptimizer")),
          to_adam(options.Get("discriminatorOptimizer")),
          text("objective"),
          text("scores") == "probability" ? Scores::kProbability : Scores::kLogit,
          to_latent(options.Get("latent")),
          text("execution") == "fused"};
}

std::unique_ptr<Trainer> build_trainer(const Recipe& recipe) {
  recipe.generator->get();
  recipe.discriminator->get();
  Pair pair;
  pair.generator = recipe.generator->network;
  pair.discriminator = recipe.discriminator->network;
  pair.objective = make_objective(recipe.objective, recipe.scores);
  pair.latent = recipe.latent;
  // From here the trainer draws by itself: other networks that go on with the generator's stream do
  // not disturb it, nor it them.
  pair.stream = recipe.generator->stream->fork();
  auto execution = recipe.fused ? make_fused(pair) : make_eager();
  pair.generator_optimizer =
      std::make_unique<Adam>(pair.generator->parameters(), recipe.generator_optimizer);
  pair.discriminator_optimizer =
      std::make_unique<Adam>(pair.discriminator->parameters(), recipe.discriminator_optimizer);
  return std::make_unique<Trainer>(std::move(pair), std::move(execution));
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
      trainer.step();
      ++done_;
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

Napi::Value to_report(Napi::Env env, const Running::Result& result) {
  if (!result.report) return env.Null();
  const auto object = Napi::Object::New(env);
  object.Set("step", static_cast<double>(result.report->step));
  object.Set("steps", static_cast<double>(result.report->steps));
  object.Set("images", static_cast<double>(result.report->images));
  object.Set("generatorLoss", result.report->generator_loss);
  object.Set("discriminatorLoss", result.report->discriminator_loss);
  object.Set("seconds", result.seconds);
  return object;
}

}  // namespace

// new (generator, discriminator, options, bytes) => NativeTrainer
TrainerWrap::TrainerWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  auto slot = std::make_shared<TrainerSlot>();
  Instance::of(info.Env()).engine().post([slot, recipe = to_recipe(info)] {
    try {
      slot->trainer = build_trainer(recipe);
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

// stop(): void
Napi::Value TrainerWrap::Stop(const Napi::CallbackInfo& info) {
  held(info.Env())->stop = true;
  return info.Env().Undefined();
}

void TrainerWrap::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Trainer", DefineClass(env, "Trainer",
                                     {
                                         InstanceMethod("dispose", &TrainerWrap::Dispose),
                                         InstanceMethod<&TrainerWrap::Run>("run"),
                                         InstanceMethod<&TrainerWrap::Stop>("stop"),
                                     }));
}

}  // namespace sparring::bindings
