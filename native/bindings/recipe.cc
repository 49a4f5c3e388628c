#include "bindings/recipe.h"

#include "bindings/convert.h"

namespace sparring::bindings {
namespace {

AverageOptions to_average(const Napi::Value& value) {
  if (!value.IsObject()) return {};
  const auto object = value.As<Napi::Object>();
  return {to_number(object, "decay"), to_number(object, "rampUp")};
}

std::optional<AdaOptions> to_ada(const Napi::Value& value) {
  if (!value.IsObject()) return std::nullopt;
  const auto object = value.As<Napi::Object>();
  AdaOptions ada;
  ada.image = to_shape(object.Get("image"));
  ada.transforms = to_texts(object.Get("transforms"));
  ada.probability = to_number(object, "p");
  ada.adapts = !to_flag(object, "fixed");
  ada.target = to_number(object, "target");
  ada.middle = to_number(object, "middle");
  ada.interval = to_whole(object, "interval");
  ada.thousands = to_number(object, "kimg");
  return ada;
}

std::optional<Options> to_path_length(const Napi::Value& value) {
  if (!value.IsObject()) return std::nullopt;
  return to_choice(value).options;
}

Heads to_heads(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_whole(object, "classes"), to_whole(object, "codes")};
}

}  // namespace

Recipe to_recipe(const Napi::Value& value) {
  const auto options = value.As<Napi::Object>();
  Recipe recipe;
  recipe.generator_optimizer = to_optimizer(options.Get("generatorOptimizer"));
  recipe.discriminator_optimizer = to_optimizer(options.Get("discriminatorOptimizer"));
  recipe.frozen_in_generator = to_texts(options.Get("frozenInGenerator"));
  recipe.frozen_in_discriminator = to_texts(options.Get("frozenInDiscriminator"));
  recipe.objective = to_choice(options.Get("objective"));
  recipe.scores =
      to_text(options, "scores") == "probability" ? ScoreKind::kProbability : ScoreKind::kLogit;
  recipe.penalties = to_choices(options.Get("penalties"));
  recipe.path_length = to_path_length(options.Get("pathLength"));
  recipe.auxiliaries = to_choices(options.Get("auxiliaries"));
  recipe.augmentations = to_texts(options.Get("diffAugment"));
  recipe.ada = to_ada(options.Get("ada"));
  recipe.average = to_average(options.Get("ema"));
  recipe.latent = to_latent(options.Get("latent"));
  recipe.heads = to_heads(options.Get("heads"));
  recipe.range = {to_number(options, "black"), to_number(options, "white")};
  recipe.conditional = to_flag(options, "conditional");
  recipe.generator_first = to_text(options, "order") == "generatorFirst";
  recipe.shares_fakes = to_text(options, "fakes") == "same";
  recipe.fused = to_text(options, "execution") == "fused";
  recipe.precision = parse_precision(to_text(options, "precision"));
  recipe.discriminator_steps = to_whole(options, "discriminatorSteps");
  recipe.generator_steps = to_whole(options, "generatorSteps");
  recipe.accumulate = to_whole(options, "accumulate");
  recipe.fewest_rows = to_whole(options, "fewestRows");
  recipe.sync_batch_norm = to_flag(options, "syncBatchNorm");
  recipe.reduces_in_bfloat16 =
      parse_precision(to_text(options, "reducePrecision")) == Precision::kBfloat16;
  return recipe;
}

}  // namespace sparring::bindings
