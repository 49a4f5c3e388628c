#include "bindings/recipe.h"

#include "bindings/convert.h"

namespace sparring::bindings {
namespace {

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

}  // namespace

Recipe to_recipe(const Napi::Value& value) {
  const auto options = value.As<Napi::Object>();
  const auto text = [&options](const char* key) {
    return options.Get(key).As<Napi::String>().Utf8Value();
  };
  Recipe recipe;
  recipe.generator_optimizer = to_optimizer(options.Get("generatorOptimizer"));
  recipe.discriminator_optimizer = to_optimizer(options.Get("discriminatorOptimizer"));
  recipe.objective = to_choice(options.Get("objective"));
  recipe.scores = text("scores") == "probability" ? ScoreKind::kProbability : ScoreKind::kLogit;
  recipe.penalties = to_choices(options.Get("penalties"));
  recipe.auxiliaries = to_choices(options.Get("auxiliaries"));
  recipe.augmentations = to_texts(options.Get("diffAugment"));
  recipe.average = to_average(options.Get("ema"));
  recipe.latent = to_latent(options.Get("latent"));
  recipe.heads = to_heads(options.Get("heads"));
  recipe.range = {to_number(options, "black"), to_number(options, "white")};
  recipe.conditional = options.Get("conditional").As<Napi::Boolean>().Value();
  recipe.generator_first = text("order") == "generatorFirst";
  recipe.fused = text("execution") == "fused";
  recipe.precision = parse_precision(text("precision"));
  recipe.discriminator_steps = static_cast<int64_t>(to_number(options, "discriminatorSteps"));
  recipe.accumulate = static_cast<int64_t>(to_number(options, "accumulate"));
  recipe.fewest_rows = static_cast<int64_t>(to_number(options, "fewestRows"));
  recipe.sync_batch_norm = options.Get("syncBatchNorm").As<Napi::Boolean>().Value();
  return recipe;
}

}  // namespace sparring::bindings
