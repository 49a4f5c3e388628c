#include "core/step/recipe.h"

#include <algorithm>

namespace sparring {
namespace {

template <class Built, class Make>
std::vector<Built> build_all(const std::vector<Choice>& choices, Make make) {
  std::vector<Built> all;
  for (const Choice& choice : choices) all.push_back(make(choice));
  return all;
}

std::unique_ptr<Optimizer> optimizer_of(const Network& network, const OptimizerChoice& choice,
                                        const std::vector<std::string>& frozen) {
  auto optimizer = make_optimizer(choice, network.parameters());
  std::vector<bool> stays;
  for (const std::string& name : network.parameter_names()) {
    stays.push_back(std::find(frozen.begin(), frozen.end(), name) != frozen.end());
  }
  optimizer->freeze(stays);
  return optimizer;
}

std::shared_ptr<Pair> build_pair(const Recipe& recipe, const Players& players) {
  auto pair = std::make_shared<Pair>();
  pair->generator = players.generator;
  pair->discriminator = players.discriminator;
  pair->objective = make_objective(recipe.objective, recipe.scores);
  pair->objective->move_to(pair->generator->device());
  pair->penalties = build_all<std::unique_ptr<Penalty>>(recipe.penalties, make_penalty);
  if (recipe.path_length) {
    pair->path_length = std::make_unique<PathLength>(*recipe.path_length);
    pair->path_length->move_to(pair->generator->device());
  }
  pair->auxiliaries = build_all<std::unique_ptr<Auxiliary>>(recipe.auxiliaries, make_auxiliary);
  pair->augmentations = make_augmentations(recipe.augmentations);
  if (recipe.ada) {
    const at::TensorOptions images(pair->discriminator->device());
    pair->ada = std::make_unique<Ada>(*recipe.ada, images.dtype(pair->generator->precision()));
  }
  pair->latent = recipe.latent;
  pair->heads = recipe.heads;
  pair->conditional = recipe.conditional;
  pair->range = recipe.range;
  pair->order = recipe.generator_first ? Order::kGeneratorFirst : Order::kDiscriminatorFirst;
  pair->shares_fakes = recipe.shares_fakes;
  pair->precision = recipe.precision;
  pair->discriminator_steps = recipe.discriminator_steps;
  pair->generator_steps = recipe.generator_steps;
  pair->accumulate = recipe.accumulate;
  pair->fewest_rows = recipe.fewest_rows;
  if (players.average) {
    pair->average = std::make_unique<Average>(players.average, recipe.average);
  }
  pair->stream = players.stream->fork();
  if (players.group) {
    pair->sharing = std::make_shared<Sharing>(players.group, recipe.fewest_rows,
                                              recipe.sync_batch_norm, recipe.reduces_in_bfloat16);
  }
  pair->generator_optimizer =
      optimizer_of(*pair->generator, recipe.generator_optimizer, recipe.frozen_in_generator);
  pair->discriminator_optimizer = optimizer_of(*pair->discriminator, recipe.discriminator_optimizer,
                                               recipe.frozen_in_discriminator);
  if (pair->average) pair->generator_optimizer->lead(pair->average->follows());
  return pair;
}

}  // namespace

std::unique_ptr<Trainer> build_trainer(const Recipe& recipe, const Players& players) {
  const std::shared_ptr<Pair> pair = build_pair(recipe, players);
  return std::make_unique<Trainer>(pair,
                                   recipe.fused ? make_fused_step(pair) : make_eager_step(pair));
}

}  // namespace sparring
