#include "bindings/trainer.h"

#include <chrono>

#include "bindings/convert.h"
#include "bindings/dataset.h"

namespace sparring::bindings {
namespace {

// What a trainer is built from, read on the JavaScript thread.
struct Recipe {
  std::shared_ptr<NetworkSlot> generator, discriminator, average;
  OptimizerChoice generator_optimizer, discriminator_optimizer;
  Choice objective;
  ScoreKind scores;
  std::vector<Choice> penalties, auxiliaries;
  std::vector<std::string> augmentations;
  AverageOptions average_options;
  Latent latent;
  Heads heads;
  bool conditional, generator_first, fused;
  int64_t discriminator_steps;
};

AverageOptions to_average(const Napi::Value& value) {
  if (!value.IsObject()) return {};
  const auto object = value.As<Napi::Object>();
  return {to_number(object, "decay"), to_number(object, "rampUp")};
}

Heads to_heads(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {static_cast<int64_t>(to_number(object, "classes")),
          static_cast<int64_t>(to_number(object, "codes"))};
}

Recipe to_recipe(const Napi::CallbackInfo& info) {
  const auto options = info[2].As<Napi::Object>();
  const auto is = [&options](const char* key, const char* value) {
    return options.Get(key).As<Napi::String>().Utf8Value() == value;
  };
  Recipe recipe;
  recipe.generator = NetworkWrap::of(info[0]);
  recipe.discriminator = NetworkWrap::of(info[1]);
  if (info[4].IsObject()) recipe.average = NetworkWrap::of(info[4]);
  recipe.generator_optimizer = to_optimizer(options.Get("generatorOptimizer"));
  recipe.discriminator_optimizer = to_optimizer(options.Get("discriminatorOptimizer"));
  recipe.objective = to_choice(options.Get("objective"));
  recipe.scores = is("scores", "probability") ? ScoreKind::kProbability : ScoreKind::kLogit;
  recipe.penalties = to_choices(options.Get("penalties"));
  recipe.auxiliaries = to_choices(options.Get("auxiliaries"));
  recipe.augmentations = to_texts(options.Get("diffAugment"));
  recipe.average_options = to_average(options.Get("ema"));
  recipe.latent = to_latent(options.Get("latent"));
  recipe.heads = to_heads(options.Get("heads"));
  recipe.conditional = options.Get("conditional").As<Napi::Boolean>().Value();
  recipe.generator_first = is("order", "generatorFirst");
  recipe.fused = is("execution", "fused");
  recipe.discriminator_steps = static_cast<int64_t>(to_number(options, "discriminatorSteps"));
  return recipe;
}

template <class Built, class Make>
std::vector<Built> build_all(const std::vector<Choice>& choices, Make make) {
  std::vector<Built> all;
  for (const Choice& choice : choices) all.push_back(make(choice));
  return all;
}

std::shared_ptr<Pair> build_pair(const Recipe& recipe) {
  recipe.generator->get();
  recipe.discriminator->get();
  auto pair = std::make_shared<Pair>();
  pair->generator = recipe.generator->network;
  pair->discriminator = recipe.discriminator->network;
  pair->objective = make_objective(recipe.objective, recipe.scores);
  pair->penalties = build_all<std::unique_ptr<Penalty>>(recipe.penalties, make_penalty);
  pair->auxiliaries = build_all<std::unique_ptr<Auxiliary>>(recipe.auxiliaries, make_auxiliary);
  pair->augmentations = make_augmentations(recipe.augmentations);
  pair->latent = recipe.latent;
  pair->heads = recipe.heads;
  pair->conditional = recipe.conditional;
  pair->order = recipe.generator_first ? Order::kGeneratorFirst : Order::kDiscriminatorFirst;
  pair->discriminator_steps = recipe.discriminator_steps;
  if (recipe.average) {
    recipe.average->get();
    pair->average = std::make_unique<Average>(recipe.average->network, recipe.average_options);
  }
  // From here the trainer draws by itself: other networks that go on with the generator's stream do
  // not disturb it, nor it them.
  pair->stream = recipe.generator->stream->fork();
  return pair;
}

std::unique_ptr<Trainer> build_trainer(const Recipe& recipe) {
  const std::shared_ptr<Pair> pair = build_pair(recipe);
  pair->generator_optimizer =
      make_optimizer(recipe.generator_optimizer, pair->generator->parameters());
  pair->discriminator_optimizer =
      make_optimizer(recipe.discriminator_optimizer, pair->discriminator->parameters());
  return std::make_unique<Trainer>(pair,
                                   recipe.fused ? make_fused_step(pair) : make_eager_step(pair));
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

// new (generator, discriminator, options, bytes, ema?) => NativeTrainer
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
